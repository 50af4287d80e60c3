"""Draws what an identification fitted, and what the designed loops do: fit, step and Bode plots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import control
import matplotlib as mpl
import numpy as np

from compression_boot_control.core.chamber_record import ChamberRecord, IdentifiedChamber
from compression_boot_control.core.control_design import Design
from compression_boot_control.core.identification import ENERGY
from compression_boot_control.core.loop_margins import DELAY, FREQUENCIES, loop_response
from compression_boot_control.core.pneumatics import ATMOSPHERE
from compression_boot_control.core.sensing import RATE_TIME
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MMHG


def closed_loop(design: Design) -> control.TransferFunction:
    """Closed loop from target to pressure at the believed chamber, with its delay as Pade."""
    s = control.tf('s')
    gains = design.gains
    numerator, denominator = control.pade(DELAY, 2)
    valve = control.tf(numerator, denominator) / (design.uncertainty.believed_response * s + 1)
    law = gains.kp + gains.ki / s + gains.kd * s / (RATE_TIME * s + 1)
    return control.feedback(law * valve / s, 1)


def held_gas(chamber: IdentifiedChamber, pressure: FloatArray) -> FloatArray:
    """Gas that the identified chamber holds at pressures [kg]."""
    volume = chamber.rest_volume.value + chamber.compliance.value * pressure
    return np.asarray((ATMOSPHERE + pressure) * volume / ENERGY)


def draw(
    path: Path,
    chambers: Sequence[IdentifiedChamber],
    designs: Sequence[Design],
    records: Sequence[ChamberRecord],
) -> None:
    """Write a picture of the experiment, the fit, the step and the open loop of every chamber."""
    mpl.use('Agg')
    from matplotlib import pyplot as plt

    figure, ((run, fit), (step, bode)) = plt.subplots(2, 2, figsize=(12, 8), layout='constrained')
    phase = bode.twinx()
    grid = np.linspace(0.0, 50.0, 50) * MMHG
    moments = np.linspace(0.0, 0.6, 200)
    for k, (chamber, design, record) in enumerate(zip(chambers, designs, records, strict=True)):
        colour = f'C{k % 10}'
        time = record.dt * np.arange(len(record.port))
        run.plot(time, record.port / MMHG, lw=0.7, color=colour, label=chamber.name)
        fit.plot(grid / MMHG, held_gas(chamber, grid) / held_gas(chamber, 0 * grid), color=colour)
        pressure, gas = chamber.rests.T
        fit.plot(pressure / MMHG, gas / held_gas(chamber, 0 * gas), 'o', ms=4, color=colour)
        answer = control.step_response(closed_loop(design), moments)
        step.plot(answer.time, np.squeeze(answer.outputs), lw=0.8, color=colour)
        uncertainty = design.uncertainty
        for corner in uncertainty.corners():
            response = loop_response(design.gains, corner, uncertainty.believed_response)
            bode.semilogx(FREQUENCIES, 20 * np.log10(np.abs(response)), lw=0.5, color=colour)
            angle = np.degrees(np.unwrap(np.angle(response)))
            phase.semilogx(FREQUENCIES, angle, lw=0.5, ls='--', color=colour)
    run.set(xlabel='time [s]', ylabel='reading [mmHg]', title='experiment')
    run.legend(fontsize=6, ncols=2)
    fit.set(xlabel='pressure [mmHg]', ylabel='gas over that of rest [-]', title='fit at the rests')
    step.set(xlabel='time [s]', ylabel='pressure over target [-]', title='step, small signals')
    bode.axhline(0.0, color='k', lw=0.6)
    bode.axhline(-6.0, color='k', lw=0.6, ls=':')
    bode.set(xlabel='rad/s', ylabel='dB', ylim=(-40, 40), title='open loop, all corners')
    phase.set(ylabel='deg, dashed', ylim=(-360, 0))
    for axis in (run, fit, step, bode):
        axis.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
