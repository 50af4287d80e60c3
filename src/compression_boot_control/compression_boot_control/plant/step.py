"""The simulated boots advanced with numpy: the reference of the compiled kernel.

It reads as the equations do, and is some ten to a hundred times slower.
"""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.pneumatics import ATMOSPHERE
from compression_boot_control.core.signals import Actuation, FloatArray, Readings
from compression_boot_control.plant import equations as eq
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.faults import DEAD_READING
from compression_boot_control.plant.memory import Memory


def advance(memory: Memory, actuation: Actuation, noise: FloatArray, substeps: int) -> Readings:
    """Advance the boots by some substeps and read the sensors once, at the end.

    Parameters
    ----------
    memory : Memory
        Boots; changed in place.
    actuation : Actuation
        Command, constant over the substeps. What is NaN is taken as safe, the rest cut to 0..1.
    noise : (..., N + 1) array
        Standard normal numbers, for the sensors of the chambers and, last, of the supply.
    substeps : int
        Number of substeps, of the length in the memory.
    """
    inlet = eq.inlet_command(np.broadcast_to(actuation.inlet, memory.shape))
    exhaust = eq.exhaust_command(np.broadcast_to(actuation.exhaust, memory.shape))
    pump = eq.inlet_command(np.broadcast_to(actuation.pump, memory.shape[:-1]))
    _command(memory, inlet, exhaust, pump)
    for _ in range(substeps):
        _move_valves(memory)
        _balance_chambers(memory)
        _balance_supply(memory)
        _move_gas(memory)
    reading, supply = _read_sensors(memory, noise, substeps * memory.substep)
    return Readings(reading, inlet, exhaust, supply, pump)


def _command(memory: Memory, inlet: FloatArray, exhaust: FloatArray, pump: FloatArray) -> None:
    """Give the valves their targets."""
    get = memory.port
    dead_band = get(at.DEAD_BAND)
    memory.set_port(
        at.INLET_TARGET,
        eq.valve_target(inlet, dead_band, get(at.INLET_GAIN), get(at.INLET_BIAS)),
    )
    memory.set_port(
        at.EXHAUST_TARGET,
        eq.valve_target(exhaust, dead_band, get(at.EXHAUST_GAIN), get(at.EXHAUST_BIAS)),
    )
    memory.set_garment(at.PUMP_COMMAND, pump)


def _move_valves(memory: Memory) -> None:
    """Let the valves follow their targets, and write their mean sonic conductance."""
    get = memory.chamber
    for opening, target, full, row in (
        (at.INLET_OPENING, at.INLET_TARGET, at.INLET_CONDUCTANCE, at.INLET),
        (at.EXHAUST_OPENING, at.EXHAUST_TARGET, at.EXHAUST_CONDUCTANCE, at.EXHAUST),
    ):
        mean = eq.relax(get(opening), get(target), get(at.VALVE_MEAN))
        memory.set_chamber(row, mean * get(full))
        memory.set_chamber(opening, eq.relax(get(opening), get(target), get(at.VALVE_DECAY)))


def _balance_chambers(memory: Memory) -> None:
    """Take the secants of all flows, and the chambers and ports as lines over the supply."""
    get = memory.chamber
    pressure, port = get(at.PRESSURE), get(at.PORT_PRESSURE)
    supply = memory.garment(at.SUPPLY_PRESSURE)[..., None]
    records = np.concatenate([np.zeros((*pressure.shape[:-1], 1)), pressure], axis=-1)
    touching = records[..., memory.neighbours].sum(axis=-1)

    inlet = eq.valve_secant(supply, port, get(at.INLET))
    exhaust = eq.valve_secant(port, 0.0, get(at.EXHAUST) + get(at.BURST_CONDUCTANCE))
    hose = get(at.HOSE_FACTOR) * eq.hose_secant(
        port, pressure, get(at.HOSE_LINEAR), get(at.HOSE_QUADRATIC)
    )
    base, share = eq.chamber_line(
        pressure, memory.substep * get(at.SLOPE), hose, get(at.LEAK_CONDUCTANCE)
    )
    port_base, port_share = eq.port_line(
        port, memory.substep * get(at.PORT_SLOPE), inlet, exhaust, hose, base, share
    )
    for row, values in (
        (at.LOST_VOLUME, get(at.SQUEEZE) * touching),
        (at.INLET, inlet),
        (at.EXHAUST, exhaust),
        (at.HOSE, hose),
        (at.CHAMBER_BASE, base),
        (at.CHAMBER_SHARE, share),
        (at.PORT_BASE, port_base),
        (at.PORT_SHARE, port_share),
    ):
        memory.set_chamber(row, values)
    memory.set_garment(at.INLET_SUM, (inlet * (1.0 - port_share)).sum(axis=-1))
    memory.set_garment(at.INLET_BASE_SUM, (inlet * port_base).sum(axis=-1))


