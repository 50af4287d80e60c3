"""The proof that `boots protocols check` prints."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.sessions.plan_estimate import estimate
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol
from compression_boot_control.sessions.protocol_proof import prove


def test_every_rule_holds_for_a_compiled_plan(trial: str, five_zone: Garment) -> None:
    plan = compile_protocol(load_protocol(trial), five_zone)
    proofs = prove(plan, five_zone, estimate(plan, five_zone))
    assert len(proofs) == 7
    assert all(proof.holds for proof in proofs)
    assert proofs[0].figure == 'steps of 5.0 to 5.0 mmHg'


@pytest.mark.parametrize('rule', [0, 1, 2, 3, 6])
def test_a_plan_that_breaks_a_rule_is_found(trial: str, five_zone: Garment, rule: int) -> None:
    plan = compile_protocol(load_protocol(trial), five_zone)
    expected = estimate(plan, five_zone)
    target, kind, mode = plan.target.copy(), plan.kind.copy(), plan.mode.copy()
    if rule == 0:
        target[5, 4] = target[5, 3] + 1000.0
    elif rule == 1:
        target *= 3.0
    elif rule == 2:
        mode[plan.loop_end - 1] = 2
    elif rule == 3:
        expected = replace(expected, zone_time=170.0)
    else:
        kind[-1] = 3
    broken = replace(plan, target=target, kind=kind, mode=mode)
    assert not prove(broken, five_zone, expected)[rule].holds
