"""The simulated backend: boots that exist as equations, behind the interface of real ones."""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.dead_man import DeadMan
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation
from compression_boot_control.hardware.manifold import Manifold, ManifoldFault, ManifoldSample
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.parameters import PlantParameters, vary

SAMPLE_PERIOD = 0.01
"""Time from one sample of the simulated device to the next, unless asked for another [s]."""


def wearer(garment: Garment, seed: int) -> PlantParameters:
    """Boots and legs that differ from the garment file as real ones would.

    Seed 0 gives exactly what the file says; any other seed one draw of legs and workshop.
    """
    nominal = PlantParameters.from_garment(garment)
    return nominal if seed == 0 else vary(nominal, np.random.default_rng(seed))


class SimulatedManifold(Manifold):
    """Simulated boots; each `read` lets one sample period pass.

    Parameters
    ----------
    garment : Garment
    seed : int
        Draws the legs and the sensors' noise; see `wearer`.
    sample_period : float
        [s]
    """

    def __init__(
        self, garment: Garment, seed: int = 0, sample_period: float = SAMPLE_PERIOD
    ) -> None:
        self.garment = garment
        self.sample_period = sample_period
        self.boots = SimulatedBoots(wearer(garment, seed), seed)
        self._vented = Actuation.vented((len(garment),))
        self._actuation = self._vented
        self._dead_man = DeadMan()

    def open(self) -> None:
        """Leave the boots vented."""
        self._actuation = self._vented

    def read(self) -> ManifoldSample:
        """Let one sample period pass, under the dead-man, and read the sensors."""
        expired = self._dead_man.expired(self.boots.time)
        actuation = self._vented if expired else self._actuation
        readings = self.boots.step(actuation, self.sample_period)
        return ManifoldSample(readings, watchdog_expired=expired, fault=ManifoldFault.NONE)

    def write(self, actuation: Actuation) -> None:
        """Drive valves and pump from the next period on."""
        self._actuation = actuation
        self._dead_man = self._dead_man.permitted(self.boots.time)

    def close(self) -> None:
        """Vent."""
        self.vent()
