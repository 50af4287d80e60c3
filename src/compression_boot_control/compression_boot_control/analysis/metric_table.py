"""Every metric of a session in one table: name, unit, window, equation, meaning.

`session_analysis` computes them, docs/analysis.md is made from this table, and reports explain each
figure with its words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a metric is of."""

    SESSION = 'session'
    CHAMBER = 'chamber'
    PATH = 'path'
    NODE = 'node'
    ALARM = 'alarm'


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes
    ----------
    name : str
        Key in JSON and Parquet; ends with its unit.
    title : str
        For tables that people read.
    unit : str
    scope : Scope
    window : str
        Which part of the recording counts, and how several values become one.
    equation : str
    meaning : str
        For a person who has not read the manual.
    function : str
        That computes it, as ``module.function``.
    tolerance, relative : float
        A difference between two bags up to the larger of these does not matter: in the metric's
        unit, and as a part of the reference's value [P].
    digits : int
        Decimals that are shown.
    """

    name: str
    title: str
    unit: str
    scope: Scope
    window: str
    equation: str
    meaning: str
    function: str
    tolerance: float = 0.0
    relative: float = 0.0
    digits: int = 1


_CHAMBER, _SESSION, _PATH = Scope.CHAMBER, Scope.SESSION, Scope.PATH
_NODE, _ALARM = Scope.NODE, Scope.ALARM

METRICS: tuple[Metric, ...] = (
    Metric(
        'duration_s',
        'duration',
        's',
        _SESSION,
        'from the first set-point that is no vent until all chambers are below 15 mmHg after the '
        'last one',
        't_end - t_start',
        'How long the legs were treated.',
        'metrics.session_span',
        tolerance=1.0,
        relative=0.02,
    ),
    Metric(
        'cycles',
        'full cycles',
        '',
        _SESSION,
        'session',
        'number of cycles that reached all their zones, were held and released',
        'Waves that did what they are for; one that was broken off does not count.',
        'cycles.full_cycles',
        digits=0,
    ),
    Metric(
        'wave_time_s',
        'wave',
        's',
        _SESSION,
        'each cycle; median',
        't(last chamber within 2 mmHg of its target) - t(first set-point)',
        'How long the wave takes from foot to thigh.',
        'cycles.find_cycles',
        tolerance=0.2,
        relative=0.05,
        digits=2,
    ),
    Metric(
        'wave_limit_s',
        'wave, by the pump',
        's',
        _SESSION,
        'the same cycles; median',
        "sum of fill limits of the cycle's groups, and of waits that the protocol asks for",
        'How long the pump alone would take to bring the air, if valves and hoses cost nothing.',
        'fills.pump_limit',
        tolerance=0.2,
        relative=0.05,
        digits=2,
    ),
    Metric(
        'order_violations',
        'zone order violations',
        '',
        _SESSION,
        'session',
        'pairs of neighbours per cycle with t_begin,prox < t_begin,dist - 0.1 s, or with a later '
        'begin and t_arrival,prox < t_arrival,dist - 0.1 s',
        'The wave must run from the foot to the thigh; each count is a zone that went ahead.',
        'wave_order.order_violations',
        digits=0,
    ),
    Metric(
        'rising_target_s',
        'set-points rising to the thigh',
        's',
        _SESSION,
        'session, chambers under pressure',
        'sum of dt where r_prox > r_dist + 0.1 mmHg',
        'Must be 0: no set-point may be higher closer to the thigh.',
        'wave_order.rising_target_time',
        tolerance=0.02,
        digits=2,
    ),
    Metric(
        'rising_pressure_s',
        'pressure rising to the thigh',
        's',
        _SESSION,
        'session, pairs of chambers of a leg that both are on their plateau',
        'sum of dt where p_prox > p_dist + 2 mmHg',
        'Time in which the measured pressure rose towards the thigh on the plateaus.',
        'wave_order.rising_pressure_time',
        tolerance=0.2,
        digits=2,
    ),
    Metric(
        'pump_duty_percent',
        'pump duty',
        '%',
        _SESSION,
        'session',
        '100 integral(u_pump dt) / T',
        'Mean drive of the pump.',
        'valve_work.duty',
        tolerance=1.0,
        relative=0.05,
    ),
    Metric(
        'supply_peak_mmhg',
        'highest supply',
        'mmHg',
        _SESSION,
        'session',
        'max p_rail',
        'Highest pressure of the rail; its relief valve bounds it.',
        'metrics.peak',
        tolerance=5.0,
    ),
    Metric(
        'alarms',
        'alarms',
        '',
        _SESSION,
        'session, from 3 s before it until 20 s after it',
        'number of alarms that became active',
        'What the supervisor found wrong; see the table of alarms.',
        'session_messages.session_data',
        digits=0,
    ),
    Metric(
        'vented_at_end',
        'vented at the end',
        '',
        _SESSION,
        'last second of the data',
        '1 if all p < 15 mmHg, else 0',
        'Must be 1: a session ends with both legs vented.',
        'metrics.vented_at_end',
        digits=0,
    ),
    Metric(
        'protocol_match_percent',
        'agreement with the protocol',
        '%',
        _SESSION,
        'from the first to the last set-point that is no vent',
        '100 sum of dt where all (mode, r) are those of a stage of the protocol / T; r to 0.5 mmHg',
        'Part of the time in which the set-points are those that the protocol file asks for; '
        'skipped zones and offsets lower it.',
        'agreement.agreement',
        tolerance=0.5,
    ),
    Metric(
        'dwell_error_s',
        'error of the dwell',
        's',
        _SESSION,
        'dwells of the protocol that were completed; median',
        '|t_dwell - t_dwell,planned|',
        'How exactly the time under full pressure was kept.',
        'agreement.agreement',
        tolerance=0.05,
        digits=3,
    ),
    Metric(
        'peak_mmhg',
        'peak',
        'mmHg',
        _CHAMBER,
        'session; by cycle for intervals',
        'max p',
        'Highest pressure in the chamber.',
        'metrics.peak',
        tolerance=0.5,
        relative=0.01,
    ),
    Metric(
        'overshoot_mmhg',
        'overshoot',
        'mmHg',
        _CHAMBER,
        'while a constant target is held; the highest of the session',
        'max(p - r, 0), once p has been at or below r + 1 mmHg',
        'How far the pressure went beyond what was asked for.',
        'metrics.overshoot',
        tolerance=0.5,
        digits=2,
    ),
    Metric(
        'tracking_rms_mmhg',
        'tracking error',
        'mmHg',
        _CHAMBER,
        'all samples in which the chamber is to be under pressure, fills included',
        'sqrt(mean((p - r)^2))',
        'Distance from the set-point over all of the time under pressure; mostly the fills.',
        'metrics.tracking_error',
        tolerance=0.5,
        relative=0.05,
        digits=2,
    ),
    Metric(
        'steady_rms_mmhg',
        'plateau rms',
        'mmHg',
        _CHAMBER,
        'plateau: from 1 s after |p - r| <= 1 mmHg until the target changes',
        'sqrt(mean((p - r)^2))',
        'How well the pressure is held once it is there.',
        'metrics.plateau_errors',
        tolerance=0.2,
        digits=2,
    ),
    Metric(
        'steady_bias_mmhg',
        'plateau bias',
        'mmHg',
        _CHAMBER,
        'plateau, as above',
        'mean(p - r)',
        'Whether the plateau lies above (+) or below (-) the target.',
        'metrics.steady_bias',
        tolerance=0.2,
        digits=2,
    ),
    Metric(
        'plateau_time_s',
        'plateau',
        's',
        _CHAMBER,
        'plateau, as above; mean over the cycles',
        'sum of dt on the plateau per cycle',
        'Time under full pressure in a cycle. Lymph only moves with a dwell of about 50 s [L].',
        'wave_order.on_plateau',
        tolerance=0.5,
        relative=0.02,
    ),
    Metric(
        'fill_time_s',
        'fill',
        's',
        _CHAMBER,
        'each fill: a constant target 5 mmHg or more above the pressure; median',
        't(p >= r - 2 mmHg) - t(set-point)',
        'From the set-point until the chamber is there, slack included.',
        'fills.find_fills',
        tolerance=0.1,
        relative=0.05,
        digits=2,
    ),
    Metric(
        'fill_limit_s',
        'fill, by the pump',
        's',
        _CHAMBER,
        'the same fills; median',
        'integral of dm / (rho Q0 (1 - p / p_shut)) over all chambers that begin together, less '
        'the time for what the rail has in store; m = (p_atm + p)(V_u + C_w p) / (R T)',
        'How long the pump alone would take, by the volumes in the layout.',
        'fills.pump_limit',
        tolerance=0.1,
        relative=0.05,
        digits=2,
    ),
    Metric(
        'rise_time_s',
        'rise',
        's',
        _CHAMBER,
        'each fill; median',
        't(90 % of the step) - t(10 %)',
        'How steep the pressure rises once the slack is full.',
        'fills.find_fills',
        tolerance=0.1,
        relative=0.05,
        digits=2,
    ),
    Metric(
        'rise_limit_s',
        'rise, by the pump',
        's',
        _CHAMBER,
        'the same fills; median',
        'as the fill limit, from 10 % to 90 % of the step, this chamber alone',
        'How long the pump alone would take for the rise of this chamber.',
        'fills.pump_limit',
        tolerance=0.1,
        relative=0.05,
        digits=2,
    ),
    Metric(
        'vent_time_s',
        'vent',
        's',
        _CHAMBER,
        'each vent from above 15 mmHg; median',
        't(p < 15 mmHg) - t(set-point)',
        'How fast the chamber lets go. More than 10 s is a fault (SR-10).',
        'fills.vent_times',
        tolerance=0.1,
        relative=0.05,
        digits=2,
    ),
    Metric(
        'dose_mmhg_min',
        'dose',
        'mmHg·min',
        _CHAMBER,
        'session',
        'integral of max(p - 15 mmHg, 0) dt',
        'How much compression the zone got.',
        'metrics.dose',
        tolerance=0.5,
        relative=0.02,
    ),
    Metric(
        'fills',
        'fills',
        '',
        _CHAMBER,
        'session',
        'number of fills that reached r - 2 mmHg',
        'How often the zone was filled.',
        'fills.find_fills',
        digits=0,
    ),
    Metric(
        'leak_ml_per_min',
        'apparent leak',
        'ml/min',
        _CHAMBER,
        'plateau with both valves shut for 4 s or longer, from 10 s after the arrival; median',
        '-(dm/dp)(dp/dt) / rho_ref; dp/dt by least squares',
        "Air that a shut chamber loses. The limb's creep and cooling look the same and are in it; "
        '5 to 20 is normal, 200 and more a fault.',
        'leak.leak_flow',
        tolerance=10.0,
        relative=0.3,
    ),
    Metric(
        'inlet_openings',
        'inlet openings',
        '',
        _CHAMBER,
        'session',
        'number of changes from shut to open',
        'Wear of the valve.',
        'valve_work.openings',
        tolerance=2.0,
        relative=0.1,
        digits=0,
    ),
    Metric(
        'exhaust_openings',
        'exhaust openings',
        '',
        _CHAMBER,
        'session',
        'number of changes from shut to open',
        'Wear of the valve.',
        'valve_work.openings',
        tolerance=2.0,
        relative=0.1,
        digits=0,
    ),
    Metric(
        'valve_travel',
        'valve travel',
        'strokes',
        _CHAMBER,
        'session, both valves',
        'sum |u[k] - u[k-1]|',
        'Way of the valves in full strokes: throttling is work too.',
        'valve_work.travel',
        tolerance=1.0,
        relative=0.1,
    ),
    Metric(
        'unknown_s',
        'unknown',
        's',
        _CHAMBER,
        'session',
        'sum of gaps between known pressures longer than 1 s',
        'Time in which nobody measured the pressure.',
        'metrics.unknown_time',
        tolerance=0.5,
    ),
    Metric(
        'bad_quality_percent',
        'bad quality',
        '%',
        _CHAMBER,
        'session',
        '100 n(quality = BAD) / n',
        'Part of the samples that sensing refused.',
        'metrics.bad_share',
        tolerance=0.1,
        digits=2,
    ),
    Metric(
        'latency_median_ms',
        'latency, median',
        'ms',
        _PATH,
        'session, answers matched by sequence numbers',
        'median(t_answer - t_sample)',
        'How old a sample is when it is acted on.',
        'timing.answer_latency',
        tolerance=0.5,
        relative=0.2,
        digits=2,
    ),
    Metric(
        'latency_p99_ms',
        'latency, p99',
        'ms',
        _PATH,
        'session',
        '99th percentile of t_answer - t_sample',
        'One in a hundred is later than this.',
        'timing.answer_latency',
        tolerance=2.0,
        relative=0.5,
        digits=2,
    ),
    Metric(
        'latency_worst_ms',
        'latency, worst',
        'ms',
        _PATH,
        'session',
        'max(t_answer - t_sample)',
        'The latest of all; the supervisor vents at 200 ms.',
        'timing.answer_latency',
        tolerance=50.0,
        digits=1,
    ),
    Metric(
        'rate_hz',
        'rate',
        'Hz',
        _NODE,
        'session and its margins',
        '1 / median(dt)',
        'How often the node speaks.',
        'timing.regularity',
        tolerance=0.5,
        relative=0.01,
        digits=1,
    ),
    Metric(
        'jitter_rms_ms',
        'jitter, rms',
        'ms',
        _NODE,
        'session and its margins; messages that come early because something changed left out',
        'sqrt(mean((dt - median(dt))^2))',
        'How evenly the node speaks.',
        'timing.regularity',
        tolerance=1.0,
        relative=0.5,
        digits=2,
    ),
    Metric(
        'jitter_p99_ms',
        'jitter, p99',
        'ms',
        _NODE,
        'as above',
        '99th percentile of |dt - median(dt)|',
        'One interval in a hundred is off by more than this.',
        'timing.regularity',
        tolerance=3.0,
        relative=0.5,
        digits=2,
    ),
    Metric(
        'worst_gap_ms',
        'longest gap',
        'ms',
        _NODE,
        'as above',
        'max(dt)',
        'The longest silence of the node.',
        'timing.regularity',
        tolerance=50.0,
        digits=1,
    ),
    Metric(
        'missed',
        'missed',
        '',
        _NODE,
        'as above',
        'sum of max(n[k] - n[k-1] - 1, 0) over sequence numbers',
        'Messages that were sent and are not in the bag: lost on the way to the recorder.',
        'timing.missed',
        tolerance=0.0,
        digits=0,
    ),
    Metric(
        'reaction_permit_ms',
        'to the permit',
        'ms',
        _ALARM,
        'from the moment that the condition was confirmed',
        't(permitted command vents all chambers concerned) - t_since',
        'How fast the supervisor acted.',
        'alarm_reaction.reaction',
        tolerance=20.0,
        digits=1,
    ),
    Metric(
        'reaction_valves_ms',
        'to open exhausts',
        'ms',
        _ALARM,
        'as above',
        't(device reports exhausts open, inlets shut) - t_since',
        'How fast the valves followed.',
        'alarm_reaction.reaction',
        tolerance=20.0,
        digits=1,
    ),
    Metric(
        'reaction_vented_s',
        'to vented',
        's',
        _ALARM,
        'as above',
        't(all chambers concerned < 15 mmHg) - t_since',
        'How fast the leg was free.',
        'alarm_reaction.reaction',
        tolerance=0.5,
        digits=2,
    ),
)
"""All metrics, in the order in which reports show them."""

BY_NAME = {metric.name: metric for metric in METRICS}

PATHS = {
    'sensing': 'sample to pressures, as recorded',
    'control': 'sample to request, as recorded',
    'permit': 'sample to permit, by their stamps',
    'applied': 'permit to the sample that reports it applied, by their stamps',
}
"""Paths through the graph of nodes, and between which two times each is measured."""

NODES = {
    'manifold': ('manifold/state', 'stamp'),
    'pressure_sensing': ('pressures', 'log'),
    'chamber_control': ('valves/requested', 'log'),
    'safety_supervisor': ('valves/permitted', 'stamp'),
    'sequence_planner': ('setpoints', 'stamp'),
}
"""Node, the topic by which it is judged, and the clock: its own stamps, or the recorder's where a
message carries the stamp of the sample that it follows from."""
