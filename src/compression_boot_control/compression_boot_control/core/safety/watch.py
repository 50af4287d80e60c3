"""What the supervisor follows from sample to sample: air put in, time vented, readings that rest.

Every array is (..., N) unless said otherwise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compression_boot_control.core.safety.expectation import (
    Expectation,
    air_at_rest,
    air_beyond_slack,
    air_needed,
    expected_flow,
    hose_rise,
    valve_flow,
    vented,
)
from compression_boot_control.core.safety.limits import SafetyLimits
from compression_boot_control.core.signals import BoolArray, FloatArray

_MMHG = 133.322

_FALL = 11.0 * _MMHG
"""Speed at which a set-point that was lowered may be followed: 110 mmHg in 10 s [Pa/s] [P]."""

_STILL = 0.05 * _MMHG
"""A reading that stays this close to a first one stands still [Pa] [P]."""

_SETTLED = 0.2
"""Time after a movement of a valve for which a port's reading may jump [s] [P]."""

_MOVED = 0.02
"""Change of an opening that is a movement [-] [P]."""

_SHORTEST = 0.01
"""Shortest time between two samples of a device [s]."""

_ARRIVED = 5.0 * _MMHG
"""A chamber this close below its set-point holds it [Pa] [P]."""

_TELLING = 12.0 * _MMHG
"""Drop across an inlet from which its flow can be told [Pa] [P]."""

_HALF = 0.5
_NEVER = 2.0
"""Air beyond which a chamber that never held its set-point does not inflate, as a share [-] [P]."""

_LEAST_TARGET = 15.0 * _MMHG
"""Set-points below this are no inflation to be judged: a vented chamber is there too [Pa] [P]."""


class Orders(NamedTuple):
    """What was asked of the hardware since the last sample.

    Attributes
    ----------
    target : (..., N) array
        Set-point [Pa]; 0 where the chamber is to be vented, or where nobody says.
    inlet, exhaust : (..., N) array
        Last permitted command [0..1].
    pump : (..., 1) array
        Drive of the last permitted command [0..1].
    supply : (..., 1) array
        Gauge pressure of the supply [Pa]; NaN if not measured.
    """

    target: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    pump: FloatArray
    supply: FloatArray


class Watch(NamedTuple):
    """Memory of the watch.

    Attributes
    ----------
    allowed : (..., N) array
        Set-point, falling no faster than air can leave [Pa].
    vented_time : (..., N) array
        Time since a vent command without a break [s].
    air, flow : (..., N) array
        Air that should have come in since the last vent [m3], and its flow [m3/s].
    held_air, held_time : (..., N) array
        Air topped up [m3], and time [s], since the set-point was reached.
    rest : (..., N) array
        Time since a valve of the chamber moved [s].
    inlet, exhaust, target, raw : (..., N) array
        Of the last sample.
    anchor, still_time : (..., N) array
        Reading that has stood still since [Pa], and for how long, its valve working [s].
    rate : (..., N) array
        Rate of the reading between the last two samples [Pa/s].
    supply_seen : (..., 1) bool array
        The supply has been measured before.
    """

    allowed: FloatArray
    vented_time: FloatArray
    air: FloatArray
    flow: FloatArray
    held_air: FloatArray
    held_time: FloatArray
    rest: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    target: FloatArray
    raw: FloatArray
    anchor: FloatArray
    still_time: FloatArray
    rate: FloatArray
    supply_seen: BoolArray

    @staticmethod
    def initial(shape: tuple[int, ...]) -> Watch:
        """Nothing seen yet, vented."""
        zero = np.zeros(shape)
        return Watch(
            allowed=zero,
            vented_time=zero,
            air=zero,
            flow=zero,
            held_air=zero,
            held_time=zero,
            rest=zero,
            inlet=zero,
            exhaust=np.ones(shape),
            target=zero,
            raw=np.full(shape, np.nan),
            anchor=np.full(shape, np.nan),
            still_time=zero,
            rate=zero,
            supply_seen=np.zeros((*shape[:-1], 1), dtype=np.bool_),
        )


class Signs(NamedTuple):
    """Conditions that the watch finds, before debounce; (..., N) bool arrays."""

    over_set_point: BoolArray
    under_pressure: BoolArray
    not_deflated: BoolArray
    not_inflated: BoolArray
    leak: BoolArray
    kink: BoolArray
    offset: BoolArray
    stuck: BoolArray
    rate: BoolArray
    supply_high: BoolArray
    supply_unknown: BoolArray

    @staticmethod
    def none(raw: FloatArray) -> Signs:
        """Nothing found, for chambers with these readings (..., N)."""
        return Signs(*(np.zeros_like(raw, dtype=np.bool_) for _ in Signs._fields))


