"""The control law: one sample at a time, and in a loop with the simulated boots."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from compression_boot_control.core.chamber_control import HIGHEST_TARGET, control_step
from compression_boot_control.core.control_parameters import ControlParameters, ControlState
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.pneumatics import (
    REFERENCE_DENSITY,
    chamber_capacity,
    hose_drop,
    orifice_flow,
)
from compression_boot_control.core.sensing import sensing_step
from compression_boot_control.core.sensing_parameters import SensingParameters, SensingState
from compression_boot_control.core.signals import (
    Actuation,
    FloatArray,
    Mode,
    Pressures,
    Setpoints,
)
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant import step as reference
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.faults import Fault, FaultKind
from compression_boot_control.plant.parameters import PlantParameters

DT = 0.01
CHAMBERS = 10


class Bench:
    """The controller of one garment, asked with values in mmHg, for all chambers or for each."""

    def __init__(self, parameters: ControlParameters) -> None:
        self.parameters = parameters
        self.state = ControlState.initial((CHAMBERS,))

    def ask(
        self,
        pressure: float | list[float],
        target: float | list[float],
        mode: int | list[int] = Mode.TRACK,
        *,
        rate: float | list[float] = 0.0,
        supply: float = 140.0,
        dt: float = DT,
    ) -> Actuation:
        """Advance by one sample; a list gives the first chambers, its last value the others."""

        def each(values: Any) -> Any:
            given_values = np.atleast_1d(values)
            return np.pad(given_values, (0, CHAMBERS - len(given_values)), mode='edge')

        pressures = Pressures(
            pressure=each(pressure) * MMHG,
            rate=each(rate) * MMHG,
            quality=np.zeros(CHAMBERS, dtype=np.int64),
            reason=np.zeros(CHAMBERS, dtype=np.int64),
            supply_pressure=np.array(supply * MMHG),
        )
        setpoints = Setpoints(each(mode), each(target) * MMHG)
        self.state, actuation = control_step(self.parameters, self.state, pressures, setpoints, dt)
        return actuation


@pytest.fixture(scope='module')
def parameters(garment: Garment) -> ControlParameters:
    return ControlParameters.from_garment(garment)


@pytest.fixture
def bench(parameters: ControlParameters) -> Bench:
    """A controller that has just started."""
    return Bench(parameters)


def is_vented(actuation: Actuation, chamber: int) -> bool:
    """Whether a chamber's inlet is shut and its exhaust fully open."""
    return bool(actuation.inlet[chamber] == 0.0 and actuation.exhaust[chamber] == 1.0)


# -- what vents


def test_vent_opens_the_exhaust_fully(bench: Bench) -> None:
    actuation = bench.ask(60.0, 0.0, Mode.VENT)
    assert set(actuation.exhaust) == {1.0}
    assert set(actuation.inlet) == {0.0}


@pytest.mark.parametrize('target', [60.0, -5.0, 200.0, math.nan, math.inf])
def test_vent_ignores_the_target(bench: Bench, target: float) -> None:
    assert is_vented(bench.ask(40.0, target, Mode.VENT), 0)


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize('field', ['pressure', 'rate', 'target'])
def test_value_that_is_no_number_vents_its_chamber(bench: Bench, field: str, value: float) -> None:
    inputs: dict[str, list[float]] = {
        'pressure': [40.0, 40.0],
        'rate': [0.0, 0.0],
        'target': [60.0, 60.0],
    }
    inputs[field][0] = value
    assert is_vented(bench.ask(**inputs), 0)


@pytest.mark.parametrize('field', ['pressure', 'rate', 'target'])
def test_value_that_is_no_number_leaves_other_chambers_alone(bench: Bench, field: str) -> None:
    inputs: dict[str, list[float]] = {
        'pressure': [40.0, 40.0],
        'rate': [0.0, 0.0],
        'target': [60.0, 60.0],
    }
    inputs[field][0] = math.nan
    actuation = bench.ask(**inputs)
    assert (actuation.inlet[1:] > 0.0).all()
    assert set(actuation.exhaust[1:]) == {0.0}


