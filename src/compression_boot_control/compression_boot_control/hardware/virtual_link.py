"""A device without a network and without a clock: for tests that take no time."""

from __future__ import annotations

from collections.abc import Sequence

from compression_boot_control.hardware.emulated_device import EmulatedDevice, IllegalAddress
from compression_boot_control.hardware.manifold import LinkError, ManifoldError
from compression_boot_control.hardware.registers import Block


class VirtualClock:
    """A clock that goes on when it is told to.

    Attributes
    ----------
    time : float
        [s]
    """

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        """Reading [s]."""
        return self.time

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds


class VirtualLink:
    """Carries blocks to an emulated device in the same process.

    Attributes
    ----------
    cut : bool
        Whether the link is broken at present.
    """

    name = 'emulated device'

    def __init__(self, device: EmulatedDevice, clock: VirtualClock) -> None:
        self.cut = False
        self._device = device
        self._clock = clock

    def open(self) -> None:
        """Connect."""
        self._check()

    def close(self) -> None:
        """Disconnect."""

    def read(self, block: Block) -> dict[int, int]:
        """Words by address."""
        self._check()
        try:
            words = self._device.read(block.address, block.count)
        except IllegalAddress as error:
            raise ManifoldError(f'{self.name}: {error}') from error
        return dict(zip(block.addresses, words, strict=True))

    def write(self, address: int, words: Sequence[int]) -> None:
        """Write consecutive words."""
        self._check()
        try:
            self._device.write(address, words)
        except IllegalAddress as error:
            raise ManifoldError(f'{self.name}: {error}') from error

    def _check(self) -> None:
        if self.cut:
            raise LinkError(f'{self.name}: the link is cut')
        self._device.advance(self._clock.now())
