"""Limits of protocols and sessions as data, each with the mark of where it comes from.

Marks: [S] usual dose of consumer compression boots, [L] literature or a device's manual,
[P] a proposal of this project, where nothing could be read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from compression_boot_control.file_validation import Range


@dataclass(frozen=True)
class Limit(Range):
    """A range with its reason.

    Attributes
    ----------
    mark : str
        Where it comes from: S, L or P.
    meaning : str
        What is limited, and why.
    """

    mark: str = field(kw_only=True)
    meaning: str = field(kw_only=True)


PRESSURE = Limit(
    20, 110, 'mmHg', mark='S', meaning='pressure of an inflated zone that a device offers'
)
LOCKED_PRESSURE = Limit(0, 65, 'mmHg', mark='S', meaning='pressure without a deliberate unlock')
FIRST_PRESSURE = Limit(0, 40, 'mmHg', mark='P', meaning='pressure in the first session')
SESSIONS_A_DAY = Limit(0, 2, '', mark='P', meaning='sessions in 24 hours')
SESSION_GAP = Limit(
    4, 24, 'h', mark='P', meaning='time from the end of a session to the next; more is fine'
)
RATING = Limit(1, 10, '', mark='S', meaning='soreness and freshness of the legs')
SESSION_TIME = Limit(0, 45, 'min', above=True, mark='S', meaning='length of a session')
WARM_UP_CYCLES = Limit(
    0,
    3,
    '',
    mark='L',
    meaning="first cycles of a warm-up that are not of the session's time, in which devices fit "
    'filling to the legs',
)
WARM_UP_TIME = Limit(
    0,
    5,
    'min',
    mark='P',
    meaning="time that a session's clock waits for the warm-up; with it the whole stays within the "
    'session time',
)
ZONE_TIME = Limit(0, 180, 's', mark='L', meaning='time of a zone above 15 mmHg without a release')
PLANNED_ZONE_TIME = Limit(
    0,
    160,
    's',
    mark='P',
    meaning='the same as planned; the rest is for a slow pump and a yielding limb',
)
DWELL = Limit(
    1, 150, 's', mark='P', meaning='dwell under pressure; the wave must fit into the zone time too'
)
REST = Limit(1, 300, 's', mark='P', meaning='rest between two cycles; 5 to 20 s are usual')
STEP = Limit(
    0, 10, 'mmHg', mark='L', meaning='pressure difference of neighbouring zones; 5 to 10 did best'
)
GRADIENT = Limit(
    0, 20, 'mmHg', mark='P', meaning='largest gradient per zone that a file may ask for'
)
INTENSITY = Limit(0.5, 1.2, '', mark='P', meaning="scale on a protocol's pressures")
ZONE_OFFSET = Limit(
    -20, 10, 'mmHg', mark='L', meaning='change of one zone; devices boost by about 10 mmHg'
)
SCALE = Limit(
    0.3, 1, '', mark='P', meaning='pressure of a warm-up or cool-down against the phase it is like'
)
BOOST = Limit(
    0, 10, 'mmHg', above=True, mark='L', meaning='boost of one zone in a file, as devices offer it'
)
RAMP_CYCLES = Limit(1, 10, '', mark='P', meaning='cycles over which a phase comes to its pressure')
PROGRESS_SCALE = Limit(0.5, 1, '', mark='P', meaning='intensity of the first session of a protocol')
PROGRESS_SESSIONS = Limit(1, 20, '', mark='P', meaning='comfortable sessions up to full pressure')
OVERLAP = Limit(0, 2, '', mark='P', meaning='next zones that begin to fill together with a zone')
REPEATS = Limit(1, 50, '', mark='P', meaning='repeats of one phase')
WINDOW = Limit(1, 4, '', mark='P', meaning='zones under pressure at once in a peristaltic wave')
PULSES = Limit(1, 10, '', mark='P', meaning='oscillations of each zone')
PULSE_DEPTH = Limit(
    3, 20, 'mmHg', mark='P', meaning='drop of an oscillation; never above the set pressure'
)
PULSE_TIME = Limit(0.5, 5, 's', mark='P', meaning='time at the lower pressure of an oscillation')

LYMPH_DWELL = 50.0
"""Dwell at which lymph moved; 5 s and 20 s did nothing even at 120 mmHg [s] [L]."""

PASCAL_LIKE = 1000.0
"""From here on a number for a pressure looks like pascals [mmHg] [P]."""

ALL_LIMITS = {
    'pressure': PRESSURE,
    'pressure without unlock': LOCKED_PRESSURE,
    'pressure in the first session': FIRST_PRESSURE,
    'sessions in 24 hours': SESSIONS_A_DAY,
    'time between sessions': SESSION_GAP,
    'rating': RATING,
    'session time': SESSION_TIME,
    'cycles of the warm-up': WARM_UP_CYCLES,
    'time of the warm-up': WARM_UP_TIME,
    'zone time': ZONE_TIME,
    'planned zone time': PLANNED_ZONE_TIME,
    'dwell': DWELL,
    'rest': REST,
    'step': STEP,
    'gradient': GRADIENT,
    'intensity': INTENSITY,
    'zone offset': ZONE_OFFSET,
    'scale': SCALE,
    'boost': BOOST,
    'ramp cycles': RAMP_CYCLES,
    'overlap': OVERLAP,
    'scale of the first session': PROGRESS_SCALE,
    'sessions up to full pressure': PROGRESS_SESSIONS,
    'repeats': REPEATS,
    'window': WINDOW,
    'pulses': PULSES,
    'pulse depth': PULSE_DEPTH,
    'pulse time': PULSE_TIME,
}
"""Every limit by name, for tables in the documentation."""
