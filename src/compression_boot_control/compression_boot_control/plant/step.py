"""The simulated boots advanced with numpy: the reference of the compiled kernel.

It reads as the equations do, and is some ten to a hundred times slower.
"""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.pneumatics import ATMOSPHERE
from compression_boot_control.core.signals import Actuation, FloatArray, IntArray, Readings
from compression_boot_control.plant import equations as eq
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.faults import DEAD_READING
from compression_boot_control.plant.memory import Memory


def advance(
    memory: Memory,
    neighbours: IntArray,
    actuation: Actuation,
    noise: FloatArray,
    substeps: int,
) -> Readings:
    """Advance the boots by some substeps and read the sensors once, at the end.

    Parameters
    ----------
    memory : Memory
        Boots; changed in place.
    neighbours : (N, 2) array
        Positions of the chambers that touch each one; N where there is none.
    actuation : Actuation
        Command, constant over the substeps. What is NaN is taken as safe, the rest cut to 0..1.
    noise : (..., N + 1) array
        Standard normal numbers, for the chambers' sensors and the supply's.
    substeps : int
        Number of substeps, of the length in the memory.

    Returns
    -------
    Readings
    """
    inlet = eq.inlet_command(actuation.inlet)
    exhaust = eq.exhaust_command(actuation.exhaust)
    pump = eq.inlet_command(actuation.pump)
    for _ in range(substeps):
        _open_valves(memory, inlet, exhaust)
        _balance_masses(memory, neighbours, pump)
        _sense(memory)
    return _read(memory, inlet, exhaust, pump, noise, substeps)


def _ports(memory: Memory) -> IntArray:
    return memory.chamber(at.PORT).astype(np.int64)


def _open_valves(memory: Memory, inlet: FloatArray, exhaust: FloatArray) -> None:
    """Move the valves, and write their mean sonic conductance at the chambers they feed."""
    get, ports = memory.chamber, _ports(memory)
    for command, opening, gain, bias, full, row in (
        (inlet, at.INLET_OPENING, at.INLET_GAIN, at.INLET_BIAS, at.INLET_CONDUCTANCE, at.INLET),
        (
            exhaust,
            at.EXHAUST_OPENING,
            at.EXHAUST_GAIN,
            at.EXHAUST_BIAS,
            at.EXHAUST_CONDUCTANCE,
            at.EXHAUST,
        ),
    ):
        target = eq.valve_target(command, get(at.DEAD_BAND), get(gain), get(bias))
        mean = eq.relax(get(opening), target, get(at.VALVE_MEAN))
        memory.set_chamber(opening, eq.relax(get(opening), target, get(at.VALVE_DECAY)))
        memory.set_chamber(row, np.take_along_axis(mean * get(full), ports, axis=-1))


