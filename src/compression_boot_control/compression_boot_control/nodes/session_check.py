"""Publishes what the pre-use check of a session finds, so that everybody and the bag have it."""

from __future__ import annotations

from compression_boot_msgs.msg import CheckItem as CheckItemMessage
from compression_boot_msgs.msg import PreUseCheck

from compression_boot_control.core.pre_use_check import CheckItem
from compression_boot_control.nodes.interfaces import SESSION_CHECK
from compression_boot_control.nodes.running_session import RunningSession
from compression_boot_control.nodes.runtime import SafeNode
from compression_boot_control.sessions.check_run import CheckOutcome

TEXTS = {
    CheckOutcome.RUNNING: 'the pre-use check is under way',
    CheckOutcome.PASSED: 'everything that could be judged is in order',
    CheckOutcome.SKIPPED: 'left out: nobody is in the boots',
    CheckOutcome.ENDED: 'the session was ended before the check was done',
}


class CheckReport:
    """Follows a session, and publishes session/check at every news.

    Parameters
    ----------
    node : SafeNode
    """

    def __init__(self, node: SafeNode) -> None:
        self._node = node
        self._publisher = node.advertise(SESSION_CHECK)
        self._said: tuple[RunningSession, CheckOutcome, int] | None = None

    def follow(self, session: RunningSession) -> None:
        """Publish, if there is anything new."""
        check = session.check
        outcome = CheckOutcome.SKIPPED if check is None else check.outcome
        news = (session, outcome, 0 if check is None else check.count)
        if news == self._said:
            return
        self._said = news
        message = PreUseCheck(
            protocol=session.plan.protocol,
            outcome=int(outcome),
            duration=0.0 if check is None else check.duration,
            text=check.failure if check and check.failure else TEXTS[outcome],
            items=[] if check is None else [_item_message(item) for item in check.items],
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)


def _item_message(item: CheckItem) -> CheckItemMessage:
    return CheckItemMessage(
        step=item.step,
        subject=item.subject,
        verdict=int(item.verdict),
        measured=float(item.measured),
        limit=float(item.limit),
        unit=item.unit,
        text=item.text,
    )
