"""The gate: a command passes whole, fresh and in the garment's order, or not at all."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core.safety.gate import (
    Command,
    CommandGate,
    RefusedCommand,
    restricted,
)
from compression_boot_control.core.signals import Actuation

NAMES = ('left_foot', 'left_calf', 'right_foot', 'right_calf')
GATE = CommandGate(NAMES)
GOOD = Command(
    sequence=1,
    names=NAMES,
    inlet=np.array([0.1, 0.2, 0.3, 0.4]),
    exhaust=np.array([0.5, 0.6, 0.7, 0.8]),
    pump=0.9,
)


def refused(command: Command, gate: CommandGate = GATE) -> str:
    """Why a command is refused."""
    with pytest.raises(RefusedCommand) as refusal:
        gate.admit(command)
    return str(refusal.value)


def changed(field: str, place: int, value: float) -> Command:
    """Return the good command with one value replaced."""
    if field == 'pump':
        return replace(GOOD, pump=value)
    values = getattr(GOOD, field).copy()
    values[place] = value
    return replace(GOOD, **{field: values})


# -- what passes


def test_good_command_passes_unchanged() -> None:
    _, actuation = GATE.admit(GOOD)
    assert actuation.inlet.tolist() == [0.1, 0.2, 0.3, 0.4]
    assert actuation.exhaust.tolist() == [0.5, 0.6, 0.7, 0.8]
    assert actuation.pump == 0.9


@pytest.mark.parametrize('value', [0.0, -0.0, 1.0])
@pytest.mark.parametrize('field', ['inlet', 'exhaust', 'pump'])
def test_ends_of_the_range_pass(field: str, value: float) -> None:
    _, actuation = GATE.admit(changed(field, 2, value))
    assert np.atleast_1d(getattr(actuation, field))[-1 if field == 'pump' else 2] == value


def test_chambers_are_matched_by_name_not_by_position() -> None:
    shuffled = replace(GOOD, names=['right_calf', 'left_foot', 'right_foot', 'left_calf'])
    _, actuation = GATE.admit(shuffled)
    assert actuation.inlet.tolist() == [0.2, 0.4, 0.3, 0.1]
    assert actuation.exhaust.tolist() == [0.6, 0.8, 0.7, 0.5]


@settings(derandomize=True, deadline=None)
@given(st.permutations(range(4)))
def test_order_of_the_chambers_does_not_matter(order: list[int]) -> None:
    command = replace(
        GOOD,
        names=[NAMES[i] for i in order],
        inlet=GOOD.inlet[order],
        exhaust=GOOD.exhaust[order],
    )
    _, actuation = GATE.admit(command)
    assert actuation.inlet.tolist() == GOOD.inlet.tolist()
    assert actuation.exhaust.tolist() == GOOD.exhaust.tolist()


# -- sequence numbers


@pytest.mark.parametrize('sequence', [2, 3, 1000, 2**64 - 1])
def test_later_command_passes(sequence: int) -> None:
    gate, _ = GATE.admit(GOOD)
    later, _ = gate.admit(replace(GOOD, sequence=sequence))
    assert later.last_sequence == sequence


def test_repeated_command_is_refused() -> None:
    gate, _ = GATE.admit(GOOD)
    assert 'old or repeated' in refused(GOOD, gate)


@pytest.mark.parametrize('sequence', [0, 4, -1])
def test_old_command_is_refused(sequence: int) -> None:
    gate = CommandGate(NAMES, last_sequence=5)
    assert 'old or repeated' in refused(replace(GOOD, sequence=sequence), gate)


def test_command_without_a_sequence_number_is_refused() -> None:
    assert 'old or repeated' in refused(replace(GOOD, sequence=0))


def test_refused_command_does_not_use_up_its_number() -> None:
    refused(replace(GOOD, sequence=9, pump=math.nan))
    gate, _ = GATE.admit(replace(GOOD, sequence=9))
    assert gate.last_sequence == 9


def test_admitting_leaves_the_earlier_gate_alone() -> None:
    GATE.admit(GOOD)
    assert GATE.last_sequence == 0


def test_sender_that_was_started_again_may_count_from_1_after_a_silence() -> None:
    gate = CommandGate(NAMES, last_sequence=5).renewed()
    later, _ = gate.admit(replace(GOOD, sequence=1))
    assert later.last_sequence == 1


@pytest.mark.parametrize('silences', [1, 2, 3])
def test_one_command_that_is_sent_for_ever_does_not_pass_after_a_silence(silences: int) -> None:
    gate, _ = GATE.admit(replace(GOOD, sequence=5))
    for _ in range(silences):
        gate = gate.renewed()
    assert 'old or repeated' in refused(replace(GOOD, sequence=5), gate)


# -- chambers


@pytest.mark.parametrize(
    'names',
    [
        pytest.param(NAMES[:3], id='one lacks'),
        pytest.param((*NAMES, 'left_thigh'), id='one too many'),
        pytest.param((*NAMES[:3], 'left_foot'), id='one twice, one lacks'),
        pytest.param((*NAMES, 'left_foot'), id='one twice'),
        pytest.param((*NAMES[:3], 'left_thigh'), id='of another garment'),
        pytest.param((*NAMES[:3], 'Right_calf'), id='spelt differently'),
        pytest.param((*NAMES[:3], ''), id='empty'),
        pytest.param((), id='none'),
    ],
)
def test_other_chambers_are_refused(names: tuple[str, ...]) -> None:
    values = np.full(len(names), 0.5)
    command = replace(GOOD, names=names, inlet=values, exhaust=values)
    assert 'not those of the garment' in refused(command)


@pytest.mark.parametrize('length', [0, 3, 5])
@pytest.mark.parametrize('field', ['inlet', 'exhaust'])
def test_wrong_length_is_refused(field: str, length: int) -> None:
    assert refused(replace(GOOD, **{field: np.full(length, 0.5)}))


def test_two_wrong_lengths_that_make_up_for_each_other_are_refused() -> None:
    command = replace(GOOD, inlet=np.full(3, 0.5), exhaust=np.full(5, 0.5))
    assert '4 names, 3 inlets, 5 exhausts' in refused(command)


# -- values


@pytest.mark.parametrize(
    'value',
    [math.nan, math.inf, -math.inf, math.nextafter(1.0, 2.0), math.nextafter(0.0, -1.0), 1e308],
)
@pytest.mark.parametrize(
    ('field', 'place'), [('inlet', 0), ('inlet', 3), ('exhaust', 0), ('exhaust', 3), ('pump', 0)]
)
def test_value_that_is_not_from_0_to_1_is_refused(field: str, place: int, value: float) -> None:
    assert 'not a number from 0 to 1' in refused(changed(field, place, value))


# -- what a verdict leaves of a command

WANTED = Actuation(GOOD.inlet, GOOD.exhaust, np.array(GOOD.pump))


def test_chambers_that_must_be_vented_are() -> None:
    left = restricted(WANTED, np.array([True, False, False, True]))
    assert left.inlet.tolist() == [0.0, 0.2, 0.3, 0.0]
    assert left.exhaust.tolist() == [1.0, 0.6, 0.7, 1.0]


def test_pump_runs_on_while_a_chamber_is_not_vented() -> None:
    assert restricted(WANTED, np.array([True, False, True, True])).pump == 0.9


def test_pump_stops_when_all_chambers_are_vented() -> None:
    assert restricted(WANTED, np.ones(4, dtype=np.bool_)).pump == 0.0


@pytest.mark.parametrize('vented', [False, True])
def test_what_is_left_stays_when_the_command_is_overwritten(vented: bool) -> None:
    left = restricted(WANTED, np.full(4, vented))
    for kept, asked in ((left.inlet, WANTED.inlet), (left.exhaust, WANTED.exhaust)):
        assert not np.shares_memory(kept, asked)


def test_verdict_on_one_garment_of_a_batch_leaves_the_other_alone() -> None:
    both = Actuation(
        *(np.stack([values, values]) for values in (WANTED.inlet, WANTED.exhaust)),
        np.array([0.9, 0.9]),
    )
    left = restricted(both, np.array([[True] * 4, [False] * 4]))
    assert left.inlet.tolist() == [[0.0] * 4, WANTED.inlet.tolist()]
    assert left.pump.tolist() == [0.0, 0.9]


# -- property

values = st.lists(
    st.one_of(st.floats(0.0, 1.0), st.floats(allow_nan=True, allow_infinity=True)),
    min_size=3,
    max_size=5,
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    sequence=st.integers(-2, 10),
    names=st.one_of(
        st.permutations(NAMES),
        st.lists(st.sampled_from([*NAMES, 'other']), min_size=3, max_size=5),
    ),
    inlet=values,
    exhaust=values,
    pump=st.one_of(st.floats(0.0, 1.0), st.floats()),
)
def test_whatever_passes_is_one_value_from_0_to_1_for_each_chamber(
    sequence: int, names: list[str], inlet: list[float], exhaust: list[float], pump: float
) -> None:
    command = Command(sequence, names, np.array(inlet), np.array(exhaust), pump)
    try:
        gate, actuation = CommandGate(NAMES, last_sequence=4).admit(command)
    except RefusedCommand:
        return
    assert gate.last_sequence == sequence > 4
    commands: list[Any] = [*actuation.inlet, *actuation.exhaust, actuation.pump]
    assert len(commands) == 2 * len(NAMES) + 1
    assert all(0.0 <= value <= 1.0 for value in commands)
    assert [actuation.inlet[NAMES.index(name)] for name in names] == inlet
