"""The supervisor's alarms: their life, and the services by which people answer them.

What is answered here changes what is announced, never what is vented.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from compression_boot_msgs.srv import AcknowledgeAlarm, SilenceAlarm

from compression_boot_control.core.safety.alarms import (
    AlarmRefused,
    AlarmState,
    AlarmTable,
    acknowledge,
    alarms_step,
    silence,
)
from compression_boot_control.core.safety.supervisor import SafetyState, SafetyStatus, status
from compression_boot_control.core.signals import BoolArray
from compression_boot_control.nodes.interfaces import ACKNOWLEDGE, SILENCE
from compression_boot_control.nodes.runtime import SafeNode


class SafetyAlarms:
    """Follows the alarms of one garment, and answers the services.

    Parameters
    ----------
    node : SafeNode
        Offers the services.
    chambers : int
    on_change : callable
        Called after an answer that was taken.

    Attributes
    ----------
    state : AlarmState
    """

    def __init__(self, node: SafeNode, chambers: int, on_change: Callable[[], None]) -> None:
        self._log = node.get_logger()
        self._on_change = on_change
        self._table = AlarmTable.build()
        self._stepped_at = -math.inf
        self.state = AlarmState.initial((chambers,))
        node.serve(ACKNOWLEDGE, self._on_acknowledge)
        node.serve(SILENCE, self._on_silence)

    def follow(self, safety: SafetyState, now: float) -> None:
        """Take the supervisor's verdict at a time of the steady clock [s]."""
        elapsed, self._stepped_at = now - self._stepped_at, now
        self.state = alarms_step(self._table, self.state, _concerned(safety), elapsed)

    def _on_acknowledge(
        self, request: AcknowledgeAlarm.Request, response: AcknowledgeAlarm.Response
    ) -> AcknowledgeAlarm.Response:
        return self._answer(response, lambda: acknowledge(self.state, request.id))

    def _on_silence(
        self, request: SilenceAlarm.Request, response: SilenceAlarm.Response
    ) -> SilenceAlarm.Response:
        return self._answer(response, lambda: silence(self.state, request.id, request.seconds))

    def _answer(self, response: Any, change: Callable[[], AlarmState]) -> Any:
        try:
            self.state = change()
        except AlarmRefused as refused:
            response.error_code, response.error_msg = int(refused.refusal), str(refused)
        else:
            self._on_change()
        return response


def _concerned(safety: SafetyState) -> BoolArray:
    """Chambers by hazard; while the supervisor starts, what it has not heard yet is no alarm."""
    concerned: BoolArray = safety.active | safety.latch
    return concerned & (status(safety) != SafetyStatus.STARTING)