@pytest.mark.parametrize('pressure', [10.0, 29.8, 30.0, 60.0])
def test_in_shut_both_valves_stay_shut_whatever_the_pressure_does(
    bench: Bench, pressure: float
) -> None:
    actuation = bench.ask(pressure, 30.0, Mode.SHUT)
    assert actuation.inlet[0] == 0.0
    assert actuation.exhaust[0] == 0.0


def test_shut_chamber_asks_nothing_of_the_pump_but_a_ready_rail(bench: Bench) -> None:
    assert bench.ask(10.0, 30.0, Mode.SHUT, supply=80.0).pump == 0.0


def test_shut_vents_when_the_pressure_is_unknown(bench: Bench) -> None:
    assert is_vented(bench.ask(float('nan'), 30.0, Mode.SHUT), 0)


@pytest.mark.parametrize('mode', [-1, 4, 255])
def test_mode_that_nobody_knows_vents(bench: Bench, mode: int) -> None:
    assert is_vented(bench.ask(40.0, 60.0, mode), 0)


@pytest.mark.parametrize(
    'target', [math.nextafter(HIGHEST_TARGET, math.inf) / MMHG + 1e-9, 111.0, 1e300]
)
def test_target_above_110_mmhg_vents(bench: Bench, target: float) -> None:
    assert is_vented(bench.ask(40.0, target), 0)


def test_target_of_110_mmhg_is_followed(bench: Bench) -> None:
    assert bench.ask(40.0, HIGHEST_TARGET / MMHG).inlet[0] > 0.0


@pytest.mark.parametrize('target', [-1e-9, -20.0, -1e300])
def test_target_below_0_vents(bench: Bench, target: float) -> None:
    assert is_vented(bench.ask(40.0, target), 0)


# -- what fills and drains


@pytest.mark.parametrize('mode', [Mode.TRACK, Mode.HOLD])
def test_chamber_below_its_target_fills(bench: Bench, mode: Mode) -> None:
    actuation = bench.ask(40.0, 60.0, mode)
    assert (actuation.inlet > 0.0).all()
    assert set(actuation.exhaust) == {0.0}


@pytest.mark.parametrize('mode', [Mode.TRACK, Mode.HOLD])
def test_chamber_above_its_target_drains(bench: Bench, mode: Mode) -> None:
    actuation = bench.ask(60.0, 40.0, mode)
    assert (actuation.exhaust > 0.0).all()
    assert set(actuation.inlet) == {0.0}


def test_inlet_is_fully_open_while_the_demand_is_out_of_reach(bench: Bench) -> None:
    assert set(bench.ask(0.0, 60.0).inlet) == {1.0}


@pytest.mark.parametrize(('pressure', 'target'), [(59.0, 60.0), (41.0, 40.0)])
def test_opening_passes_just_the_flow_that_is_asked_for(
    bench: Bench, parameters: ControlParameters, pressure: float, target: float
) -> None:
    actuation = bench.ask(pressure, target)
    law, known, error = parameters, pressure * MMHG, (target - pressure) * MMHG
    capacity = chamber_capacity(law.rest_volume, law.compliance, known)
    flow = (law.kp * error + law.ki * error * DT) * capacity
    port = known + hose_drop(flow / REFERENCE_DENSITY, law.hose_linear, law.hose_quadratic)
    command = actuation.inlet if error > 0.0 else actuation.exhaust
    opening = (command - law.dead_band) / (1.0 - law.dead_band)
    if error > 0.0:
        passed = opening * orifice_flow(140.0 * MMHG, port, law.inlet_conductance)
    else:
        passed = -opening * orifice_flow(port, 0.0, law.exhaust_conductance)
    assert passed == pytest.approx(flow, rel=1e-9)


def test_chamber_falls_no_faster_than_its_bound(parameters: ControlParameters) -> None:
    fastest = 5.0 * MMHG
    actuation = Bench(parameters._replace(fastest_fall=fastest)).ask(60.0, 20.0)
    law, known = parameters, 60.0 * MMHG
    flow = fastest * chamber_capacity(law.rest_volume, law.compliance, known)
    port = known - hose_drop(flow / REFERENCE_DENSITY, law.hose_linear, law.hose_quadratic)
    opening = (actuation.exhaust - law.dead_band) / (1.0 - law.dead_band)
    passed = opening * orifice_flow(port, 0.0, law.exhaust_conductance)
    assert passed == pytest.approx(flow, rel=1e-9)


