"""What the supervisor follows from sample to sample: air put in, time vented, readings that rest.

Every array is (..., N) unless said otherwise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compression_boot_control.core.safety.air_account import (
    AirAccount,
    AirSample,
    account_step,
    hold_of,
    inside_by_expectation,
)
from compression_boot_control.core.safety.expectation import (
    PORT_TOLERANCE,
    Expectation,
    across_chambers,
    air_beyond_slack,
    air_needed,
    beyond_dead_band,
    most_air,
    most_topping,
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

_PAUSE = 0.5
"""Pause of a valve that does not break a stand-still: one that chops shuts for less [s] [P]."""

_ARRIVED = 5.0 * _MMHG
"""A chamber this close below its set-point holds it [Pa] [P]."""

_SUPPLIED = 12.0 * _MMHG
"""A supply this far above a port is there, whatever two sensors are off [Pa] [P]."""

_HALF = 0.5
_NEVER = 2.0
"""Air beyond which a chamber that still wants more does not inflate, as a share [-] [P]."""

_SWINGING = 0.05
"""Time of late for which a port has shown more than its air explains, beyond noise [s] [P]."""

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
    account : AirAccount
        Air that came in.
    rest : (..., N) array
        Time since a valve of the chamber moved or, with its inlet open, what shares the supply [s].
    pump : (..., 1) array
        Drive at the last sample [0..1].
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
    account: AirAccount
    rest: FloatArray
    pump: FloatArray
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
            account=AirAccount.initial(shape),
            rest=zero,
            pump=np.zeros((*shape[:-1], 1)),
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
    port = np.where(np.isfinite(raw), raw, 0.0)
    vented_time = np.where(venting, watch.vented_time + dt, 0.0)
    shares = np.abs(inlet - watch.inlet) > _MOVED
    moved = shares | (np.abs(exhaust - watch.exhaust) > _MOVED)
    # the drop of a hose jumps with its flow, whoever takes the air or gives it
    stirred = (across_chambers(np.where(shares, 1.0, 0.0)) > 0.0) | (
        np.abs(pump - watch.pump) > _MOVED
    )
    moved = moved | (stirred & (inlet > 0.0))
    rest = np.where(moved, 0.0, watch.rest + dt)
    sample = AirSample(
        raw=raw,
        inlet=inlet,
        exhaust=exhaust,
        pump=pump,
        supply=supply,
        vented_time=vented_time,
        holding=(target == watch.target) & ~venting,
        arrived=(rest > _SETTLED) & (inlet <= 0.0) & (port >= target - _ARRIVED),
        starved=(target > _LEAST_TARGET)
        & ~venting
        & (port < target - _ARRIVED)
        & (supply < port + _SUPPLIED),
    )
    still = np.abs(raw - watch.anchor) <= _STILL
    # two samples that arrive in a burst were not taken so close together
    rate = (raw - watch.raw) / max(dt, _SHORTEST)
    account = account_step(expectation, watch.account, sample, dt)
    # a valve that was told to shut lets air through until it has
    fills = (inlet > 0.0) | (beyond_dead_band(expectation, account.inlet) > 0.0)
    drains = (exhaust > 0.0) | (beyond_dead_band(expectation, account.exhaust) > 0.0)
    works = fills | (drains & (port > _LEAST_TARGET))
    still_time = np.where(works, watch.still_time + dt, watch.still_time * (rest <= _PAUSE))
    return Watch(
        # a set-point that is no number allows nothing, now or later
        allowed=np.fmax(target, watch.allowed - _FALL * dt),
        vented_time=vented_time,
        account=account,
        rest=rest,
        pump=pump,
        inlet=inlet,
        exhaust=exhaust,
        target=target,
        raw=raw,
        anchor=np.where(still, watch.anchor, raw),
        still_time=np.where(still, still_time, 0.0),
        rate=rate,
        supply_seen=watch.supply_seen | np.isfinite(supply),
    )


def signs(limits: SafetyLimits, expectation: Expectation, watch: Watch, orders: Orders) -> Signs:
    """Tell what is wrong by what the watch has followed; missing readings have their own hazard."""
    raw, target = watch.raw, watch.target
    venting = watch.vented_time > 0.0
    account = watch.account
    inside = inside_by_expectation(expectation, account, raw)
    under_pressure = raw > limits.vented_pressure
    inflating = (target > _LEAST_TARGET) & ~venting
    most_topped = most_topping(
        expectation, target, hold_of(expectation, account, raw), limits.leak_share
    )
    everywhere = np.ones_like(under_pressure)
    supply_high = orders.supply > limits.supply
    return Signs(
        over_set_point=~venting & (inside > watch.allowed + limits.excess),
        under_pressure=under_pressure,
        not_deflated=venting & (raw >= limits.vented_pressure),
        not_inflated=inflating & without_inflating(limits, expectation, watch, inside, inflating),
        leak=inflating & (account.topped > most_topped),
        kink=(target > _LEAST_TARGET) & kinked(limits, expectation, account, target),
        offset=(watch.vented_time >= limits.zero_time)
        # a reading at the edge of what counts as vented flickers between the two
        & (raw <= limits.vented_pressure + PORT_TOLERANCE)
        & (np.abs(raw) > limits.zero_offset)
        # what is left in a chamber that empties slowly is no offset of a sensor near the limit
        & (np.abs(raw - account.zero) > PORT_TOLERANCE),
        stuck=watch.still_time > limits.stuck_time,
        rate=(watch.rest > _SETTLED) & (np.abs(watch.rate) > limits.rate),
        supply_high=supply_high & everywhere,
        supply_unknown=watch.supply_seen & ~np.isfinite(orders.supply) & everywhere,
    )


def kinked(
    limits: SafetyLimits, expectation: Expectation, account: AirAccount, target: FloatArray
) -> BoolArray:
    """Whether a port shows pressure without the air for it, in all or in its swings of late."""
    reached = account.shown > np.maximum(_HALF * target, _LEAST_TARGET)
    needed = air_beyond_slack(expectation, account.shown)
    told: BoolArray = reached & (account.passed < limits.kink_share * needed)
    swings: BoolArray = account.swing_time > _SWINGING
    return told | swings


def without_inflating(
    limits: SafetyLimits,
    expectation: Expectation,
    watch: Watch,
    inside: FloatArray,
    inflating: BoolArray,
) -> BoolArray:
    """Whether a chamber has had its air without the pressure, and no other can have taken it.

    Which of several open inlets the pump's air goes through is not known: a slack chamber takes it
    all, as long as it is slack. So the count is made for all that inflate together, and whatever
    the pressures of the others leave room for is taken off. A chamber that holds its set-point
    leaves no room.
    """
    account = watch.account
    needed = air_needed(expectation, watch.target)
    room = most_air(expectation, np.maximum(inside, 0.0))
    spare = np.where(inflating, account.air - room, 0.0)
    spare = np.where(account.hold_time > 0.0, np.maximum(spare, 0.0), spare)
    others = across_chambers(spare) - spare
    granted = limits.inflate_time * across_chambers(account.flow)
    had = account.air + others - granted
    halfway = (had > limits.inflate_share * needed) & (inside < _HALF * watch.target)
    # several that become full together leave no room at once, and have all had the air of each
    never = (had > _NEVER * needed) & (inside < watch.target - _ARRIVED)
    told: BoolArray = halfway | never
    return told
