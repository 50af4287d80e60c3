"""What a device test found: one check per figure, with its limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from compression_boot_control.core.signals import FloatArray

ABORTED = 'aborted'
"""Why a test ended that somebody has ended."""

NOT_OPENED = 'not_opened'
"""Finding of a device that could not be opened at all."""


class Verdict(StrEnum):
    """Outcome of a check."""

    PASS = 'pass'
    FAIL = 'fail'
    NOT_RUN = 'not run'


@dataclass(frozen=True)
class Check:
    """One figure and its limit.

    Attributes
    ----------
    step : str
        Step that made it.
    subject : str
        Chamber, or another part of the device.
    verdict : Verdict
    figure : float or None
        In `unit`; None if there is none.
    limit : str
        What is allowed, for a person.
    unit : str
    finding : str
        Name of the defect, such as ``hose_kink``; empty without one.
    advice : str
        Cause and cure, or why it was not run.
    """

    step: str
    subject: str
    verdict: Verdict
    figure: float | None = None
    limit: str = ''
    unit: str = ''
    finding: str = ''
    advice: str = ''


@dataclass(frozen=True)
class Curve:
    """Pressures over a step, for a plot: time (T,) [s], chambers (T, N) and supply (T,) [Pa]."""

    step: str
    time: FloatArray
    pressure: FloatArray
    supply: FloatArray


@dataclass
class DeviceTestReport:
    """All that a test found.

    Attributes
    ----------
    subject : dict
        What was tested: garment, backend, serial number and so on.
    chamber_names : tuple of str
    checks : list of Check
    curves : list of Curve
    ended : str
        Why the test ended early; empty if it did not.
    """

    subject: dict[str, str]
    chamber_names: tuple[str, ...]
    checks: list[Check] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    ended: str = ''

    @property
    def passed(self) -> bool:
        """Whether every step ran to its end and nothing failed."""
        return not self.ended and all(check.verdict is not Verdict.FAIL for check in self.checks)

    @property
    def findings(self) -> tuple[tuple[str, str], ...]:
        """Defects found: name and subject."""
        failed = [check for check in self.checks if check.verdict is Verdict.FAIL]
        return tuple(dict.fromkeys((check.finding, check.subject) for check in failed))

    @property
    def reason(self) -> str:
        """One line on why it did not pass; empty if it did."""
        if self.ended:
            return self.ended
        names = ', '.join(f'{name} ({subject})' for name, subject in self.findings)
        return f'defects found: {names}' if names else ''

    def count(self, verdict: Verdict) -> int:
        """Number of checks with a verdict."""
        return sum(check.verdict is verdict for check in self.checks)
