"""A manifold as the experiment of `boots tune` sees it: one garment of a batch, sample by sample.

It stops the experiment, vented, when a sensor is lost, a port reads more than the experiment can
cause, the device reports a fault or falls silent, or somebody asks for an end.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

import numpy as np

from compression_boot_control.core.signals import Actuation, Readings
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.clock import Clock
from compression_boot_control.hardware.device_test.test_bench import (
    SILENCE_LIMIT,
    Aborted,
    TestBench,
)
from compression_boot_control.hardware.manifold import (
    Manifold,
    ManifoldError,
    ManifoldFault,
    ManifoldSample,
)

PORT_LIMIT = 100.0 * MMHG
"""A port that reads more ends the experiment: its steps, and the drop of a narrow hose [Pa] [P]."""


class TuningStopped(Exception):
    """The experiment has ended early and vented: one line with the cause and the cure."""


Witness = Callable[[Actuation, ManifoldSample | None], None]
"""Gets each command of (N,) chambers, and the sample that came after it; None if none came."""


def nobody(_actuation: Actuation, _sample: ManifoldSample | None) -> None:
    """Witness nothing."""


class TuningRig:
    """Opens a manifold, and drives it for the experiment.

    Parameters
    ----------
    manifold : Manifold
        Not open yet; closed, and so vented, as the rig is left.
    clock : Clock
    aborted : callable
        Tells whether to end.
    witness : Witness
        Sees all that is done and read, whatever then stops the experiment.
    """

    def __init__(
        self,
        manifold: Manifold,
        clock: Clock,
        aborted: Callable[[], bool],
        witness: Witness = nobody,
    ) -> None:
        self._manifold = manifold
        self._witness = witness
        self._bench = TestBench(manifold, clock, aborted=aborted)
        self._clock = clock
        self._heard = clock.now()

    def __enter__(self) -> TuningRig:
        self._manifold.open()
        try:
            self._last = self._checked(self._sample(self._bench.command()))
        except BaseException:
            self._manifold.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._manifold.close()

    def readings(self) -> Readings:
        """Return the last sample, of shape (1, N)."""
        return self._last

    def step(self, actuation: Actuation, dt: float) -> Readings:
        """Command for one sample period, which is `dt`, and take the sample at its end.

        Raises
        ------
        TuningStopped
        """
        one = Actuation(actuation.inlet[0], actuation.exhaust[0], np.asarray(actuation.pump[0]))
        try:
            self._last = self._checked(self._sample(one))
            self._heard = self._clock.now()
        except ManifoldError as error:
            self._witness(one, None)
            # a single lost answer is a lost sample
            if self._clock.now() - self._heard > SILENCE_LIMIT:
                raise TuningStopped(str(error)) from error
        except Aborted:
            raise TuningStopped('ended on request; the garment is vented') from None
        return self._last

    def _sample(self, actuation: Actuation) -> ManifoldSample:
        sample = self._bench.sample(actuation)
        self._witness(actuation, sample)
        return sample

    def _checked(self, sample: ManifoldSample) -> Readings:
        readings = sample.readings
        if sample.fault is not ManifoldFault.NONE or sample.watchdog_expired:
            text = self._manifold.fault_text or 'its own dead-man acts'
            raise TuningStopped(f'the device does not obey: {text}; run boots device-test')
        if sample.emergency_input:
            raise TuningStopped('the emergency stop is pressed; release it and tune again')
        if not np.isfinite(readings.supply_pressure):
            raise TuningStopped(
                'the pressure of the rail is not measured: flows cannot be told without it; connect'
                ' its sensor, or measure the volumes by hand and write them into the garment file'
            )
        names = self._manifold.garment.chamber_names
        for name, pressure in zip(names, readings.pressure.tolist(), strict=True):
            if not np.isfinite(pressure):
                raise TuningStopped(f'{name}: its sensor reads nothing; run boots device-test')
            if pressure > PORT_LIMIT:
                raise TuningStopped(
                    f'{name}: reads {pressure / MMHG:.0f} mmHg, more than the experiment asks for; '
                    'look for a kinked hose or an exhaust that does not open'
                )
        return Readings(
            pressure=readings.pressure[None],
            inlet=readings.inlet[None],
            exhaust=readings.exhaust[None],
            supply_pressure=np.asarray(readings.supply_pressure)[None],
            pump=np.asarray(readings.pump)[None],
        )
