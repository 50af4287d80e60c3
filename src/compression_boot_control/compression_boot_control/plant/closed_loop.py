"""A whole session without ROS: simulated boots, sensing, sequence, control, stepped in one loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from compression_boot_control.core.chamber_control import (
    ControlParameters,
    ControlState,
    control_step,
)
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.sensing import SensingParameters, SensingState, sensing_step
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceState,
    SequenceTable,
    SessionStatus,
    sequence_step,
)
from compression_boot_control.core.signals import Actuation, FloatArray, IntArray
from compression_boot_control.plant.boots import SimulatedBoots

SAMPLE_PERIOD = 0.01
"""Time from one sample to the next [s]."""

ZEROING_TIME = 3.0
"""Time vented before a session begins, in which sensing finds its zero [s]."""


@dataclass(frozen=True)
class SessionTrace:
    """What a simulated session did: T samples of N chambers.

    Attributes
    ----------
    time : (T,) array
        Session time at each sample [s].
    cycle, stage : (T,) array
        Compression cycle from 1, row of the plan.
    mode, target : (T, N) array
        Set-points, `Mode` and [Pa].
    pressure : (T, N) array
        Estimated chamber pressure, as the nodes publish it [Pa].
    true_pressure : (T, N) array
        Pressure in the simulated chambers [Pa].
    supply_pressure : (T,) array
        Gauge pressure of the rail [Pa].
    inlet_switches, exhaust_switches : (N,) array
        How often each valve opened.
    final : SequenceState
        State of the sequence at the end.
    """

    time: FloatArray
    cycle: IntArray
    stage: IntArray
    mode: IntArray
    target: FloatArray
    pressure: FloatArray
    true_pressure: FloatArray
    supply_pressure: FloatArray
    inlet_switches: IntArray
    exhaust_switches: IntArray
    final: SequenceState


def simulate_session(
    boots: SimulatedBoots,
    garment: Garment,
    plan: Plan,
    *,
    control: ControlParameters | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> SessionTrace:
    """Run a plan on simulated boots until the sequence is done.

    Parameters
    ----------
    boots : SimulatedBoots
        One garment, no batch axes.
    garment : Garment
        What sensing and control believe.
    plan : Plan
    control : ControlParameters or None
        None: the defaults for the garment.
    on_progress : callable or None
        Called now and then with the part of the session that is done [0..1].
    """
    shape = (len(garment),)
    sensing_parameters = SensingParameters.from_garment(garment)
    control_parameters = control or ControlParameters.from_garment(garment)
    sequence_parameters = SequenceParameters()
    table = SequenceTable.of_plan(plan)
    request = SequenceRequest.nothing(shape)
    sensing, controller = SensingState.initial(shape), ControlState.initial(shape)
    sequence = SequenceState.initial(shape)
    vented = Actuation.vented(shape)

    for _ in range(round(ZEROING_TIME / SAMPLE_PERIOD)):
        readings = boots.step(vented, SAMPLE_PERIOD)
        sensing, _ = sensing_step(sensing_parameters, sensing, readings, SAMPLE_PERIOD)

    actuation = vented
    rows: list[tuple[float, int, int]] = []
    columns: tuple[list[FloatArray], ...] = ([], [], [], [])
    supply: list[float] = []
    while int(sequence.status[0]) != SessionStatus.DONE:
        readings = boots.step(actuation, SAMPLE_PERIOD)
        sensing, pressures = sensing_step(sensing_parameters, sensing, readings, SAMPLE_PERIOD)
        sequence, setpoints = sequence_step(
            sequence_parameters, table, sequence, request, pressures.pressure, SAMPLE_PERIOD
        )
        controller, actuation = control_step(
            control_parameters, controller, pressures, setpoints, SAMPLE_PERIOD
        )
        rows.append((len(rows) * SAMPLE_PERIOD, int(sequence.cycle[0]), int(sequence.stage[0])))
        for column, values in zip(
            columns,
            (setpoints.mode, setpoints.target, pressures.pressure, boots.true_pressure),
            strict=True,
        ):
            column.append(values)
        supply.append(float(readings.supply_pressure))
        if on_progress is not None and len(rows) % 1000 == 0:
            on_progress(min(float(sequence.session_time[0]) / plan.session_time, 1.0))
    times, cycles, stages = zip(*rows, strict=True)
    mode, target, pressure, true_pressure = (np.array(column) for column in columns)
    return SessionTrace(
        time=np.array(times),
        cycle=np.array(cycles),
        stage=np.array(stages),
        mode=mode,
        target=target,
        pressure=pressure,
        true_pressure=true_pressure,
        supply_pressure=np.array(supply),
        inlet_switches=controller.inlet_switches,
        exhaust_switches=controller.exhaust_switches,
        final=sequence,
    )
