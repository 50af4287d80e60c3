"""Messages as the plain values that the commands show."""

from __future__ import annotations

from typing import Any

from compression_boot_msgs.action import RunSession
from compression_boot_msgs.msg import Alarm, Layout, SafetyState, SessionState

from compression_boot_control.cli.views import (
    AlarmView,
    SafetyView,
    SessionRequest,
    SessionResult,
    SessionStage,
    SessionView,
    SleeveView,
    Verdict,
)


def _by_name(names: Any, values: Any) -> dict[str, float]:
    return dict(zip(names, (float(value) for value in values), strict=False))


def session_view(message: SessionState) -> SessionView:
    """Read a session/state."""
    return SessionView(
        stage=SessionStage(message.state),
        status=message.status,
        protocol=message.protocol,
        phase=message.phase,
        cycle=int(message.cycle),
        progress=float(message.progress),
        elapsed=float(message.elapsed),
        remaining=float(message.remaining),
        intensity=float(message.intensity),
        target=_by_name(message.name, message.target),
        pressure=_by_name(message.name, message.pressure),
        dose=_by_name(message.name, message.dose),
        cycles_done=int(message.cycles_done),
        skipped=tuple(message.skipped),
        bench=bool(message.bench),
        warm_up=float(message.warm_up),
        checking=bool(message.checking),
        presence_asked=bool(message.presence_asked),
        presence_left=float(message.presence_left),
    )


def safety_view(message: SafetyState) -> SafetyView:
    """Read a safety/state."""
    return SafetyView(
        verdict=Verdict(message.state),
        reason=message.reason,
        vented=bool(message.vented),
        vented_names=tuple(message.vented_name),
        alarms=tuple(_alarm_view(alarm) for alarm in message.alarms),
    )


def _alarm_view(message: Alarm) -> AlarmView:
    return AlarmView(
        hazard_id=message.id,
        text=message.text,
        priority=int(message.priority),
        chamber_names=tuple(message.name),
        active=bool(message.active),
        latched=bool(message.latched),
        advice=message.advice,
        acknowledged=bool(message.acknowledged),
        silence_left=float(message.silence_left),
        announced=bool(message.announced),
        risen=message.priority > message.initial_priority,
    )


def sleeve_view(message: Layout) -> SleeveView:
    """Read a layout."""
    return SleeveView(
        garment=message.garment,
        backend=message.backend,
        legs=dict(zip(message.name, message.leg, strict=False)),
        zones=dict(zip(message.name, message.zone, strict=False)),
        zone_order=tuple(message.zone_order),
    )


def goal_message(request: SessionRequest) -> RunSession.Goal:
    """Write a goal."""
    return RunSession.Goal(
        protocol=request.protocol,
        intensity=request.intensity,
        minutes=request.minutes,
        leg=request.leg,
        bench=request.bench,
        skip_check=request.skip_check,
    )


def session_result(message: RunSession.Result) -> SessionResult:
    """Read a result."""
    return SessionResult(
        error_code=int(message.error_code),
        error_text=message.error_msg,
        cycles=int(message.cycles),
        elapsed=float(message.elapsed),
        peak=_by_name(message.name, message.peak),
        dose=_by_name(message.name, message.dose),
        vented=bool(message.vented),
        skipped=tuple(message.skipped),
        bench=bool(message.bench),
        warm_up=float(message.warm_up),
    )
