"""Changes in a running session: whatever people ask, the invariants of the compiler hold."""

from __future__ import annotations

import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import list_garments, load_garment
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import list_protocols, load_protocol
from compression_boot_control.sessions.session_changes import (
    ChangeError,
    ChangeRefused,
    SessionChanges,
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
    with pytest.raises(ChangeRefused, match='exceed its cap of 65 mmHg'):
        changes.set_intensity(1.15)


def test_an_unknown_zone_is_refused(changes: SessionChanges) -> None:
    with pytest.raises(ChangeRefused, match='no zone') as caught:
        changes.adjust_zone('hip', 'left', 0.0, skip=True)
    assert caught.value.error == ChangeError.UNKNOWN_ZONE


def test_a_boost_that_would_turn_the_gradient_is_refused(changes: SessionChanges) -> None:
    with pytest.raises(ChangeRefused, match='ankle would have more pressure than foot'):
        changes.adjust_zone('ankle', 'both', 6.0 * MMHG, skip=False)
    changes.adjust_zone('ankle', 'both', 3.0 * MMHG, skip=False)


def test_less_is_always_possible_and_keeps_the_gradient(changes: SessionChanges) -> None:
    changes.adjust_zone('ankle', 'both', 3.0 * MMHG, skip=False)
    changes.set_intensity(0.5)
    request = changes.request(stop=False, pause=False, resume=False)
    assert request.offset[1] == pytest.approx(1.5 * MMHG)


def test_an_intensity_is_of_the_protocol_whatever_the_session_began_with(
    five_zone: Garment,
) -> None:
    plan = compile_protocol(load_protocol('intermediate'), five_zone, intensity=0.8)
    changes = SessionChanges(plan, five_zone, 0.8)
    assert changes.intensity == 0.8
    changes.set_intensity(1.0)
    request = changes.request(stop=False, pause=False, resume=False)
    assert request.intensity[0] == pytest.approx(1.25)
    changes.ease()
    assert changes.intensity == pytest.approx(0.9)
    with pytest.raises(ChangeRefused, match='exceed its cap of 65 mmHg'):
        changes.set_intensity(1.15)


def test_a_lost_chamber_is_left_out_and_named_once(changes: SessionChanges) -> None:
    assert changes.lose(['left_calf', 'nowhere']) == ('left_calf',)
    assert changes.lose(['left_calf']) == ()
    request = changes.request(stop=False, pause=False, resume=False)
    assert request.skip.tolist() == [False, False, True] + [False] * 7
