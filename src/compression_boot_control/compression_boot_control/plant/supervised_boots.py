"""A batch of simulated boots with the safety supervisor before their valves."""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.safety.gate import restricted
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.safety.supervisor import (
    SafetyInputs,
    SafetyState,
    SafetyTable,
    supervisor_step,
)
from compression_boot_control.core.safety.watch import Orders
from compression_boot_control.core.signals import Actuation, FloatArray, Readings
from compression_boot_control.plant.boots import SimulatedBoots


class SupervisedBoots:
    """B garments of N chambers, each under a supervisor that permits what it gets.

    Every request is in time; what ages, a lost node and a broken device do is not simulated here.

    Parameters
    ----------
    boots : SimulatedBoots
        Vented.
    believed : Garment
        What the supervisor believes; arrays (N,) or (B, N).

    Attributes
    ----------
    safety : SafetyState
        Verdict and latched hazards of arrays (B, N) and (B, N, H).
    """

    def __init__(self, boots: SimulatedBoots, believed: Garment) -> None:
        batch = (boots.parameters.shape[0], boots.parameters.shape[1])
        self._boots = boots
        self._table = SafetyTable.build(HARD_LIMITS, believed.legs, believed)
        self._permitted = Actuation.vented(batch)
        self.safety = SafetyState.initial(batch)

    def readings(self) -> Readings:
        """Return the readings of the last step."""
        return self._boots.readings()

    def step(self, wanted: Actuation, target: FloatArray, dt: float) -> Readings:
        """Judge the last readings, apply what is permitted for a time, and read the sensors.

        Parameters
        ----------
        wanted : Actuation
            Request, of arrays (B, N) and (B,).
        target : (B, N) array
            Set-points by which the supervisor judges [Pa]; 0 where a chamber is to be vented.
        dt : float
            Time [s].
        """
        inputs = inputs_of(self._boots.readings(), self._permitted, target)
        self.safety = supervisor_step(self._table, self.safety, inputs, dt)
        self._permitted = restricted(wanted, self.safety.vent)
        return self._boots.step(self._permitted, dt)


def inputs_of(readings: Readings, permitted: Actuation, target: FloatArray) -> SafetyInputs:
    """What supervisors judge of simulated boots, where everything comes in time.

    Parameters
    ----------
    readings : Readings
        Of arrays (B, N) and (B,).
    permitted : Actuation
        The command by which they came about.
    target : (B, N) array
        Set-points [Pa]; 0 where a chamber is to be vented.
    """
    now = np.zeros((len(readings.pressure), 1))
    no = np.zeros(now.shape, dtype=np.bool_)
    return SafetyInputs(
        raw=readings.pressure,
        state_age=now,
        request_age=now,
        cycle_age=now,
        emergency=no,
        device_fault=no,
        orders=Orders(
            target=target,
            inlet=permitted.inlet,
            exhaust=permitted.exhaust,
            pump=np.asarray(permitted.pump)[:, None],
            supply=readings.supply_pressure[:, None],
        ),
    )
