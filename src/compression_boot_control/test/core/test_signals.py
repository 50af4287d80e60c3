"""Signals: the safe command, and codes that the messages share."""

from __future__ import annotations

import pytest

from compression_boot_control.core.signals import Actuation, Mode, Quality, Reason


@pytest.mark.parametrize('batch', [(), (3,)])
def test_vented_shuts_the_inlets_opens_the_exhausts_and_stops_the_pump(
    batch: tuple[int, ...],
) -> None:
    vented = Actuation.vented((*batch, 10))
    assert (vented.inlet == 0.0).all()
    assert (vented.exhaust == 1.0).all()
    assert (vented.pump == 0.0).all()


@pytest.mark.parametrize('batch', [(), (3,)])
def test_vented_has_a_valve_for_each_chamber_and_one_pump(batch: tuple[int, ...]) -> None:
    vented = Actuation.vented((*batch, 10))
    assert vented.inlet.shape == vented.exhaust.shape == (*batch, 10)
    assert vented.pump.shape == batch


@pytest.mark.parametrize(
    ('codes', 'names'),
    [
        (Mode, ['VENT', 'TRACK', 'HOLD', 'SHUT']),
        (Quality, ['GOOD', 'UNCERTAIN', 'BAD']),
        (Reason, ['NONE', 'NOT_ZEROED', 'MISSING', 'OUT_OF_RANGE', 'STUCK', 'OFFSET']),
    ],
)
def test_codes_are_those_of_the_messages(codes: type, names: list[str]) -> None:
    assert [(code.name, int(code)) for code in codes] == list(  # type: ignore[attr-defined]
        zip(names, range(len(names)), strict=True)
    )
