"""From raw readings at the manifold to the pressure in the chambers.

A sensor sits at the manifold's end of the hose, so while air flows it reads the chamber's pressure
plus the hose's drop. The drop follows from the flow, and the flow from the valve's opening and the
pressures on its two sides (ISO 6358). In order, per chamber:

1. zero: the offset measured while all chambers are vented is taken off; beside a neighbour that is
   filled a vented chamber is not at rest: what is squeezed out of it keeps its pressure up,
2. drop: ``y = p_port - hose_drop(flow)``, with the drop lagged like valve and sensor lag it,
3. observer: ``p' = flow / capacity(p) + (y - p) / tau``. While no air flows, y is as good as the
   sensor and tau is ``filter_time``. While air flows, y is only as good as the hose's model, and a
   loop closed through its error would ring; tau then grows to ``flowing_time``, and the known
   flow carries the estimate, so that it does not lag behind a fill.

Quality is judged on the raw values: what is missing or out of range is BAD and reads NaN.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from compression_boot_control.core.capacity_learning import (
    TELLING_DROP,
    TELLING_OPENING,
    learned_capacity,
)
from compression_boot_control.core.chambers import any_chamber, garment_level, where
from compression_boot_control.core.pneumatics import (
    REFERENCE_DENSITY,
    chamber_capacity,
    hose_drop,
    orifice_flow,
)
from compression_boot_control.core.sensing_parameters import SensingParameters, SensingState
from compression_boot_control.core.signals import (
    BoolArray,
    FloatArray,
    IntArray,
    Pressures,
    Quality,
    Readings,
    Reason,
)
from compression_boot_control.core.units import MMHG

GOOD, UNCERTAIN, BAD = int(Quality.GOOD), int(Quality.UNCERTAIN), int(Quality.BAD)
NOT_ZEROED, MISSING, OUT_OF_RANGE, STUCK, OFFSET = (
    int(Reason.NOT_ZEROED),
    int(Reason.MISSING),
    int(Reason.OUT_OF_RANGE),
    int(Reason.STUCK),
    int(Reason.OFFSET),
)


SLACK_PRESSURE = 5.0 * MMHG
"""Below this the chamber may still be slack, and its flow says little of its pressure [Pa]."""

RATE_TIME = 0.08
"""Time constant of the filter on the rate [s]."""

LEVEL_TIME = 0.5
"""Time constant of the level to which a vented chamber's readings are compared [s]."""

STILL_BAND = 1.0 * MMHG
"""A vented chamber whose reading is this close to its level is at rest [Pa].

So is one that falls by less than 2 mmHg/s. The modelled hose drop has no part in this: as long as
the zero is not known, it makes much of the noise.
"""


PRESSURE_STEP = 1.0 / 16.0
"""Step in which sensing tells a pressure [Pa]; a sensor resolves 13 Pa [P]."""

RATE_STEP = 1.0
"""Step in which it tells a rate [Pa/s]; noise alone makes 170 [P]."""


def sensing_step(
    parameters: SensingParameters, state: SensingState, readings: Readings, dt: float
) -> tuple[SensingState, Pressures]:
    """Advance sensing by one sample.

    Parameters
    ----------
    parameters : SensingParameters
    state : SensingState
    readings : Readings
        The new raw sample.
    dt : float
        Time since the last sample [s]; what is not a positive number counts as 0.

    Returns
    -------
    SensingState
    Pressures
    """
    new_state, pressure, rate, quality, reason = sensing_law(
        parameters,
        state,
        readings.pressure,
        readings.inlet,
        readings.exhaust,
        garment_level(readings.supply_pressure),
        ~any_chamber(in_use(readings.inlet, readings.exhaust)),
        dt if 0.0 < dt < np.inf else 0.0,
    )
    return new_state, Pressures(pressure, rate, quality, reason, readings.supply_pressure)


def in_use(inlet_command: FloatArray, exhaust_command: FloatArray) -> BoolArray:
    """Tell of each chamber whether it is anything but open to the atmosphere."""
    used: BoolArray = (exhaust_command <= 0.99) | (inlet_command > 0.0)
    return used


def told(pressures: Pressures) -> Pressures:
    """What sensing tells others: numbers without digits that mean nothing, which compress well.

    Everybody, the controller too, works with what is told, so that a recording has all of it.
    """
    return replace(
        pressures,
        pressure=np.round(pressures.pressure / PRESSURE_STEP) * PRESSURE_STEP,
        rate=np.round(pressures.rate / RATE_STEP) * RATE_STEP,
    )


