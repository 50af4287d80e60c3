"""The account of air of each chamber: what should have come in, what can have, what was topped up.

Three sums with three uses, since a sound garment must never break what is made of them:

- `air` is what the pump should have given by now, shared by the openings of the inlets. It grows
  whatever is broken between pump and chamber.
- `passed` is the most beyond the slack that the inlets can have let through, by the pressures on
  both sides of them, and that can be there by the pressure at the port.
- `topped` is the least that came in while the set-point was held.

Amounts are volumes at atmospheric pressure [m3]. Every array is (..., N).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compression_boot_control.core.safety.expectation import (
    PORT_TOLERANCE,
    Expectation,
    Hold,
    air_beyond_slack,
    air_needed,
    around_chambers,
    expected_flow,
    flow_bounds,
    hose_rise,
    least_air_beyond_slack,
    most_air_beyond_slack,
    most_outflow,
    valve_flow,
)
from compression_boot_control.core.signals import BoolArray, FloatArray

_MMHG = 133.322

_MOST_ZERO = 5.0 * _MMHG
"""A vented port that reads more than this is no zero [Pa]."""

_ZERO_AFTER, _ZERO_TIME = 4.0, 0.5
"""Time vented after which a port's zero is learned, and time constant of that [s] [P]."""

_OPEN_TIME = 0.2
"""Time after which an exhaust that was told to open is open, and its port reads the vent [s]."""

_WARM_TIME = 5.0
"""Longest time constant of a chamber's temperature [s] [P]."""

_FLOW_FADE = 0.05
"""Time constant with which a port forgets a flow, with valve and sensor lags to spare [s] [P]."""

_SHOWN_FADE = 1.0
"""Time constant with which it is forgotten what a port has shown [s] [P]."""

_SWING = 15.0 * _MMHG
"""Rise that neighbours, warmth and the limb may give a port without any air [Pa] [P]."""

_MOVEMENT = 100.0 * _MMHG
"""Speed at which a leg that moves may squeeze a chamber [Pa/s] [P]."""

_SWING_FADE = 2.0
"""Time constant with which unexplained rises are forgotten [s] [P]."""

_TELLING = 12.0 * _MMHG
"""Drop across an inlet from which its flow can be told [Pa] [P]."""

_RISE_TOLERANCE = 1.3
"""A hose's drop is known to within this factor [-] [P]."""


class AirAccount(NamedTuple):
    """Account of each chamber; see the module.

    Attributes
    ----------
    inlet, exhaust : array
        Positions of the valves, which follow their commands [0..1].
    zero : array
        Reading of the vented port [Pa].
    air, flow : array
        Air that should have come in since the last vent [m3], and its flow [m3/s].
    passed, recent_flow : array
        Air beyond the slack that can have come in and be there [m3], and its flow, as a port may
        still show it [m3/s].
    recent_outflow : array
        Flow out through the exhaust at most, as a port may still show it [m3/s].
    shown : array
        Pressure behind the port at least, the highest of late [Pa]; 0 while vented.
    explained : array
        Air that can be in by the lowest reading of the port and by what can have come in since,
        counted on the stiffest leg [m3].
    swing_time : array
        For how long the port has shown more than that of late [s].
    warm : array
        Highest inflow of late, fading as the air cools [m3/s].
    hold_time, topped, let_out : array
        Time [s] since the set-point was reached, air that came in since at least, and that went out
        at most [m3]; 0 before.
    start, around, hold_warm : array
        Port, sum of the neighbours' ports [Pa], and `warm` as the hold began.
    """

    inlet: FloatArray
    exhaust: FloatArray
    zero: FloatArray
    air: FloatArray
    flow: FloatArray
    passed: FloatArray
    recent_flow: FloatArray
    recent_outflow: FloatArray
    shown: FloatArray
    explained: FloatArray
    swing_time: FloatArray
    warm: FloatArray
    hold_time: FloatArray
    topped: FloatArray
    let_out: FloatArray
    start: FloatArray
    around: FloatArray
    hold_warm: FloatArray

    @staticmethod
    def initial(shape: tuple[int, ...]) -> AirAccount:
        """Vented and empty."""
        values = dict.fromkeys(AirAccount._fields, np.zeros(shape))
        return AirAccount(**values | {'exhaust': np.ones(shape)})


