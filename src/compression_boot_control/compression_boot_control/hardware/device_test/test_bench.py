"""Drives a manifold through a test: a command for a time, samples all the while, safe to abort."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from compression_boot_control.core.signals import Actuation, BoolArray, FloatArray
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.clock import Clock, SteadyClock
from compression_boot_control.hardware.device_test.results import Check, Curve, Verdict
from compression_boot_control.hardware.manifold import (
    Manifold,
    ManifoldError,
    ManifoldFault,
    ManifoldSample,
)

PRESSURE_STOP = 120.0 * MMHG
"""A pressure at a port above this, for `PRESSURE_STOP_TIME`, ends the test [Pa] [P]."""

PRESSURE_STOP_TIME = 0.5
"""How long a pressure may be above it, e.g. in front of a kinked hose [s] [P]."""

SILENCE_LIMIT = 0.15
"""A device that is silent for longer ends the test [s]."""


class Aborted(Exception):
    """Somebody has asked the test to end."""


class DeviceFaulty(Exception):
    """The device reports a fault, so that nothing more can be tested."""


@dataclass
class Trace:
    """What was sampled: time (T,) [s], pressures (T, N) and supply (T,) [Pa]."""

    time: FloatArray
    pressure: FloatArray
    supply: FloatArray
    last: ManifoldSample

    def end(self, seconds: float) -> FloatArray:
        """(N,) mean pressure over the last part of it [Pa]."""
        late: BoolArray = self.time >= self.time[-1] - seconds
        mean: FloatArray = self.pressure[late].mean(axis=0)
        return mean


@dataclass
class TestBench:
    """A manifold under test.

    Attributes
    ----------
    manifold : Manifold
        Open.
    clock : Clock
    progress : callable
        Gets the step's name and one line.
    aborted : callable
        Tells whether to end.
    zero : (N,) array
        Reading of each sensor without pressure, once it is known [Pa].
    kept : (N,) array
        Pressure in each chamber just after its fill [Pa].
    usable : (N,) array of bool
        Chambers with a sensor and valves that can be trusted with the next step.
    """

    __test__ = False  # not a test class of pytest

    manifold: Manifold
    clock: Clock = field(default_factory=SteadyClock)
    progress: Callable[[str, str], None] = lambda _step, _text: None
    aborted: Callable[[], bool] = lambda: False
    checks: list[Check] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    step: str = ''
    reference: dict[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.manifold.garment)
        self.zero: FloatArray = np.zeros(count)
        self.kept: FloatArray = np.zeros(count)
        self.usable: BoolArray = np.ones(count, bool)
        self._next = self.clock.now()
        self._not_high_at = self._next

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the chambers."""
        return self.manifold.garment.chamber_names

    def command(
        self, *, inlet: tuple[int, ...] = (), shut: tuple[int, ...] = (), pump: float = 0.0
    ) -> Actuation:
        """Make a command: some inlets open, some exhausts shut, all else in its safe position."""
        count = len(self.names)
        inlets, exhausts = np.zeros(count), np.ones(count)
        inlets[list(inlet)] = 1.0
        exhausts[list(inlet) + list(shut)] = 0.0
        return Actuation(inlets, exhausts, np.asarray(pump))

    def sample(self, actuation: Actuation | None) -> ManifoldSample:
        """Command, wait one period, and sample.

        Raises
        ------
        Aborted, DeviceFaulty, ManifoldError
        """
        if self.aborted():
            raise Aborted
        if actuation is not None:
            self.manifold.write(actuation)
        now = self.clock.now()
        self._next = max(self._next + self.manifold.sample_period, now)
        self.clock.wait(self._next - now)
        sample = self.manifold.read()
        self._stop_if_high(sample)
        return sample

    def _stop_if_high(self, sample: ManifoldSample) -> None:
        now = self.clock.now()
        high = sample.readings.pressure > PRESSURE_STOP
        if not np.any(high):
            self._not_high_at = now
        elif now - self._not_high_at > PRESSURE_STOP_TIME:
            name = self.names[int(np.argmax(high))]
            raise DeviceFaulty(
                f'{name} reads above {PRESSURE_STOP / MMHG:g} mmHg, and everything was vented: '
                'look at its valves, hose and sensor'
            )

    def run(
        self,
        seconds: float,
        actuation: Actuation,
        until: Callable[[ManifoldSample], bool] | None = None,
    ) -> Trace:
        """Hold a command for a time, or until something is so.

        Raises
        ------
        Aborted, DeviceFaulty, ManifoldError
        """
        started = heard = self.clock.now()
        times, pressures, supplies = [], [], []
        while True:
            try:
                sample = self.sample(actuation)
                heard = self.clock.now()
            except ManifoldError:
                # a single lost answer is a lost sample; the communication step counts them
                if self.clock.now() - heard > SILENCE_LIMIT:
                    raise
                continue
            if sample.fault is not ManifoldFault.NONE:
                raise DeviceFaulty(self.manifold.fault_text)
            times.append(self.clock.now() - started)
            pressures.append(sample.readings.pressure)
            supplies.append(float(sample.readings.supply_pressure))
            if times[-1] >= seconds or (until is not None and until(sample)):
                break
        trace = Trace(np.array(times), np.array(pressures), np.array(supplies), sample)
        self.curves.append(Curve(self.step, started + trace.time, trace.pressure, trace.supply))
        return trace

    def vent(self, seconds: float) -> Trace:
        """Vent everything for a time."""
        return self.run(seconds, self.command())

    # -- results

    def passed(self, subject: str, figure: float | None, limit: str, unit: str) -> None:
        """Note a check that passed."""
        self.checks.append(Check(self.step, subject, Verdict.PASS, figure, limit, unit))

    def failed(
        self, subject: str, finding: str, advice: str, figure: float | None, limit: str, unit: str
    ) -> None:
        """Note a check that failed."""
        self.checks.append(
            Check(self.step, subject, Verdict.FAIL, figure, limit, unit, finding, advice)
        )
        self.progress(self.step, f'{subject}: {finding}')
        if subject in self.names:
            self.usable[self.names.index(subject)] = False

    def not_run(self, subject: str, reason: str) -> None:
        """Note a check that could not be made."""
        self.checks.append(Check(self.step, subject, Verdict.NOT_RUN, advice=reason))
