"""The keys of a running session: what each asks for, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from compression_boot_control.cli.errors import CommandError
from compression_boot_control.cli.views import SessionStage
from compression_boot_control.sessions.limits import INTENSITY, ZONE_OFFSET

if TYPE_CHECKING:
    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.session_calls_ros import SessionCall

STEP = 0.05
"""A key changes the intensity by this."""

BOOST_MMHG = 5.0
"""A key changes a zone by this."""

LONGER = 5.0
"""A key makes the session longer by this [min]."""

SAID_TIME = 6.0
"""An answer is shown for this time [s]."""

ANSWER_TIME = 3.0
"""A planner that has not answered after this time is said not to [s]."""

HINT = (
    'p pause  + − pressure  e longer  1 2 3 ... zone  q stop   '
    'felt: d discomfort  n numb  t tingling  h pain'
)

QUESTION = 'Are you awake and well, without numbness, tingling or pain? Press Enter to go on.'

FELT = {'d': 'discomfort', 'n': 'numbness', 't': 'tingling', 'h': 'pain'}


class Keys(Protocol):
    """Where keys come from."""

    @property
    def there(self) -> bool:
        """Whether somebody could press one."""
        ...

    def pressed(self) -> str:
        """Keys since the last time."""
        ...


@dataclass(frozen=True)
class _Asked:
    """A call that waits for its answer; `boost` is a zone and what it will have [mmHg]."""

    call: SessionCall
    answer: Any
    at: float
    boost: tuple[str, float] | None


class SessionKeys:
    """Turns keys into calls of the session's services, without ever waiting for an answer.

    Parameters
    ----------
    client : BootsClient
    keys : Keys
    stop : callable
        Ends the session, as Ctrl-C does.
    alert : callable
        Called when the session begins to ask whether the person is awake and well.
    """

    def __init__(
        self,
        client: BootsClient,
        keys: Keys,
        stop: Callable[[], None],
        alert: Callable[[], object] = lambda: None,
    ) -> None:
        self._alert = alert
        self._alerted = False
        self._client = client
        self._keys = keys
        self._stop = stop
        self._zone = ''
        self._boosts: dict[str, float] = {}
        self._intensity: float | None = None
        self._asked: list[_Asked] = []
        self._said = ''
        self._said_at = float('-inf')

    def turn(self) -> None:
        """Take the keys that were pressed and the answers that have come."""
        if self._presence_asked and not self._alerted:
            self._alert()
        self._alerted = self._presence_asked
        for key in self._keys.pressed():
            self._on_key(key)
        now = time.monotonic()
        waiting = []
        for asked in self._asked:
            if asked.answer.done():
                self._on_answer(asked)
            elif now - asked.at > ANSWER_TIME:
                self._say('the planner does not answer: Ctrl-C twice stops at once')
            else:
                waiting.append(asked)
        self._asked = waiting

    @property
    def line(self) -> str:
        """What to show below the session: an answer, a question, or which keys there are."""
        if not self._keys.there:
            return ''
        if self._presence_asked:
            return QUESTION
        if self._zone:
            return f'{self._zone}: s leave out  a take back in  b more  l less'
        if time.monotonic() - self._said_at < SAID_TIME:
            return self._said
        return HINT

    @property
    def _presence_asked(self) -> bool:
        session = self._client.session
        return session is not None and session.presence_asked

    def _say(self, text: str) -> None:
        self._said, self._said_at = text, time.monotonic()

    def _on_answer(self, asked: _Asked) -> None:
        try:
            self._say(asked.call.outcome(asked.answer.result()))
        except CommandError as refusal:
            self._intensity = None
            self._say(str(refusal))
            return
        if asked.boost is not None:
            zone, offset = asked.boost
            self._boosts[zone] = offset

    def _on_key(self, key: str) -> None:
        from compression_boot_control.cli import session_calls_ros as calls

        session = self._client.session
        if session is None or not session.stage.occupied:
            return
        if key in '\r\n' and session.presence_asked:
            self._ask(calls.confirmation())
        elif self._zone:
            zone, self._zone = self._zone, ''
            self._on_zone_key(zone, key)
        elif key == 'q':
            self._say('stopping')
            self._stop()
        elif key == 'p':
            paused = session.stage == SessionStage.PAUSED
            self._ask(calls.resume() if paused else calls.pause())
        elif key in '+-=_':
            step = STEP if key in '+=' else -STEP
            wanted = (self._intensity or session.intensity) + step
            self._intensity = INTENSITY.nearest(round(wanted, 2))
            self._ask(calls.intensity(self._intensity))
        elif key == 'e':
            self._ask(calls.extension(LONGER))
        elif key in FELT:
            self._intensity = None
            self._ask(calls.symptom(FELT[key]))
        elif key.isdecimal() and self._client.sleeves is not None:
            zones = dict(enumerate(self._client.sleeves.zone_order, 1))
            self._zone = zones.get(int(key), '')

    def _on_zone_key(self, zone: str, key: str) -> None:
        from compression_boot_control.cli import session_calls_ros as calls

        boost = self._boosts.get(zone, 0.0)
        if key == 's':
            self._ask(calls.zone_skip(zone, 'both'))
        elif key in ('a', 'b', 'l'):
            change = {'a': 0.0, 'b': BOOST_MMHG, 'l': -BOOST_MMHG}[key]
            wanted = ZONE_OFFSET.nearest(boost + change)
            self._ask(calls.zone_offset(zone, 'both', wanted), (zone, wanted))

    def _ask(self, call: SessionCall, boost: tuple[str, float] | None = None) -> None:
        answer = self._client.ask(call.service, call.request)
        self._asked.append(_Asked(call, answer, time.monotonic(), boost))