class AirSample(NamedTuple):
    """What the account is told of one sample.

    Attributes
    ----------
    raw : (..., N) array
        Raw readings of the ports [Pa].
    inlet, exhaust : (..., N) array
        Permitted commands [0..1].
    pump, supply : (..., 1) array
        Drive [0..1], and pressure of the supply [Pa].
    vented_time : (..., N) array
        Time since a vent command [s].
    holding, arrived : (..., N) bool array
        The set-point may be held: it did not change and nothing vents; and it is reached.
    starved : (..., N) bool array
        The chamber is to inflate, is well below its set-point, and the supply has nothing for it.
    """

    raw: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    pump: FloatArray
    supply: FloatArray
    vented_time: FloatArray
    holding: BoolArray
    arrived: BoolArray
    starved: BoolArray


def account_step(
    expectation: Expectation, account: AirAccount, sample: AirSample, dt: float
) -> AirAccount:
    """Bring the account forward by one sample."""
    known = np.isfinite(sample.raw)
    port = np.where(known, sample.raw - account.zero, 0.0)
    venting = sample.vented_time > 0.0
    moved = 1.0 - np.exp(-dt / expectation.valve_response)
    inlet = account.inlet + moved * (sample.inlet - account.inlet)
    exhaust = account.exhaust + moved * (sample.exhaust - account.exhaust)

    # where the supply is not measured, the least flow that a sound one gives is counted on
    rail = np.where(np.isfinite(sample.supply), sample.supply, expectation.relief)
    through = valve_flow(expectation, sample.inlet, rail, port)
    flow = expected_flow(expectation, sample.inlet, sample.pump, rail, through, sample.starved)
    least_flow, most_flow = flow_bounds(expectation, inlet, sample.supply, port)
    # with less across the valve than two sensors may be off, its flow is not known
    least_flow = np.where(rail - port > _TELLING, np.minimum(least_flow, flow), 0.0)
    outflow = most_outflow(expectation, exhaust, port)

    holding = sample.holding & ((account.hold_time > 0.0) | sample.arrived)
    begins = holding & (account.hold_time <= 0.0)
    warm = np.maximum(most_flow, account.warm * np.exp(-dt / _WARM_TIME))
    around = around_chambers(expectation.touching, port)
    fade = np.exp(-dt / _FLOW_FADE)
    recent = np.maximum(most_flow, account.recent_flow * fade)
    recent_outflow = np.maximum(outflow, account.recent_outflow * fade)
    rise = _RISE_TOLERANCE * hose_rise(expectation, recent)
    shows = np.where(known, port - PORT_TOLERANCE - rise, 0.0)
    shown = np.maximum(shows, account.shown * np.exp(-dt / _SHOWN_FADE))
    explained = explained_air(expectation, account, most_flow, recent_outflow, port, known, dt)
    # only what comes in with the inlet open counts: people move
    swings = (inlet > 0.01) & (shows > _SWING)
    swings = swings & (least_air_beyond_slack(expectation, shows - _SWING) > explained)
    learns = known & (sample.vented_time > _ZERO_AFTER) & (np.abs(sample.raw) < _MOST_ZERO)
    learned = account.zero + min(dt / _ZERO_TIME, 1.0) * (sample.raw - account.zero)
    return AirAccount(
        inlet=inlet,
        exhaust=exhaust,
        zero=np.where(learns, learned, account.zero),
        air=expected_air(expectation, account, sample, flow, port, venting, holding, dt),
        flow=flow,
        passed=passed_air(expectation, account, most_flow, recent_outflow, port, known, dt),
        recent_flow=recent,
        recent_outflow=recent_outflow,
        # a port that is let out for a moment to get its pressure right is not vented
        shown=np.where(sample.vented_time > _OPEN_TIME, 0.0, shown),
        explained=explained,
        swing_time=account.swing_time * np.exp(-dt / _SWING_FADE) + dt * swings,
        warm=warm,
        hold_time=np.where(holding, account.hold_time + dt, 0.0),
        topped=np.where(holding, account.topped + least_flow * dt, 0.0),
        let_out=np.where(holding, account.let_out + outflow * dt, 0.0),
        start=np.where(begins, port, account.start),
        around=np.where(begins, around, account.around),
        hold_warm=np.where(begins, warm, account.hold_warm),
    )


