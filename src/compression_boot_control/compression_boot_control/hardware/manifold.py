"""The Manifold interface: all that the rest of the system knows of pumps, valves and sensors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation, Readings


class ManifoldFault(IntEnum):
    """What is wrong with the hardware; the values of ``ManifoldState.msg``."""

    NONE = 0
    NOT_READY = 1
    COMMUNICATION = 2
    DEVICE = 3


class ManifoldError(RuntimeError):
    """The hardware cannot be opened or does not answer; the text is one line with a cure."""


class LinkError(ManifoldError):
    """No right answer came; the next one may be right."""


@dataclass(frozen=True)
class ManifoldSample:
    """One answer of the hardware.

    Attributes
    ----------
    readings : Readings
        Raw values of (N,) chambers in the garment's order; NaN where there is none.
    watchdog_expired : bool
        The device's own dead-man acts.
    fault : ManifoldFault
    emergency_input : bool
        The hardware's emergency input is pressed, or its line is broken.
    """

    readings: Readings
    watchdog_expired: bool
    fault: ManifoldFault
    emergency_input: bool = False


@dataclass(frozen=True)
class Identity:
    """Who the device says it is; None for what it does not say.

    Attributes
    ----------
    serial_number, firmware_version : int or None
    dead_man : float or None
        Time without a command after which the device vents by itself [s].
    """

    serial_number: int | None = None
    firmware_version: int | None = None
    dead_man: float | None = None


class Manifold(ABC):
    """A valve manifold with its pump and sensors.

    A backend answers within one sample period or raises `ManifoldError`; it never answers with an
    old value, and never with 0 in place of one that is missing. It has a dead-man of its own:
    without a `write` for 250 ms it closes the inlets, opens the exhausts and stops the pump.

    The tests in ``test/hardware/test_conformance.py`` say all this of every backend.

    Attributes
    ----------
    garment : Garment
        What is connected.
    sample_period : float
        Time from one `read` to the next [s].
    fault_text : str
        One line on the fault of the last sample; empty without one.
    warnings : tuple of str
        Doubts that do not keep it from being used, one line each; known once it is open.
    """

    garment: Garment
    sample_period: float
    fault_text: str = ''
    warnings: tuple[str, ...] = ()

    @abstractmethod
    def open(self) -> None:
        """Connect, and leave the garment vented."""

    @abstractmethod
    def read(self) -> ManifoldSample:
        """Take a sample; called once every sample period."""

    @abstractmethod
    def write(self, actuation: Actuation) -> None:
        """Drive valves and pump, and feed the device's dead-man."""

    @abstractmethod
    def close(self) -> None:
        """Vent and disconnect; harmless when it is closed already."""

    def vent(self) -> None:
        """Drive everything to its safe position."""
        self.write(Actuation.vented((len(self.garment),)))

    def reset(self) -> None:
        """Obey again after a dead-man, a dump or a trip of the device; leaves the garment vented.

        Somebody who has looked at the garment asks for it; nothing calls it by itself.
        """
        self.vent()

    def identity(self) -> Identity:
        """Who the device says it is."""
        return Identity()

    def calibration(self) -> str:
        """Calibration that corrects its readings, in one line; empty without one."""
        return ''

    def dump(self) -> bool:
        """Vent by the device's own emergency stop, until `reset`; False if it has none."""
        return False

    def limit_pressure(self, pressure: float | None) -> bool:
        """Lower the pressure at which the device vents by itself [Pa]; False if it cannot.

        None gives the device its own limit back.
        """
        return False