def _balance_supply(memory: Memory) -> None:
    """Solve for the supply pressure, and move the gas of pump and relief valve."""
    get, substep = memory.garment, memory.substep
    before, speed, command = get(at.SUPPLY_PRESSURE), get(at.PUMP_SPEED), get(at.PUMP_COMMAND)
    shut_off, opening = get(at.PUMP_SHUT_OFF), get(at.RELIEF_PRESSURE)
    mean_speed = eq.relax(speed, command, get(at.PUMP_MEAN))
    pump = eq.pump_secant(mean_speed, before, get(at.PUMP_FREE_FLOW), shut_off)
    relief = eq.relief_secant(before, opening, get(at.RELIEF_BAND), get(at.RELIEF_CONDUCTANCE))
    supply = eq.supply_balance(
        before,
        substep * get(at.SUPPLY_SLOPE),
        pump,
        shut_off,
        relief,
        opening,
        get(at.INLET_SUM),
        get(at.INLET_BASE_SUM),
    )
    pumped = substep * pump * np.maximum(shut_off - supply, 0.0)
    relieved = substep * relief * np.maximum(supply - opening, 0.0)
    for row, values in (
        (at.SUPPLY_PRESSURE, supply),
        (at.SUPPLY_MASS, get(at.SUPPLY_MASS) + (pumped - relieved)),
        (at.PUMP_SPEED, eq.relax(speed, command, get(at.PUMP_DECAY))),
        (at.PUMPED, get(at.PUMPED) + pumped),
        (at.RELIEVED, get(at.RELIEVED) + relieved),
    ):
        memory.set_garment(row, values)


def _move_gas(memory: Memory) -> None:
    """Move the gas between supply, ports, chambers and room, and find the new pressures."""
    get, substep = memory.chamber, memory.substep
    supply = memory.garment(at.SUPPLY_PRESSURE)[..., None]
    port = get(at.PORT_BASE) + get(at.PORT_SHARE) * supply
    pressure = get(at.CHAMBER_BASE) + get(at.CHAMBER_SHARE) * port
    filled = substep * get(at.INLET) * (supply - port)
    exhausted = substep * get(at.EXHAUST) * port
    moved = substep * get(at.HOSE) * (port - pressure)
    leaked = substep * get(at.LEAK_CONDUCTANCE) * pressure

    inflow = get(at.HOSE) * np.maximum(port - pressure, 0.0)
    rise = eq.relax(get(at.TEMPERATURE_RISE), get(at.THERMAL_RISE) * inflow, get(at.THERMAL_DECAY))
    creep = eq.relax(get(at.CREEP), get(at.CREEP_VOLUME) * pressure, get(at.CREEP_DECAY))
    mass = get(at.CHAMBER_MASS) + (moved - leaked)
    pressure, slope = eq.chamber_gas(
        mass,
        eq.gas_energy(rise),
        eq.squeezed_volume(get(at.REST_VOLUME), creep, get(at.LOST_VOLUME)),
        get(at.COMPLIANCE),
        get(at.SLACK_PRESSURE),
    )
    port_mass = get(at.PORT_MASS) + (filled - exhausted - moved)
    port = port_mass * get(at.PORT_SLOPE) - ATMOSPHERE
    for row, values in (
        (at.PRESSURE, pressure),
        (at.PORT_PRESSURE, port),
        (at.CHAMBER_MASS, mass),
        (at.PORT_MASS, port_mass),
        (at.TEMPERATURE_RISE, rise),
        (at.CREEP, creep),
        (at.SLOPE, slope),
        (at.EXHAUSTED, get(at.EXHAUSTED) + exhausted),
        (at.LEAKED, get(at.LEAKED) + leaked),
        (at.SENSED, eq.relax(get(at.SENSED), port, get(at.SENSOR_DECAY))),
    ):
        memory.set_chamber(row, values)

    supply_mass = memory.garment(at.SUPPLY_MASS) - filled.sum(axis=-1)
    supply_pressure = supply_mass * memory.garment(at.SUPPLY_SLOPE) - ATMOSPHERE
    memory.set_garment(at.SUPPLY_MASS, supply_mass)
    memory.set_garment(at.SUPPLY_PRESSURE, supply_pressure)
    sensed = eq.relax(
        memory.garment(at.SUPPLY_SENSED), supply_pressure, memory.garment(at.SUPPLY_DECAY)
    )
    memory.set_garment(at.SUPPLY_SENSED, sensed)


def _read_sensors(
    memory: Memory, noise: FloatArray, elapsed: float
) -> tuple[FloatArray, FloatArray]:
    """Take one sample of the sensors of the ports and the supply, with errors and faults."""
    get, one = memory.port, memory.garment
    step, low, high = one(at.SENSOR_STEP), one(at.SENSOR_MINIMUM), one(at.SENSOR_MAXIMUM)
    drift = eq.sensor_drift(get(at.DRIFT), get(at.SENSOR_DRIFT), elapsed)
    fresh = eq.sensor_value(
        get(at.SENSED),
        get(at.SENSOR_ERROR) + drift,
        get(at.SENSOR_NOISE) * noise[..., :-1],
        step[..., None],
        low[..., None],
        high[..., None],
    )
    reading = np.where(get(at.SENSOR_STUCK) != 0.0, get(at.READING), fresh)
    memory.set_port(at.DRIFT, drift)
    memory.set_port(at.READING, reading)
    shown = np.where(get(at.SENSOR_DEAD) != 0.0, DEAD_READING, reading)
    supply = eq.sensor_value(
        one(at.SUPPLY_SENSED),
        one(at.SUPPLY_ERROR),
        one(at.SUPPLY_NOISE) * noise[..., -1],
        step,
        low,
        high,
    )
    return (
        np.where(get(at.SENSOR_MISSING) != 0.0, np.nan, shown),
        np.where(one(at.SUPPLY_MISSING) != 0.0, np.nan, supply),
    )
