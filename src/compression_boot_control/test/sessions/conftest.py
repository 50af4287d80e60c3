"""Garments and protocol texts that the tests of protocols share."""

from __future__ import annotations

import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.hardware.garment_file import load_garment, parse_garment

HEAD = """\
format: 1
name: trial
title: Trial
description: For tests.
who_it_is_for: Nobody.
when: Never.
evidence: {known: Nothing., not_known: Everything.}
session_min: 10
legs: together
"""
"""Nine lines; the phases begin on the tenth."""

MAIN = """\
phases:
  - name: main
    pattern: sequential_gradient_hold
    pressure: {foot_mmhg: 60, gradient_mmhg_per_zone: 5}
    dwell_s: 50
    rest_s: 15
"""

TRIAL = HEAD + MAIN


@pytest.fixture(scope='session')
def five_zone() -> Garment:
    return load_garment('five_zone')


@pytest.fixture(scope='session')
def left_only() -> Garment:
    return parse_garment(
        """\
format: 1
name: left_only
description: One sleeve.
pump: {free_flow_l_per_min: 12, shut_off_mmhg: 400}
supply: {volume_l: 0.1, relief_mmhg: 145}
legs: [left]
zones:
  - {name: foot, rest_volume_l: 0.6, compliance_ml_per_mmhg: 1.2}
  - {name: calf, rest_volume_l: 1.2, compliance_ml_per_mmhg: 2.5}
"""
    )


@pytest.fixture
def trial() -> str:
    return TRIAL
