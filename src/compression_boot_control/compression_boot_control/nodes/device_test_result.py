"""Checks of a device test as messages, and back."""

from __future__ import annotations

import math
from typing import Any

from compression_boot_msgs.msg import DeviceCheck

from compression_boot_control.hardware.device_test.results import Check, Verdict

CODES = {
    Verdict.PASS: DeviceCheck.VERDICT_PASS,
    Verdict.FAIL: DeviceCheck.VERDICT_FAIL,
    Verdict.NOT_RUN: DeviceCheck.VERDICT_NOT_RUN,
}


def check_message(check: Check) -> DeviceCheck:
    """Write a check; no figure is NaN."""
    return DeviceCheck(
        step=check.step,
        subject=check.subject,
        verdict=CODES[check.verdict],
        figure=math.nan if check.figure is None else float(check.figure),
        unit=check.unit,
        limit=check.limit,
        finding=check.finding,
        advice=check.advice,
    )


def check_of(message: Any) -> Check:
    """Read a check."""
    (verdict,) = (verdict for verdict, code in CODES.items() if code == message.verdict)
    return Check(
        step=message.step,
        subject=message.subject,
        verdict=verdict,
        figure=None if math.isnan(message.figure) else float(message.figure),
        limit=message.limit,
        unit=message.unit,
        finding=message.finding,
        advice=message.advice,
    )
