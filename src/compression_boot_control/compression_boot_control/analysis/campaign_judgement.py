"""Which promises the sessions of a part kept: one row of a table for each session."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from compression_boot_control.analysis.campaign_claims import CLAIMS, OF_VENTING
from compression_boot_control.analysis.campaign_run import PartOutcome
from compression_boot_control.core.safety.hazards import HAZARDS
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.units import LITRE_PER_MINUTE, MMHG
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD

OVER_TIME = HARD_LIMITS.over_pressure_time + 0.5 * SAMPLE_PERIOD
"""Longest time above the absolute limit [s]."""

HELD_TIME = HARD_LIMITS.pressure_time + 1.0
"""Longest time of a zone above 15 mmHg without a release, with the second that air takes [s]."""

LATE_TIME = HARD_LIMITS.deflate_time + 2.0
"""Longest time from a trip until all is below 15 mmHg: a vent, and two seconds to tell [s]."""

_TEXT, _REAL, _WHOLE, _FLAG = pa.string(), pa.float64(), pa.int64(), pa.bool_()

SCHEMA = pa.schema(
    [
        ('part', _WHOLE),
        ('place', _WHOLE),
        ('garment', _TEXT),
        ('leg', _TEXT),
        ('pattern', _TEXT),
        ('dwell_s', _REAL),
        ('rest_s', _REAL),
        ('intensity', _REAL),
        ('pump_l_per_min', _REAL),
        ('adapted', _FLAG),
        ('strike_s', _REAL),
        ('faults', pa.list_(_TEXT)),
        ('chambers', pa.list_(_WHOLE)),
        ('magnitudes', pa.list_(_REAL)),
        ('hazards', pa.list_(_TEXT)),
        ('hazard_times_s', pa.list_(_REAL)),
        ('over_s', _REAL),
        ('held_s', _REAL),
        ('late_s', _REAL),
        ('highest_mmhg', _REAL),
        ('supply_mmhg', _REAL),
        ('relieved_g', _REAL),
        ('simulated_s', _REAL),
        ('cycles', _WHOLE),
        ('false_trip', _FLAG),
        ('violation', _FLAG),
        ('beyond_valves', _FLAG),
        ('detection_s', _REAL),
        ('undetected', _FLAG),
        ('exempt', _TEXT),
    ]
)
"""Columns of a part. A fault that comes alone, in a session that was well until then, is judged:
`detection_s` is null if no hazard told of it, `undetected` is null where nothing is judged, and
`exempt` says why a fault need not be detected."""


def judged(outcome: PartOutcome, part: int) -> pa.Table:
    """Table of a part, a row a session; see `SCHEMA`."""
    rows = [_row(outcome, part, place) for place in range(len(outcome.seconds))]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _row(outcome: PartOutcome, part: int, place: int) -> dict[str, Any]:
    draw, shape = outcome.draw, outcome.shape
    faults = draw.faults[place]
    strike = float(draw.strike[place])
    first = outcome.first[place]
    seen = [int(i) for i in np.argsort(first) if np.isfinite(first[i])]
    early = bool(seen) and float(first[seen[0]]) < strike
    broken = bool(
        outcome.over[place] > OVER_TIME
        or outcome.held[place] > HELD_TIME
        or outcome.late[place] > LATE_TIME
    )
    beyond = any(fault.kind in OF_VENTING for fault in faults)
    row: dict[str, Any] = {
        'part': part,
        'place': place,
        'garment': shape.garment,
        'leg': shape.leg,
        'pattern': shape.pattern,
        'dwell_s': shape.dwell,
        'rest_s': shape.rest,
        'intensity': float(draw.intensity[place, 0]),
        'pump_l_per_min': float(np.ravel(draw.believed.pump.free_flow)[place]) / LITRE_PER_MINUTE,
        'adapted': bool(draw.adapted[place]),
        'strike_s': strike if faults else None,
        'faults': [fault.kind.value for fault in faults],
        'chambers': [fault.chamber for fault in faults],
        'magnitudes': [fault.magnitude for fault in faults],
        'hazards': [HAZARDS[i].id for i in seen],
        'hazard_times_s': [float(first[i]) for i in seen],
        'over_s': float(outcome.over[place]),
        'held_s': float(outcome.held[place]),
        'late_s': float(outcome.late[place]),
        'highest_mmhg': float(outcome.highest[place]) / MMHG,
        'supply_mmhg': float(outcome.supply[place]) / MMHG,
        'relieved_g': float(outcome.relieved[place]) * 1e3,
        'simulated_s': float(outcome.seconds[place]),
        'cycles': int(outcome.cycles[place]),
        'false_trip': early,
        'violation': broken and not beyond,
        'beyond_valves': broken and beyond,
        'detection_s': None,
        'undetected': None,
        'exempt': '',
    }
    if len(faults) == 1 and not early:
        claim = CLAIMS[faults[0].kind]
        row['exempt'] = claim.exempt
        delay = float(first[seen[0]]) - strike if seen else None
        row['detection_s'] = delay
        row['undetected'] = delay is None or delay > claim.latest
    return row