def test_demand_below_the_smallest_opening_keeps_the_valve_shut(
    parameters: ControlParameters,
) -> None:
    bench = Bench(parameters._replace(smallest_opening=0.9))
    assert set(bench.ask(59.0, 60.0).inlet) == {0.0}


@pytest.mark.parametrize('supply', [40.0, 39.9, 0.0, -1e300])
def test_inlet_does_not_open_into_a_rail_that_is_not_higher(bench: Bench, supply: float) -> None:
    assert set(bench.ask(40.0, 60.0, supply=supply).inlet) == {0.0}


@pytest.mark.parametrize('supply', [math.nan, math.inf, -math.inf])
def test_chamber_fills_without_a_supply_sensor(bench: Bench, supply: float) -> None:
    assert (bench.ask(40.0, 60.0, supply=supply).inlet > 0.0).all()


@pytest.mark.parametrize('dt', [0.0, -1.0])
def test_no_time_repeats_the_command(bench: Bench, dt: float) -> None:
    before = bench.ask(58.0, 60.0)
    after = bench.ask(58.0, 60.0, dt=dt)
    np.testing.assert_array_equal(after.inlet, before.inlet)


def test_control_begins_without_a_stored_integral(bench: Bench) -> None:
    for _ in range(50):
        bench.ask(58.0, 60.0)
    bench.ask(58.0, 60.0, Mode.VENT)
    assert set(bench.state.pid.integral) == {0.0}


# -- hold


@pytest.fixture
def holding(bench: Bench) -> Bench:
    """A controller whose chambers are at 60 mmHg, with all valves shut."""
    bench.ask(60.0, 60.0)
    assert bench.state.holding.all()
    return bench


@pytest.mark.parametrize('error', [-0.19, 0.0, 0.19])
def test_hold_shuts_both_valves_at_the_target(bench: Bench, error: float) -> None:
    actuation = bench.ask(60.0 + error, 60.0)
    assert set(actuation.inlet) == set(actuation.exhaust) == {0.0}


def test_chamber_that_still_moves_does_not_hold(bench: Bench) -> None:
    bench.ask(60.0, 60.0, rate=8.1)
    assert not bench.state.holding.any()


@pytest.mark.parametrize('error', [-0.49, 0.64])
def test_hold_bears_a_small_error(holding: Bench, error: float) -> None:
    actuation = holding.ask(60.0 + error, 60.0)
    assert set(actuation.inlet) == set(actuation.exhaust) == {0.0}


def test_hold_ends_below_its_band(holding: Bench) -> None:
    assert (holding.ask(59.39, 60.0).inlet > 0.0).all()


def test_hold_ends_above_its_band(holding: Bench) -> None:
    assert (holding.ask(60.66, 60.0).exhaust > 0.0).all()


def test_what_a_hold_has_lost_is_given_back_with_a_little_more(holding: Bench) -> None:
    holding.ask(59.4, 60.0)
    assert (holding.ask(60.0, 60.0).inlet > 0.0).all()
    assert set(holding.ask(60.15, 60.0).inlet) == {0.0}
    assert holding.state.holding.all()


def test_first_arrival_is_not_aimed_above_the_target(bench: Bench) -> None:
    bench.ask(59.0, 60.0)
    assert set(bench.ask(60.0, 60.0).inlet) == {0.0}


def test_low_chamber_joins_another_for_which_the_rail_stands_high(holding: Bench) -> None:
    assert holding.ask([59.4, 59.65], 60.0).inlet[1] == 0.0
    assert (holding.ask([59.6, 59.65], 60.0).inlet > 0.0).all()


def test_low_chamber_does_not_join_one_much_lower(holding: Bench) -> None:
    holding.ask([20.0, 59.65], 60.0)
    assert set(holding.ask([20.0, 59.65], 60.0).inlet[1:]) == {0.0}


def test_new_target_ends_a_hold(holding: Bench) -> None:
    assert (holding.ask(60.0, 65.0).inlet > 0.0).all()


