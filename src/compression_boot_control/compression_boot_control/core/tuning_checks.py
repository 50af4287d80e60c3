"""What ends the experiment of `boots tune` besides the supervisor: samples that it cannot use.

The limits are tighter than the supervisor's, which knows nothing of the experiment.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from compression_boot_control.core.signals import Readings
from compression_boot_control.core.units import MMHG

PORT_LIMIT = 100.0 * MMHG
"""A port that reads more ends the experiment: its steps, and the drop of a narrow hose [Pa] [P]."""


def unusable(
    names: Sequence[str],
    readings: Readings,
    *,
    faulty: bool,
    dead_man_acts: bool,
    emergency_input: bool,
) -> str:
    """Tell why the experiment cannot go on from a sample: one line with the cause and the cure.

    Parameters
    ----------
    names : sequence of str
        Chambers.
    readings : Readings
        Of arrays (N,).
    faulty : bool
        The device reports a fault.
    dead_man_acts : bool
        It vents by itself, since no permitted command has come.
    emergency_input : bool
        Its emergency stop is pressed.

    Returns
    -------
    str
        Empty if it can.
    """
    if faulty:
        return 'the device reports a fault: run boots device-test'
    if dead_man_acts:
        return (
            'the device vents by itself, since no permits come in time: close other programs and '
            'tune again, or run boots device-test'
        )
    if emergency_input:
        return 'the emergency stop is pressed: release it and tune again'
    if not np.isfinite(readings.supply_pressure):
        return (
            'the pressure of the rail is not measured: flows cannot be told without it; connect '
            'its sensor, or measure the volumes by hand and write them into the garment file'
        )
    for name, pressure in zip(names, readings.pressure.tolist(), strict=True):
        if not np.isfinite(pressure):
            return f'{name}: its sensor reads nothing; run boots device-test'
        if pressure > PORT_LIMIT:
            return (
                f'{name}: reads {pressure / MMHG:.0f} mmHg, more than the experiment asks for; '
                'look for a kinked hose or an exhaust that does not open'
            )
    return ''
