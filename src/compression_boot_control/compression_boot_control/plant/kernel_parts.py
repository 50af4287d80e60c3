"""The parts of a step of the simulated boots that the kernel compiles, for one garment of a block.

They do what ``step.py`` does, with the same equations, but on one `lane` at a time: one garment of
a block of memory. A `cell` has the axes records, rows and lanes, and a `pair` is the two records
``[before, own]`` of it, by which sums and the supply pressure are handed on.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from compression_boot_control.core import pneumatics
from compression_boot_control.core.pneumatics import ATMOSPHERE
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.plant import equations as eq
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.faults import DEAD_READING


def command(cell: FloatArray, record: int, lane: int, inlet: float, exhaust: float) -> None:
    """Give the valves at one port their targets."""
    dead_band = cell[record, at.DEAD_BAND, lane]
    cell[record, at.INLET_TARGET, lane] = eq.valve_target(
        inlet, dead_band, cell[record, at.INLET_GAIN, lane], cell[record, at.INLET_BIAS, lane]
    )
    cell[record, at.EXHAUST_TARGET, lane] = eq.valve_target(
        exhaust, dead_band, cell[record, at.EXHAUST_GAIN, lane], cell[record, at.EXHAUST_BIAS, lane]
    )


def feel_neighbours(cell: FloatArray, record: int, lane: int, one: int, other: int) -> None:
    """Find the volume that a chamber loses to its neighbours, in records `one` and `other`."""
    touching = cell[one, at.PRESSURE, lane] + cell[other, at.PRESSURE, lane]
    cell[record, at.LOST_VOLUME, lane] = cell[record, at.SQUEEZE, lane] * touching


def balance_chamber(pair: FloatArray, lane: int, substep: float) -> None:
    """Move the valves, and take chamber and port as lines over the supply."""
    inlet_opening = pair[1, at.INLET_OPENING, lane]
    inlet_target = pair[1, at.INLET_TARGET, lane]
    exhaust_opening = pair[1, at.EXHAUST_OPENING, lane]
    exhaust_target = pair[1, at.EXHAUST_TARGET, lane]
    mean, decay = pair[1, at.VALVE_MEAN, lane], pair[1, at.VALVE_DECAY, lane]
    pair[1, at.INLET_OPENING, lane] = eq.relax(inlet_opening, inlet_target, decay)
    pair[1, at.EXHAUST_OPENING, lane] = eq.relax(exhaust_opening, exhaust_target, decay)

    supply = pair[0, at.SUPPLY_PRESSURE, lane]
    port, pressure = pair[1, at.PORT_PRESSURE, lane], pair[1, at.PRESSURE, lane]
    inlet = eq.valve_secant(
        supply,
        port,
        eq.relax(inlet_opening, inlet_target, mean) * pair[1, at.INLET_CONDUCTANCE, lane],
    )
    exhaust = eq.valve_secant(
        port,
        0.0,
        eq.relax(exhaust_opening, exhaust_target, mean) * pair[1, at.EXHAUST_CONDUCTANCE, lane]
        + pair[1, at.BURST_CONDUCTANCE, lane],
    )
    hose = pair[1, at.HOSE_FACTOR, lane] * eq.hose_secant(
        port, pressure, pair[1, at.HOSE_LINEAR, lane], pair[1, at.HOSE_QUADRATIC, lane]
    )
    base, share = eq.chamber_line(
        pressure,
        substep * pair[1, at.SLOPE, lane],
        hose,
        pair[1, at.LEAK_CONDUCTANCE, lane],
    )
    port_base, port_share = eq.port_line(
        port, substep * pair[1, at.PORT_SLOPE, lane], inlet, exhaust, hose, base, share
    )
    pair[1, at.SUPPLY_PRESSURE, lane] = supply
    pair[1, at.INLET, lane] = inlet
    pair[1, at.EXHAUST, lane] = exhaust
    pair[1, at.HOSE, lane] = hose
    pair[1, at.CHAMBER_BASE, lane] = base
    pair[1, at.CHAMBER_SHARE, lane] = share
    pair[1, at.PORT_BASE, lane] = port_base
    pair[1, at.PORT_SHARE, lane] = port_share
    pair[1, at.INLET_SUM, lane] = pair[0, at.INLET_SUM, lane] + inlet * (1.0 - port_share)
    pair[1, at.INLET_BASE_SUM, lane] = pair[0, at.INLET_BASE_SUM, lane] + inlet * port_base


def balance_supply(cell: FloatArray, lane: int, substep: float) -> None:
    """Solve for the supply pressure, and move the gas of pump and relief valve."""
    before, speed = cell[0, at.SUPPLY_PRESSURE, lane], cell[0, at.PUMP_SPEED, lane]
    command = cell[0, at.PUMP_COMMAND, lane]
    shut_off, opening = cell[0, at.PUMP_SHUT_OFF, lane], cell[0, at.RELIEF_PRESSURE, lane]
    pump = eq.pump_secant(
        eq.relax(speed, command, cell[0, at.PUMP_MEAN, lane]),
        before,
        cell[0, at.PUMP_FREE_FLOW, lane],
        shut_off,
    )
    relief = eq.relief_secant(
        before,
        opening,
        cell[0, at.RELIEF_BAND, lane],
        cell[0, at.RELIEF_CONDUCTANCE, lane],
    )
    supply = eq.supply_balance(
        before,
        substep * cell[0, at.SUPPLY_SLOPE, lane],
        pump,
        shut_off,
        relief,
        opening,
        cell[0, at.INLETS, lane],
        cell[0, at.INLET_BASES, lane],
    )
    pumped = substep * pump * np.maximum(shut_off - supply, 0.0)
    relieved = substep * relief * np.maximum(supply - opening, 0.0)
    cell[0, at.SUPPLY_PRESSURE, lane] = supply
    cell[0, at.SUPPLY_MASS, lane] += pumped - relieved
    cell[0, at.PUMP_SPEED, lane] = eq.relax(speed, command, cell[0, at.PUMP_DECAY, lane])
    cell[0, at.PUMPED, lane] += pumped
    cell[0, at.RELIEVED, lane] += relieved


def move_gas(pair: FloatArray, lane: int, substep: float) -> None:
    """Move the gas between supply, port, chamber and room, and find the new pressures."""
    supply = pair[0, at.SUPPLY_PRESSURE, lane]
    hose = pair[1, at.HOSE, lane]
    port = pair[1, at.PORT_BASE, lane] + pair[1, at.PORT_SHARE, lane] * supply
    pressure = pair[1, at.CHAMBER_BASE, lane] + pair[1, at.CHAMBER_SHARE, lane] * port
    filled = substep * pair[1, at.INLET, lane] * (supply - port)
    exhausted = substep * pair[1, at.EXHAUST, lane] * port
    moved = substep * hose * (port - pressure)
    leaked = substep * pair[1, at.LEAK_CONDUCTANCE, lane] * pressure

    inflow = hose * np.maximum(port - pressure, 0.0)
    rise = eq.relax(
        pair[1, at.TEMPERATURE_RISE, lane],
        pair[1, at.THERMAL_RISE, lane] * inflow,
        pair[1, at.THERMAL_DECAY, lane],
    )
    creep = eq.relax(
        pair[1, at.CREEP, lane],
        pair[1, at.CREEP_VOLUME, lane] * pressure,
        pair[1, at.CREEP_DECAY, lane],
    )
    mass = pair[1, at.CHAMBER_MASS, lane] + (moved - leaked)
    pressure, slope = eq.chamber_gas(
        mass,
        eq.gas_energy(rise),
        eq.squeezed_volume(pair[1, at.REST_VOLUME, lane], creep, pair[1, at.LOST_VOLUME, lane]),
        pair[1, at.COMPLIANCE, lane],
        pair[1, at.SLACK_PRESSURE, lane],
    )
    port_mass = pair[1, at.PORT_MASS, lane] + (filled - exhausted - moved)
    port = port_mass * pair[1, at.PORT_SLOPE, lane] - ATMOSPHERE
    pair[1, at.PRESSURE, lane] = pressure
    pair[1, at.SUPPLY_PRESSURE, lane] = supply
    pair[1, at.FILLED_SUM, lane] = pair[0, at.FILLED_SUM, lane] + filled
    pair[1, at.PORT_PRESSURE, lane] = port
    pair[1, at.CHAMBER_MASS, lane] = mass
    pair[1, at.PORT_MASS, lane] = port_mass
    pair[1, at.TEMPERATURE_RISE, lane] = rise
    pair[1, at.CREEP, lane] = creep
    pair[1, at.SLOPE, lane] = slope
    pair[1, at.EXHAUSTED, lane] += exhausted
    pair[1, at.LEAKED, lane] += leaked
    pair[1, at.SENSED, lane] = eq.relax(
        pair[1, at.SENSED, lane], port, pair[1, at.SENSOR_DECAY, lane]
    )


def empty_supply(cell: FloatArray, lane: int) -> None:
    """Take from the supply what has gone to the chambers."""
    mass = cell[0, at.SUPPLY_MASS, lane] - cell[0, at.FILLED, lane]
    supply = mass * cell[0, at.SUPPLY_SLOPE, lane] - ATMOSPHERE
    cell[0, at.SUPPLY_MASS, lane] = mass
    cell[0, at.SUPPLY_PRESSURE, lane] = supply
    cell[0, at.SUPPLY_SENSED, lane] = eq.relax(
        cell[0, at.SUPPLY_SENSED, lane], supply, cell[0, at.SUPPLY_DECAY, lane]
    )


def read_port(cell: FloatArray, record: int, lane: int, noise: float, elapsed: float) -> Any:
    """Take a sample of the sensor at one port."""
    drift = eq.sensor_drift(
        cell[record, at.DRIFT, lane], cell[record, at.SENSOR_DRIFT, lane], elapsed
    )
    cell[record, at.DRIFT, lane] = drift
    if cell[record, at.SENSOR_STUCK, lane] == 0.0:
        cell[record, at.READING, lane] = eq.sensor_value(
            cell[record, at.SENSED, lane],
            cell[record, at.SENSOR_ERROR, lane] + drift,
            cell[record, at.SENSOR_NOISE, lane] * noise,
            cell[0, at.SENSOR_STEP, lane],
            cell[0, at.SENSOR_MINIMUM, lane],
            cell[0, at.SENSOR_MAXIMUM, lane],
        )
    if cell[record, at.SENSOR_MISSING, lane] != 0.0:
        return math.nan
    if cell[record, at.SENSOR_DEAD, lane] != 0.0:
        return DEAD_READING
    return cell[record, at.READING, lane]


def read_supply(cell: FloatArray, lane: int, noise: float) -> Any:
    """Take a sample of the sensor of the supply."""
    if cell[0, at.SUPPLY_MISSING, lane] != 0.0:
        return math.nan
    return eq.sensor_value(
        cell[0, at.SUPPLY_SENSED, lane],
        cell[0, at.SUPPLY_ERROR, lane],
        cell[0, at.SUPPLY_NOISE, lane] * noise,
        cell[0, at.SENSOR_STEP, lane],
        cell[0, at.SENSOR_MINIMUM, lane],
        cell[0, at.SENSOR_MAXIMUM, lane],
    )


SHARED: tuple[Any, ...] = (
    pneumatics.orifice_flow,
    pneumatics.hose_flow,
    pneumatics.pump_flow,
    eq.inlet_command,
    eq.exhaust_command,
    eq.valve_target,
    eq.relax,
    eq.gas_energy,
    eq.chamber_gas,
    eq.squeezed_volume,
    eq.valve_secant,
    eq.hose_secant,
    eq.pump_secant,
    eq.relief_secant,
    eq.chamber_line,
    eq.port_line,
    eq.supply_balance,
    eq.sensor_value,
    eq.sensor_drift,
)
"""Functions of other modules that the kernel compiles too."""

PARTS: tuple[Any, ...] = (
    command,
    feel_neighbours,
    balance_chamber,
    balance_supply,
    move_gas,
    empty_supply,
    read_port,
    read_supply,
)
"""Functions of this module."""