def test_vent_ends_a_hold(holding: Bench) -> None:
    assert is_vented(holding.ask(60.0, 60.0, Mode.VENT), 0)
    assert not holding.state.holding.any()


def test_lost_pressure_ends_a_hold(holding: Bench) -> None:
    assert is_vented(holding.ask(math.nan, 60.0), 0)


# -- switches


def test_every_opening_from_shut_counts_as_a_switch(bench: Bench) -> None:
    for pressure in (40.0, 45.0, 60.0, 59.0, 58.0, 60.15, 62.0, 60.0):
        bench.ask(pressure, 60.0)
    assert set(bench.state.inlet_switches) == {2}
    assert set(bench.state.exhaust_switches) == {1}


def test_exhaust_that_rests_open_has_not_switched(bench: Bench) -> None:
    bench.ask(0.0, 0.0, Mode.VENT)
    assert set(bench.state.exhaust_switches) == {0}


# -- pump and rail


def test_pump_is_off_when_all_chambers_vent(bench: Bench) -> None:
    assert bench.ask(40.0, 0.0, Mode.VENT, supply=0.0).pump == 0.0


def test_pump_is_off_when_no_pressure_is_known(bench: Bench) -> None:
    assert bench.ask(math.nan, 60.0, supply=0.0).pump == 0.0


def test_pump_runs_fully_while_a_chamber_fills(bench: Bench) -> None:
    assert bench.ask([40.0, 60.0], 60.0).pump == 1.0


@pytest.mark.parametrize(
    ('supply', 'drive'), [(0.0, 1.0), (80.0, 1.0), (85.0, 0.5), (90.0, 0.0), (140.0, 0.0)]
)
def test_idle_pump_keeps_the_rail_30_mmhg_above_the_target(
    holding: Bench, supply: float, drive: float
) -> None:
    assert holding.ask(60.0, 60.0, supply=supply).pump == pytest.approx(drive)


def test_idle_pump_rests_when_the_rail_is_not_measured(holding: Bench) -> None:
    assert holding.ask(60.0, 60.0, supply=math.nan).pump == 0.0


def test_slack_chamber_is_throttled_for_one_that_is_nearly_there(bench: Bench) -> None:
    actuation = bench.ask([50.0, 0.0], 60.0, supply=65.0)
    assert actuation.inlet[0] == 1.0
    assert actuation.inlet[1:] == pytest.approx(0.05 + 0.95 * 0.5)


def test_slack_chamber_is_never_starved(bench: Bench) -> None:
    actuation = bench.ask([50.0, 0.0], 60.0, supply=50.1)
    assert actuation.inlet[1:] == pytest.approx(0.05 + 0.95 * 0.05)


def test_slack_chamber_is_throttled_for_one_that_the_rail_cannot_feed_now(bench: Bench) -> None:
    actuation = bench.ask([50.0, 0.0], 60.0, supply=20.0)
    assert actuation.inlet[0] == 0.0
    assert actuation.inlet[1:] == pytest.approx(0.05 + 0.95 * 0.05)


def test_pump_runs_fully_for_a_chamber_that_the_rail_cannot_feed_now(bench: Bench) -> None:
    assert bench.ask(50.0, 60.0, supply=20.0).pump == 1.0


def test_nobody_is_throttled_while_the_rail_is_high(bench: Bench) -> None:
    assert set(bench.ask([50.0, 0.0], 60.0, supply=80.0).inlet[1:]) == {1.0}


def test_chamber_that_holds_throttles_nobody(bench: Bench) -> None:
    bench.ask([60.0, 0.0], 60.0, supply=65.0)
    assert set(bench.ask([60.0, 0.0], 60.0, supply=65.0).inlet[1:]) == {1.0}


# -- arrays


