"""Requirements of the safety path that no row of the supervisor's table holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Requirement:
    """One requirement.

    Attributes
    ----------
    id : str
    text : str
        What must happen, in one sentence.
    code : str
        Where it is kept, below the package.
    """

    id: str
    text: str
    code: str


REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        'SR-21',
        'The manifold node closes inlets, opens exhausts and stops the pump by itself without a '
        'fresh permit for 250 ms.',
        'nodes/manifold.py',
    ),
    Requirement(
        'SR-22',
        'The device does the same by a dead-man of its own, whatever the node does.',
        'hardware/manifold.py',
    ),
    Requirement(
        'SR-23',
        'What has tripped stays vented until a reset, which needs the cause gone, all chambers '
        'below 15 mmHg, and a person who confirms.',
        'core/safety/supervisor.py',
    ),
    Requirement(
        'SR-24',
        'A command that is malformed, old, repeated, not a number, or for other chambers opens '
        'nothing.',
        'core/safety/gate.py',
    ),
    Requirement(
        'SR-25',
        'No inlet is open without a fresh permit, nor while more than one sends permits.',
        'core/safety/gate.py, core/dead_man.py',
    ),
    Requirement(
        'SR-26',
        'The loss or hang of the supervisor, the controller, the sensing or the planner opens all '
        'exhausts within 300 ms.',
        'nodes/',
    ),
    Requirement(
        'SR-27',
        'Hard limits are in code; a parameter may only tighten them.',
        'core/safety/limits.py',
    ),
    Requirement(
        'SR-28',
        'A supervisor that is started beside another one ends itself with one line.',
        'nodes/safety_supervisor.py',
    ),
    Requirement(
        'SR-29',
        'An alarm is announced as soon as its hazard is confirmed, rises while nobody attends, and '
        'can be acknowledged, or silenced for up to 120 s; neither changes what is vented.',
        'core/safety/alarms.py, nodes/safety_alarms.py',
    ),
    Requirement(
        'SR-30',
        'A session begins with a check of zero, supply, valves, hoses, leaks and vent time; what '
        'it finds ends the session, vented. It is left out only with nobody in the boots.',
        'core/pre_use_check.py, sessions/check_plan.py',
    ),
    Requirement(
        'SR-31',
        'Every 15 minutes the person is asked whether all is well; no answer within 60 s ends the '
        'session, vented.',
        'core/presence.py',
    ),
    Requirement(
        'SR-32',
        'Numbness, tingling, pain and every unknown symptom end the session at once, and a stop '
        'vents, in every state and from every surface.',
        'nodes/session_services.py, cli/stop.py, cli/session.py',
    ),
)
"""In the order of their ids, which go on from the hazards'."""
