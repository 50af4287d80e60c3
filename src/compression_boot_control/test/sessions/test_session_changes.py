"""Changes in a running session: whatever people ask, the invariants of the compiler hold."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core.garment import LEGS, Garment
from compression_boot_control.core.plan import never_rises
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceState,
    SequenceTable,
)
from compression_boot_control.core.sequence_step import (
    sequence_step,
)
from compression_boot_control.core.signals import Mode
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import list_garments, load_garment
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import list_protocols, load_protocol
from compression_boot_control.sessions.session_changes import (
    ChangeError,
    ChangeRefused,
    SessionChanges,
    never_rising,
)

GARMENTS = {name: load_garment(name) for name in list_garments()}
NAMES = [entry.name for entry in list_protocols()]


@pytest.fixture
def changes(five_zone: Garment) -> SessionChanges:
    return SessionChanges(compile_protocol(load_protocol('intermediate'), five_zone), five_zone)


@pytest.mark.parametrize('value', [0.49, 1.21, float('nan'), float('inf'), -1.0])
def test_an_intensity_out_of_range_is_refused(changes: SessionChanges, value: float) -> None:
    with pytest.raises(ChangeRefused, match=r'allowed: 0\.5 to 1\.2') as caught:
        changes.set_intensity(value)
    assert caught.value.error == ChangeError.OUT_OF_RANGE
    assert changes.intensity == 1.0


def test_an_intensity_over_the_cap_is_refused(changes: SessionChanges) -> None:
    with pytest.raises(ChangeRefused, match='exceed its cap'):
        changes.set_intensity(1.15)


def test_an_unknown_zone_is_refused(changes: SessionChanges) -> None:
    with pytest.raises(ChangeRefused, match='no zone') as caught:
        changes.adjust_zone('hip', 'left', 0.0, skip=True)
    assert caught.value.error == ChangeError.UNKNOWN_ZONE


def test_a_boost_that_would_turn_the_gradient_is_refused(changes: SessionChanges) -> None:
    with pytest.raises(ChangeRefused, match='rise towards the thigh'):
        changes.adjust_zone('ankle', 'both', 6.0 * MMHG, skip=False)
    changes.adjust_zone('ankle', 'both', 3.0 * MMHG, skip=False)


def test_less_is_always_possible_and_keeps_the_gradient(changes: SessionChanges) -> None:
    changes.adjust_zone('ankle', 'both', 3.0 * MMHG, skip=False)
    changes.set_intensity(0.5)
    request = changes.request(stop=False, pause=False, resume=False)
    assert request.offset[1] == pytest.approx(1.5 * MMHG)


def test_a_lost_chamber_is_left_out_and_named_once(changes: SessionChanges) -> None:
    assert changes.lose(['left_calf', 'nowhere']) == ('left_calf',)
    assert changes.lose(['left_calf']) == ()
    request = changes.request(stop=False, pause=False, resume=False)
    assert request.skip.tolist() == [False, False, True] + [False] * 7


EVENT = st.one_of(
    st.tuples(st.just('intensity'), st.floats(0.4, 1.3)),
    st.tuples(st.just('ease'), st.just(0)),
    st.tuples(st.just('offset'), st.tuples(st.integers(0, 5), st.floats(-25, 15))),
    st.tuples(st.just('skip'), st.tuples(st.integers(0, 5), st.booleans())),
    st.tuples(st.just('lose'), st.integers(0, 11)),
    st.tuples(st.just('pause'), st.just(0)),
    st.tuples(st.just('resume'), st.just(0)),
    st.tuples(st.just('stop'), st.just(0)),
)


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.sampled_from(sorted(GARMENTS)),
    st.lists(st.tuples(EVENT, st.integers(1, 60)), max_size=12),
)
def test_whatever_interrupts_a_protocol_what_is_sent_keeps_every_invariant(
    name: str, garment_name: str, events: list[tuple[tuple[str, object], int]]
) -> None:
    garment = GARMENTS[garment_name]
    plan = compile_protocol(load_protocol(name), garment)
    table = SequenceTable.of_plan(plan)
    changes = SessionChanges(plan, garment)
    chains = tuple(chain for chain in map(garment.on_leg, LEGS) if chain)
    shape = (len(garment),)
    state, pressure = SequenceState.initial(shape), np.zeros(shape)
    sent = np.zeros(shape)
    for (kind, value), steps in events:
        apply(changes, garment, kind, value)
        for step in range(steps):
            lost = changes.lost
            state = state._replace(skip=state.skip | lost)
            first = step == 0
            request = changes.request(
                stop=kind == 'stop',
                pause=first and kind == 'pause',
                resume=first and kind == 'resume',
            )
            state, setpoints = sequence_step(
                SequenceParameters(), table, state, request, pressure, 0.5
            )
            target = never_rising(setpoints.target, chains)
            assert never_rises(target[None], chains)
            assert np.isfinite(target).all()
            assert (target >= 0.0).all()
            assert (target <= plan.caps * (1.0 + 1e-9)).all()
            assert (target[setpoints.mode == Mode.VENT] == 0.0).all()
            assert (setpoints.mode[lost] == Mode.VENT).all()
            assert ((target <= 0.0) | (plan.target > 0.0).any(axis=0)).all()
            sent = target
            pressure = np.where(setpoints.mode == Mode.VENT, pressure * 0.3, sent)


def apply(changes: SessionChanges, garment: Garment, kind: str, value: object) -> None:
    zones = garment.zone_order
    with suppress(ChangeRefused):
        if kind == 'intensity':
            changes.set_intensity(value)  # type: ignore[arg-type]
        elif kind == 'ease':
            changes.ease()
        elif kind == 'offset':
            place, offset = value  # type: ignore[misc]
            changes.adjust_zone(zones[place % len(zones)], 'both', offset * MMHG, skip=False)
        elif kind == 'skip':
            place, skip = value  # type: ignore[misc]
            changes.adjust_zone(zones[place % len(zones)], 'left', 0.0, skip=skip)
        elif kind == 'lose':
            changes.lose([garment.chamber_names[value % len(garment)]])  # type: ignore[operator]