def test_batch_equals_single_garments(parameters: ControlParameters) -> None:
    rng = np.random.default_rng(3)
    pressure = rng.uniform(0.0, 110.0, (40, 3, CHAMBERS)) * MMHG
    pressure[5:9, 1, 2] = np.nan
    supply = rng.uniform(0.0, 140.0, (40, 3)) * MMHG
    supply[10:20, 2] = np.nan
    mode = rng.integers(0, 3, (40, 3, CHAMBERS))
    target = rng.uniform(0.0, 115.0, (40, 3, CHAMBERS)) * MMHG
    nothing = np.zeros((3, CHAMBERS), dtype=np.int64)
    batch = ControlState.initial((3, CHAMBERS))
    singles = [ControlState.initial((CHAMBERS,)) for _ in range(3)]
    for step in range(40):
        pressures = Pressures(pressure[step], 0.1 * pressure[step], nothing, nothing, supply[step])
        setpoints = Setpoints(mode[step], target[step])
        batch, together = control_step(parameters, batch, pressures, setpoints, DT)
        for i, single in enumerate(singles):
            own = Pressures(
                pressure[step, i], 0.1 * pressure[step, i], nothing[i], nothing[i], supply[step, i]
            )
            singles[i], alone = control_step(
                parameters, single, own, Setpoints(mode[step, i], target[step, i]), DT
            )
            np.testing.assert_array_equal(together.inlet[i], alone.inlet)
            np.testing.assert_array_equal(together.exhaust[i], alone.exhaust)
            np.testing.assert_array_equal(together.pump[i], alone.pump)


def test_step_writes_into_none_of_its_inputs(parameters: ControlParameters) -> None:
    state = ControlState.initial((CHAMBERS,))
    pressures = Pressures(
        pressure=np.full(CHAMBERS, 40.0 * MMHG),
        rate=np.zeros(CHAMBERS),
        quality=np.zeros(CHAMBERS, dtype=np.int64),
        reason=np.zeros(CHAMBERS, dtype=np.int64),
        supply_pressure=np.array(140.0 * MMHG),
    )
    setpoints = Setpoints(np.ones(CHAMBERS, dtype=np.int64), np.full(CHAMBERS, 60.0 * MMHG))
    for array in (*state.pid, *state[1:], pressures.pressure, pressures.rate, setpoints.target):
        array.setflags(write=False)
    after, _ = control_step(parameters, state, pressures, setpoints, DT)
    assert (after.inlet > state.inlet).all()


# -- property

anything = st.one_of(
    st.floats(-20.0 * MMHG, 200.0 * MMHG),
    st.floats(allow_nan=True, allow_infinity=True),
)
chambers = npst.arrays(np.float64, CHAMBERS, elements=anything)
sample = st.fixed_dictionaries(
    {
        'pressure': chambers,
        'rate': chambers,
        'target': chambers,
        'mode': npst.arrays(np.int64, CHAMBERS, elements=st.integers(-1, 3)),
        'supply': anything,
        'dt': st.one_of(st.just(DT), anything),
    }
)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.lists(sample, min_size=1, max_size=4))
def test_whatever_comes_no_inlet_opens_in_doubt(
    parameters: ControlParameters, samples: list[dict[str, Any]]
) -> None:
    state = ControlState.initial((CHAMBERS,))
    nothing = np.zeros(CHAMBERS, dtype=np.int64)
    for values in samples:
        pressures = Pressures(
            values['pressure'], values['rate'], nothing, nothing, np.array(values['supply'])
        )
        setpoints = Setpoints(values['mode'], values['target'])
        with np.errstate(all='ignore'):
            state, actuation = control_step(parameters, state, pressures, setpoints, values['dt'])
        for command in (actuation.inlet, actuation.exhaust, actuation.pump):
            assert ((command >= 0.0) & (command <= 1.0)).all()
        assert not ((actuation.inlet > 0.0) & (actuation.exhaust > 0.0)).any()
        doubt = ~np.isin(values['mode'], [Mode.TRACK, Mode.HOLD, Mode.SHUT])
        for name in ('pressure', 'rate', 'target'):
            doubt |= ~np.isfinite(values[name])
        doubt |= ~((values['target'] >= 0.0) & (values['target'] <= HIGHEST_TARGET))
        assert not actuation.inlet[doubt].any()
        assert (actuation.exhaust[doubt] == 1.0).all()
        if np.isfinite(values['supply']):
            assert not actuation.inlet[values['pressure'] >= values['supply']].any()


# -- in a loop with the simulated boots

TARGETS_MMHG = np.array(
    [[30.0, 27.0, 24.0], [45.0, 40.0, 35.0], [65.0, 60.0, 55.0], [110.0, 100.0, 90.0], [60.0] * 3]
)
WITHOUT_SUPPLY_SENSOR = 4
LOWERED_BY = 20.0