def _balance_masses(memory: Memory, neighbours: IntArray, command: FloatArray) -> None:
    """Solve the network of flows for the pressures after the substep, and move the masses."""
    get, one = memory.chamber, memory.garment
    substep = one(at.SUBSTEP)[..., None]
    pressure, port = get(at.PRESSURE), get(at.PORT_PRESSURE)
    supply = one(at.SUPPLY_PRESSURE)

    padded = np.concatenate([pressure, np.zeros((*pressure.shape[:-1], 1))], axis=-1)
    touching = padded[..., neighbours[:, 0]] + padded[..., neighbours[:, 1]]
    lost = get(at.SQUEEZE) * touching
    rest = eq.squeezed_volume(get(at.REST_VOLUME), get(at.CREEP), lost)
    energy = eq.gas_energy(get(at.TEMPERATURE_RISE))
    _, slope = eq.chamber_gas(
        get(at.CHAMBER_MASS), energy, rest, get(at.COMPLIANCE), get(at.SLACK_PRESSURE)
    )

    inlet = eq.valve_secant(supply[..., None], port, get(at.INLET))
    exhaust = eq.valve_secant(port, 0.0, get(at.EXHAUST) + get(at.BURST_CONDUCTANCE))
    hose = get(at.HOSE_FACTOR) * eq.hose_secant(
        port, pressure, get(at.HOSE_LINEAR), get(at.HOSE_QUADRATIC)
    )
    leak = get(at.LEAK_CONDUCTANCE)
    base, share = eq.chamber_line(pressure, substep * slope, hose, leak)
    port_base, port_share = eq.port_line(
        port, get(at.PORT_STEP_SLOPE), inlet, exhaust, hose, base, share
    )

    speed = one(at.PUMP_SPEED)
    mean_speed = eq.relax(speed, command, one(at.PUMP_MEAN))
    shut_off, relief_pressure = one(at.PUMP_SHUT_OFF), one(at.RELIEF_PRESSURE)
    pump = eq.pump_secant(mean_speed, supply, one(at.PUMP_FREE_FLOW), shut_off)
    relief = eq.relief_secant(
        supply, relief_pressure, one(at.RELIEF_BAND), one(at.RELIEF_CONDUCTANCE)
    )
    supply = eq.supply_balance(
        supply,
        one(at.SUPPLY_STEP_SLOPE),
        pump,
        shut_off,
        relief,
        relief_pressure,
        (inlet * (1.0 - port_share)).sum(axis=-1),
        (inlet * port_base).sum(axis=-1),
    )
    port = port_base + port_share * supply[..., None]
    pressure = base + share * port

    moment = one(at.SUBSTEP)
    pumped = moment * pump * np.maximum(shut_off - supply, 0.0)
    relieved = moment * relief * np.maximum(supply - relief_pressure, 0.0)
    filled = substep * inlet * (supply[..., None] - port)
    exhausted = substep * exhaust * port
    moved = substep * hose * (port - pressure)
    leaked = substep * leak * pressure

    supply_mass = one(at.SUPPLY_MASS) + pumped - relieved - filled.sum(axis=-1)
    port_mass = get(at.PORT_MASS) + filled - exhausted - moved
    mass = get(at.CHAMBER_MASS) + moved - leaked
    inflow = np.maximum(moved, 0.0) / substep
    rise = eq.relax(
        get(at.TEMPERATURE_RISE), get(at.THERMAL_RISE) * inflow, get(at.THERMAL_DECAY)
    )
    creep = eq.relax(get(at.CREEP), get(at.CREEP_VOLUME) * pressure, get(at.CREEP_DECAY))
    rest = eq.squeezed_volume(get(at.REST_VOLUME), creep, lost)
    pressure, _ = eq.chamber_gas(
        mass, eq.gas_energy(rise), rest, get(at.COMPLIANCE), get(at.SLACK_PRESSURE)
    )
    port_step_slope = get(at.PORT_STEP_SLOPE) / substep
    for row, values in (
        (at.PRESSURE, pressure),
        (at.PORT_PRESSURE, port_mass * port_step_slope - ATMOSPHERE),
        (at.CHAMBER_MASS, mass),
        (at.PORT_MASS, port_mass),
        (at.TEMPERATURE_RISE, rise),
        (at.CREEP, creep),
        (at.EXHAUSTED, get(at.EXHAUSTED) + exhausted),
        (at.LEAKED, get(at.LEAKED) + leaked),
    ):
        memory.set_chamber(row, values)
    for row, values in (
        (at.SUPPLY_PRESSURE, supply_mass * one(at.SUPPLY_STEP_SLOPE) / moment - ATMOSPHERE),
        (at.SUPPLY_MASS, supply_mass),
        (at.PUMP_SPEED, eq.relax(speed, command, one(at.PUMP_DECAY))),
        (at.PUMPED, one(at.PUMPED) + pumped),
        (at.RELIEVED, one(at.RELIEVED) + relieved),
    ):
        memory.set_garment(row, values)


def _sense(memory: Memory) -> None:
    """Let the sensors follow the pressures at their ports."""
    decay = memory.garment(at.SENSOR_DECAY)
    at_port = np.empty(memory.shape)
    np.put_along_axis(at_port, _ports(memory), memory.chamber(at.PORT_PRESSURE), axis=-1)
    sensed = eq.relax(memory.chamber(at.SENSED), at_port, decay[..., None])
    memory.set_chamber(at.SENSED, sensed)
    supply = eq.relax(memory.garment(at.SUPPLY_SENSED), memory.garment(at.SUPPLY_PRESSURE), decay)
    memory.set_garment(at.SUPPLY_SENSED, supply)


def _read(
    memory: Memory,
    inlet: FloatArray,
    exhaust: FloatArray,
    pump: FloatArray,
    noise: FloatArray,
    substeps: int,
) -> Readings:
    """Take one sample of all sensors, with their errors, noise and faults."""
    get, one = memory.chamber, memory.garment
    elapsed = (substeps * one(at.SUBSTEP))[..., None]
    drift = (get(at.DRIFT) + get(at.SENSOR_DRIFT) * elapsed) * (get(at.SENSOR_DRIFT) != 0.0)
    step, low, high = one(at.SENSOR_STEP), one(at.SENSOR_MINIMUM), one(at.SENSOR_MAXIMUM)
    fresh = eq.sensor_value(
        get(at.SENSED),
        get(at.SENSOR_ERROR) + drift,
        get(at.SENSOR_NOISE) * noise[..., :-1],
        step[..., None],
        low[..., None],
        high[..., None],
    )
    reading = np.where(get(at.SENSOR_STUCK) != 0.0, get(at.READING), fresh)
    memory.set_chamber(at.DRIFT, drift)
    memory.set_chamber(at.READING, reading)
    shown = np.where(get(at.SENSOR_DEAD) != 0.0, DEAD_READING, reading)
    supply = eq.sensor_value(
        one(at.SUPPLY_SENSED),
        one(at.SUPPLY_ERROR),
        one(at.SUPPLY_NOISE) * noise[..., -1],
        step,
        low,
        high,
    )
    return Readings(
        pressure=np.where(get(at.SENSOR_MISSING) != 0.0, np.nan, shown),
        inlet=np.array(inlet),
        exhaust=np.array(exhaust),
        supply_pressure=np.where(one(at.SUPPLY_MISSING) != 0.0, np.nan, supply),
        pump=np.array(pump),
    )
