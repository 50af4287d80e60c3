"""Files written at random by the grammar of the language; tools/fuzz_protocols.py runs longer."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core.garment import Garment
from compression_boot_control.hardware.garment_file import list_garments, load_garment
from compression_boot_control.sessions.protocol_library import load_protocol
from fuzz_protocols import Broken, any_text, judge, valid_protocol

GARMENTS = [load_garment(name) for name in list_garments()]


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**62), st.sampled_from(GARMENTS))
def test_no_file_breaks_the_reader_and_none_that_compiles_breaks_a_rule(
    seed: int, garment: Garment
) -> None:
    random = Random(seed)
    judge(any_text(random, garment.zone_order), garment, random.choice([0.5, 1.0, 1.2]))


def test_the_grammar_reaches_every_outcome(five_zone: Garment) -> None:
    texts = (any_text(Random(seed), five_zone.zone_order) for seed in range(40))
    found = Counter(judge(text, five_zone) for text in texts)
    assert min(found['unreadable'], found['does not fit'], found['safe']) > 0


def test_what_the_grammar_calls_valid_is_read(five_zone: Garment) -> None:
    import yaml

    for seed in range(30):
        data = valid_protocol(Random(seed), five_zone.zone_order)
        assert load_protocol(yaml.safe_dump(data), zone_order=five_zone.zone_order).name == 'trial'


def test_a_plan_that_breaks_a_rule_is_reported(
    trial: str, five_zone: Garment, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fuzz_protocols
    from compression_boot_control.sessions.protocol_proof import Proof

    monkeypatch.setattr(fuzz_protocols, 'prove', lambda *_: [Proof('a rule', False, 'a figure')])
    with pytest.raises(Broken, match='a rule: a figure'):
        judge(trial, five_zone)