@dataclass(frozen=True)
class Run:
    """True pressures of five garments whose foot, ankle and calf fill together.

    The last garment has no supply sensor. After 13 s all targets are lowered by 20 mmHg.

    Attributes
    ----------
    rising, lowered : (T, 5, 3) array
        Error of the true pressure up to then, and after it [mmHg].
    """

    rising: FloatArray
    lowered: FloatArray


@pytest.fixture(scope='module')
def run(garment: Garment, parameters: ControlParameters) -> Run:
    shape = (len(TARGETS_MMHG), CHAMBERS)
    boots = SimulatedBoots(
        PlantParameters.from_garment(garment, shape[:-1]),
        integrator=reference.advance,
        maximum_substep=5e-3,
    )
    boots.set_fault(Fault(FaultKind.SUPPLY_SENSOR_NAN, batch=WITHOUT_SUPPLY_SENSOR))
    sensing_parameters = SensingParameters.from_garment(garment)
    sensing, control = SensingState.initial(shape), ControlState.initial(shape)
    actuation = Actuation.vented(shape)
    for _ in range(300):
        readings = boots.step(actuation, DT)
        sensing, _ = sensing_step(sensing_parameters, sensing, readings, DT)
    mode = np.zeros(shape, dtype=np.int64)
    mode[:, :3] = Mode.TRACK
    target = np.zeros(shape)
    errors = []
    for sample_number in range(1700):
        wanted = TARGETS_MMHG - (LOWERED_BY if sample_number >= 1300 else 0.0)
        target[:, :3] = wanted * MMHG
        readings = boots.step(actuation, DT)
        sensing, pressures = sensing_step(sensing_parameters, sensing, readings, DT)
        control, actuation = control_step(
            parameters, control, pressures, Setpoints(mode, target), DT
        )
        errors.append(boots.true_pressure[:, :3] / MMHG - wanted)
    return Run(np.array(errors[:1300]), np.array(errors[1300:]))


def test_loop_reaches_its_targets(run: Run) -> None:
    assert np.abs(run.rising[-1]).max() < 1.0


def test_loop_does_not_overshoot(run: Run) -> None:
    assert run.rising.max() < 1.5


def test_loop_keeps_its_plateau(run: Run) -> None:
    arrival = np.argmax(run.rising > -1.0, axis=0)
    samples = np.arange(len(run.rising))[:, None, None]
    plateau = np.where(samples > arrival + 100, run.rising, np.nan)
    assert np.sqrt(np.nanmean(plateau**2, axis=0)).max() < 0.6


def test_loop_follows_a_lower_target(run: Run) -> None:
    assert np.abs(run.lowered[-100:]).max() < 1.5


def test_loop_does_not_undershoot(run: Run) -> None:
    assert run.lowered.min() > -1.5


def test_loop_vents_a_chamber_whose_sensor_sticks_during_a_fill(
    garment: Garment, parameters: ControlParameters
) -> None:
    boots = SimulatedBoots(
        PlantParameters.from_garment(garment), integrator=reference.advance, maximum_substep=5e-3
    )
    sensing_parameters = SensingParameters.from_garment(garment)
    sensing, control = SensingState.initial((CHAMBERS,)), ControlState.initial((CHAMBERS,))
    actuation = Actuation.vented((CHAMBERS,))
    mode = np.zeros(CHAMBERS, dtype=np.int64)
    mode[0] = Mode.TRACK
    setpoints = Setpoints(mode, np.full(CHAMBERS, 60.0 * MMHG))
    highest = 0.0
    for sample_number in range(700):
        if sample_number == 150:
            boots.set_fault(Fault(FaultKind.SENSOR_STUCK, chamber=0))
        readings = boots.step(actuation, DT)
        sensing, pressures = sensing_step(sensing_parameters, sensing, readings, DT)
        control, actuation = control_step(parameters, control, pressures, setpoints, DT)
        highest = max(highest, float(boots.true_pressure[0]))
    assert is_vented(actuation, 0)
    assert boots.true_pressure[0] < 1.0 * MMHG
    assert highest < 125.0 * MMHG