def expected_air(
    expectation: Expectation,
    account: AirAccount,
    sample: AirSample,
    flow: FloatArray,
    port: FloatArray,
    venting: BoolArray,
    holding: BoolArray,
    dt: float,
) -> FloatArray:
    """Air that should have come in: begun anew by a vent, and by what the pressure says."""
    pressure = np.maximum(port, 0.0)
    # a vent that is cut short leaves what the pressure says
    left = np.minimum(account.air, air_beyond_slack(expectation, pressure))
    left = np.where(np.isfinite(sample.raw), left, account.air)
    air = np.where(venting, left, account.air + flow * dt)
    # what an exhaust lets out is not counted, nor what a chamber that wants no more has not taken
    said = np.minimum(air, air_needed(expectation, pressure))
    content = holding & (sample.inlet <= 0.0) & ~sample.starved
    return np.asarray(np.where((sample.exhaust > 0.0) | content, said, air))


def most_inside(
    expectation: Expectation, recent_outflow: FloatArray, port: FloatArray
) -> FloatArray:
    """Highest pressure that a chamber can have by its port and its hose's drop [Pa]."""
    inside = np.maximum(port, 0.0) + PORT_TOLERANCE
    return np.asarray(inside + _RISE_TOLERANCE * hose_rise(expectation, recent_outflow))


def passed_air(
    expectation: Expectation,
    account: AirAccount,
    most_flow: FloatArray,
    recent_outflow: FloatArray,
    port: FloatArray,
    known: BoolArray,
    dt: float,
) -> FloatArray:
    """Air that can have come in, and can still be in by what the port and the hose's drop say."""
    passed = account.passed + most_flow * dt
    inside = most_inside(expectation, recent_outflow, port)
    said = np.minimum(passed, most_air_beyond_slack(expectation, inside))
    return np.asarray(np.where(known, said, passed))


def explained_air(
    expectation: Expectation,
    account: AirAccount,
    most_flow: FloatArray,
    recent_outflow: FloatArray,
    port: FloatArray,
    known: BoolArray,
    dt: float,
) -> FloatArray:
    """Air that a port's lowest reading and the inflow since explain, on the stiffest leg.

    Any rise that is slow enough may be a leg that moves.
    """
    moving = least_air_beyond_slack(expectation, np.full_like(port, _MOVEMENT * dt))
    explained = account.explained + most_flow * dt + moving
    inside = most_inside(expectation, recent_outflow, port)
    said = np.minimum(explained, least_air_beyond_slack(expectation, inside))
    return np.asarray(np.where(known, said, explained))


def inside_by_expectation(
    expectation: Expectation, account: AirAccount, raw: FloatArray
) -> FloatArray:
    """Pressure in the chambers, if they get the flow that they should [Pa]."""
    inside: FloatArray = raw - hose_rise(expectation, account.flow)
    return inside


def hold_of(expectation: Expectation, account: AirAccount, raw: FloatArray) -> Hold:
    """What has gone on since the set-point was reached."""
    port = np.where(np.isfinite(raw), raw - account.zero, 0.0)
    return Hold(
        time=account.hold_time,
        rise=port - account.start,
        neighbours_fall=account.around - around_chambers(expectation.touching, port),
        warm_flow=account.hold_warm,
        let_out=account.let_out,
    )
