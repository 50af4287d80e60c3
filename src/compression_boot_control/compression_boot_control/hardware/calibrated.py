"""A manifold whose readings are corrected by a calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from compression_boot_control.core.signals import Actuation
from compression_boot_control.hardware.calibration import (
    Calibration,
    CalibrationError,
    drift_warnings,
    warnings_of,
)
from compression_boot_control.hardware.manifold import (
    Identity,
    Manifold,
    ManifoldError,
    ManifoldSample,
)


class CalibratedManifold(Manifold):
    """Passes everything on to another manifold, and corrects what it reads.

    Parameters
    ----------
    inner : Manifold
    history : sequence of Calibration
        Of this device, the newest last.
    today : callable
    """

    def __init__(
        self,
        inner: Manifold,
        history: Sequence[Calibration],
        today: Callable[[], date] = date.today,
    ) -> None:
        self.garment = inner.garment
        self.sample_period = inner.sample_period
        self._inner = inner
        self._history = tuple(history)
        self._today = today

    def open(self) -> None:
        """Connect, and refuse a calibration that is not of this device."""
        self._inner.open()
        calibration = self._history[-1]
        serial_number = self._inner.identity().serial_number
        try:
            doubts = warnings_of(
                calibration, serial_number, self.garment.chamber_names, self._today()
            )
        except CalibrationError as error:
            self._inner.close()
            raise ManifoldError(str(error)) from error
        self.warnings = doubts + drift_warnings(self._history)

    def read(self) -> ManifoldSample:
        """Take a sample, corrected."""
        sample = self._inner.read()
        self.fault_text = self._inner.fault_text
        pressure = self._history[-1].correct(sample.readings.pressure)
        return replace(sample, readings=replace(sample.readings, pressure=pressure))

    def write(self, actuation: Actuation) -> None:
        """Drive valves and pump."""
        self._inner.write(actuation)

    def close(self) -> None:
        """Vent and disconnect."""
        self._inner.close()

    def reset(self) -> None:
        """Obey again; leaves the garment vented."""
        self._inner.reset()

    def identity(self) -> Identity:
        """Who the device says it is."""
        return self._inner.identity()

    def calibration(self) -> str:
        """Say which calibration corrects the readings."""
        return self._history[-1].text()

    def dump(self) -> bool:
        """Vent by the device's own emergency stop."""
        return self._inner.dump()

    def limit_pressure(self, pressure: float | None) -> bool:
        """Lower the device's own limit."""
        return self._inner.limit_pressure(pressure)