def sensing_law(
    parameters: SensingParameters,
    state: SensingState,
    raw: FloatArray,
    inlet_command: FloatArray,
    exhaust_command: FloatArray,
    supply: FloatArray,
    at_ease: BoolArray,
    dt: float,
) -> tuple[SensingState, FloatArray, FloatArray, IntArray, IntArray]:
    """Compute `sensing_step` on plain arrays; see there.

    `at_ease` says, per garment, that no chamber of it is in use: only then is the zero learned.

    Returns
    -------
    tuple
        State, and (..., N) pressure [Pa], rate [Pa/s], quality and reason.
    """
    present = np.isfinite(raw) & np.isfinite(inlet_command) & np.isfinite(exhaust_command)
    in_range = (raw > parameters.range_low) & (raw < parameters.range_high)
    # a device whose valves are beyond open or shut does not know what it says
    in_range = in_range & (inlet_command >= 0.0) & (inlet_command <= 1.0)
    in_range = in_range & (exhaust_command >= 0.0) & (exhaust_command <= 1.0)
    usable = present & in_range
    safe_raw = where(usable, raw, 0.0)
    inlet_command = where(usable, inlet_command, 0.0)
    exhaust_command = where(usable, exhaust_command, 0.0)

    valve_step = 1.0 - np.exp(-dt / parameters.valve_response)
    inlet = state.inlet + valve_step * (inlet_command - state.inlet)
    exhaust = state.exhaust + valve_step * (exhaust_command - state.exhaust)
    span = 1.0 - parameters.dead_band
    inlet_open = np.maximum(inlet - parameters.dead_band, 0.0) / span
    exhaust_open = np.maximum(exhaust - parameters.dead_band, 0.0) / span

    port = safe_raw - state.offset
    # without a supply sensor the inflow is unknown; leaving the drop in reads high, never low
    supply_known = (supply > parameters.range_low) & (supply < parameters.range_high)
    supply_side = where(supply_known, supply, port)
    inflow = orifice_flow(supply_side, port, parameters.inlet_conductance * inlet_open)
    outflow = orifice_flow(port, 0.0, parameters.exhaust_conductance * exhaust_open)
    volume_flow = (inflow - outflow) / REFERENCE_DENSITY
    drop_now = hose_drop(volume_flow, parameters.hose_linear, parameters.hose_quadratic)
    drop = state.drop + (1.0 - np.exp(-dt / parameters.sensor_lag)) * (drop_now - state.drop)
    measured = port - drop

    share = np.minimum(np.abs(drop) / parameters.flowing_drop, 1.0)
    slowness = parameters.flowing_time - parameters.filter_time
    observer_time = parameters.filter_time + slowness * share
    believed = chamber_capacity(parameters.rest_volume, parameters.compliance, state.pressure)
    # in the slack, air flows in and the pressure does not rise
    tight = np.minimum(np.maximum(measured / SLACK_PRESSURE, 0.0), 1.0)
    carried = tight * volume_flow * REFERENCE_DENSITY / (state.learned * believed)
    predicted = state.pressure + carried * dt
    correction = (1.0 - np.exp(-dt / observer_time)) * (measured - predicted)
    pressure = where(state.started, predicted + correction, measured)
    # of the estimate as it moved: the observer's own slope would depend on the interval
    slope = (pressure - state.pressure) / max(dt, 1e-6)
    smooth = 1.0 - np.exp(-dt / RATE_TIME)
    rate = where(state.started, state.rate + smooth * (slope - state.rate), 0.0)

    known_flow = (inlet_open > TELLING_OPENING) & (supply_side > port + TELLING_DROP)
    inflow = volume_flow * REFERENCE_DENSITY
    learned = learned_capacity(
        state.learned,
        inflow,
        believed,
        state.pressure,
        state.rate,
        known_flow & usable,
        min(dt, 0.1),
    )

    open_to_air = ~in_use(inlet_command, exhaust_command)
    slow = 1.0 - np.exp(-dt / LEVEL_TIME)
    level = where(state.started, state.level + slow * (safe_raw - state.level), safe_raw)
    still = np.abs(safe_raw - level) < STILL_BAND
    quiet_time = where(at_ease & open_to_air & still & usable, state.quiet_time + dt, 0.0)
    learning = quiet_time > parameters.zero_after
    zero = state.offset + np.minimum(dt / parameters.zero_time, 1.0) * (safe_raw - state.offset)
    offset = where(learning, zero, state.offset)
    offset = np.minimum(np.maximum(offset, -parameters.offset_limit), parameters.offset_limit)
    zeroed_time = where(learning, state.zeroed_time + dt, state.zeroed_time)

    air_flows = (np.abs(volume_flow) > 1e-6) & ~open_to_air
    moved = usable & (np.abs(safe_raw - state.last_raw) > 1e-3)
    # the vent that follows stops the flow, and proves nothing: only a reading that moves does
    found = state.unchanged_time > parameters.stuck_after
    unchanged_time = where(found, state.unchanged_time, 0.0)
    unchanged_time = where(air_flows & usable, state.unchanged_time + dt, unchanged_time)
    unchanged_time = where(moved, 0.0, unchanged_time)

    reason = where(zeroed_time < parameters.zero_time, NOT_ZEROED, 0)
    reason = where(np.abs(offset) >= parameters.offset_limit, OFFSET, reason)
    reason = where(unchanged_time > parameters.stuck_after, STUCK, reason)
    reason = where(in_range, reason, OUT_OF_RANGE)
    reason = where(present, reason, MISSING)
    quality = where(reason > 0, UNCERTAIN, GOOD)
    quality = where((reason == STUCK) | ~usable, BAD, quality)

    # a value that is missing does not move the filter; the next good one restarts it
    kept = SensingState(
        started=usable,
        inlet=inlet,
        exhaust=exhaust,
        drop=drop,
        pressure=where(usable, pressure, state.pressure),
        rate=where(usable, rate, 0.0),
        learned=learned,
        level=where(usable, level, state.level),
        offset=offset,
        quiet_time=quiet_time,
        zeroed_time=zeroed_time,
        last_raw=where(usable, safe_raw, state.last_raw),
        unchanged_time=unchanged_time,
    )
    good = quality != BAD
    return (
        kept,
        where(good, pressure, np.nan),
        where(good, rate, np.nan),
        quality,
        reason,
    )