def watch_step(
    expectation: Expectation,
    watch: Watch,
    raw: FloatArray,
    orders: Orders,
    dt: float,
) -> Watch:
    """Follow the chambers over one step.

    Parameters
    ----------
    expectation : Expectation
    watch : Watch
    raw : (..., N) array
        Raw gauge pressure at the ports [Pa].
    orders : Orders
    dt : float
        Time since the last sample [s].
    """
    target, inlet, exhaust, pump, supply = orders
    venting = vented(inlet, exhaust)
    # where the supply is not measured, the least flow that a sound one gives is counted on
    rail = np.where(np.isfinite(supply), supply, expectation.relief)
    port = np.where(np.isfinite(raw), raw, 0.0)
    through = valve_flow(expectation, inlet, rail, port)
    flow = expected_flow(expectation, inlet, pump, rail, through)
    # a vent that is cut short leaves what the pressure says
    left = np.minimum(watch.air, air_beyond_slack(expectation, np.maximum(port, 0.0)))
    left = np.where(np.isfinite(raw), left, watch.air)
    air = np.where(venting, left, watch.air + flow * dt)
    # what an exhaust lets out is not counted: what is left is what the pressure says
    known = np.minimum(air, air_needed(expectation, np.maximum(port, 0.0)))
    air = np.where(exhaust > 0.0, known, air)

    moved = (np.abs(inlet - watch.inlet) > _MOVED) | (np.abs(exhaust - watch.exhaust) > _MOVED)
    rest = np.where(moved, 0.0, watch.rest + dt)
    arrived = (rest > _SETTLED) & (inlet <= 0.0) & (port >= target - _ARRIVED)
    held = (target == watch.target) & ~venting & ((watch.held_time > 0.0) | arrived)
    # with less across the valve than two sensors may be off, its flow is not known
    topped = np.where(rail - port > _TELLING, np.minimum(through, flow), 0.0)
    still = np.abs(raw - watch.anchor) <= _STILL
    # two samples that arrive in a burst were not taken so close together
    rate = (raw - watch.raw) / max(dt, _SHORTEST)
    works = (inlet > 0.0) | ((exhaust > 0.0) & (port > _LEAST_TARGET))
    return Watch(
        # a set-point that is no number allows nothing, now or later
        allowed=np.fmax(target, watch.allowed - _FALL * dt),
        vented_time=np.where(venting, watch.vented_time + dt, 0.0),
        air=air,
        flow=flow,
        held_air=np.where(held, watch.held_air + topped * dt, 0.0),
        held_time=np.where(held, watch.held_time + dt, 0.0),
        rest=rest,
        inlet=inlet,
        exhaust=exhaust,
        target=target,
        raw=raw,
        anchor=np.where(still, watch.anchor, raw),
        still_time=np.where(still & works, watch.still_time + dt, 0.0),
        rate=rate,
        supply_seen=watch.supply_seen | np.isfinite(supply),
    )


def signs(limits: SafetyLimits, expectation: Expectation, watch: Watch, orders: Orders) -> Signs:
    """Tell what is wrong by what the watch has followed; missing readings have their own hazard."""
    raw, target = watch.raw, watch.target
    venting = watch.vented_time > 0.0
    inside = raw - hose_rise(expectation, watch.flow)
    under_pressure = raw > limits.vented_pressure
    inflating = (target > _LEAST_TARGET) & ~venting
    needed = air_needed(expectation, target)
    most = limits.inflate_share * needed + limits.inflate_time * watch.flow
    topped = limits.leak_share * expectation.leak * watch.held_time
    everywhere = np.ones_like(under_pressure)
    supply_high = orders.supply > limits.supply
    return Signs(
        over_set_point=~venting & (inside > watch.allowed + limits.excess),
        under_pressure=under_pressure,
        not_deflated=venting & (raw >= limits.vented_pressure),
        not_inflated=inflating
        & (
            ((watch.air > most) & (inside < _HALF * target))
            | ((watch.air > _NEVER * needed) & (watch.held_time <= 0.0))
        ),
        leak=inflating & (watch.held_air > air_at_rest(expectation, target) + topped),
        kink=inflating
        & (inside > np.maximum(_HALF * target, _LEAST_TARGET))
        & (watch.air < limits.kink_share * air_beyond_slack(expectation, inside)),
        offset=(watch.vented_time >= limits.zero_time)
        & ~under_pressure
        & (np.abs(raw) > limits.zero_offset),
        stuck=watch.still_time > 0.0,
        rate=(watch.rest > _SETTLED) & (np.abs(watch.rate) > limits.rate),
        supply_high=supply_high & everywhere,
        supply_unknown=watch.supply_seen & ~np.isfinite(orders.supply) & everywhere,
    )
