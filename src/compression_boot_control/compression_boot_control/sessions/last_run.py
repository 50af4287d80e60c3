"""Kinds of runs that a recommendation tells apart."""

from __future__ import annotations

from enum import StrEnum


class Run(StrEnum):
    """What was run."""

    NONE = 'none'
    EASY = 'easy'
    LONG = 'long'
    QUALITY = 'quality'
    DESCENT = 'descent'
    RACE = 'race'
