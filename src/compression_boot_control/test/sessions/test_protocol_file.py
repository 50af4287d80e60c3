"""Each rule of the protocol file, by name: what is refused, on which line, with which cure."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.sessions.protocol_library import load_protocol
from compression_boot_control.yaml_file import FileError

PRESSURE = 'pressure: {foot_mmhg: 60, gradient_mmhg_per_zone: 5}'


def error_lines(text: str, zone_order: tuple[str, ...] | None = None) -> tuple[str, ...]:
    with pytest.raises(FileError) as caught:
        load_protocol(text, zone_order=zone_order)
    assert all(len(line.splitlines()) == 1 for line in caught.value.lines)
    return caught.value.lines


def error_line(text: str, zone_order: tuple[str, ...] | None = None) -> str:
    (line,) = error_lines(text, zone_order)
    return line


def with_zones(trial: str, zones: str) -> str:
    return trial.replace(PRESSURE, f'pressure: {{zones_mmhg: {{{zones}}}}}')


def test_a_right_file_is_read(trial: str) -> None:
    protocol = load_protocol(trial)
    assert protocol.name == 'trial'
    pattern, scale = protocol.compression(0)
    assert pattern.zone_pressures(('foot', 'calf', 'thigh')) == (60, 55, 50)
    assert scale == 1.0


def test_an_unknown_zone_gets_the_near_name(trial: str) -> None:
    text = with_zones(trial, 'foot: 40, ankel: 35, calf: 30')
    line = error_line(text, ('foot', 'ankle', 'calf'))
    assert line == (
        'protocol:13:phases[main].pressure.zones_mmhg.ankel: zone ankel is not in the garment; '
        'did you mean ankle?; allowed: foot, ankle, calf'
    )


def test_a_zone_without_a_pressure_is_named(trial: str) -> None:
    line = error_line(with_zones(trial, 'foot: 40'), ('foot', 'calf'))
    assert 'has no pressure for zone calf; add it, 0 leaves a zone vented' in line


def test_a_reversed_gradient_is_refused_in_every_way_to_write_it(trial: str) -> None:
    line = error_line(with_zones(trial, 'foot: 40, ankle: 30, calf: 35'))
    assert line == (
        'protocol:13:phases[main].pressure.zones_mmhg.calf: 35 is a reversed gradient: more than '
        'ankle below it; allowed: up to 30'
    )
    line = error_line(trial.replace(PRESSURE, 'pressure: {foot_mmhg: 40, thigh_mmhg: 50}'))
    assert line.startswith('protocol:13:phases[main].pressure.thigh_mmhg: 50 is a reversed')
    line = error_line(trial.replace('per_zone: 5', 'per_zone: -5'))
    assert line.startswith('protocol:13:phases[main].pressure.gradient_mmhg_per_zone: -5 is a rev')


def test_a_reversed_gradient_is_found_whatever_the_order_of_the_lines(trial: str) -> None:
    assert 'reversed gradient' in error_line(with_zones(trial, 'thigh: 50, foot: 40'))
    load_protocol(with_zones(trial, 'thigh: 40, foot: 50'))


def test_a_vented_zone_in_between_hides_no_reversed_gradient(trial: str) -> None:
    assert 'reversed' in error_line(with_zones(trial, 'foot: 30, ankle: 0, calf: 40'))
    load_protocol(with_zones(trial, 'foot: 40, ankle: 0, calf: 30'))


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        ('120', '120 mmHg is over the highest pressure; allowed: 20 to 110 mmHg'),
        ('19', '19 mmHg is under the lowest pressure; allowed: 20 to 110 mmHg, or 0 for a zone'),
        ('-40', '-40 mmHg is under the lowest pressure'),
        ('5333', '5333 looks like pascals, and would be 40 mmHg; allowed: 20 to 110 mmHg'),
        ('.nan', 'nan is not finite; allowed: a number'),
        ('.inf', 'inf is not finite'),
        ('-.inf', '-inf is not finite'),
        ('"40"', "'40' is not a number; allowed: a number without quotes"),
        ('off', "'off' is not a number"),
        ('true', 'True is not a number'),
        ('', 'None is not a number'),
        ('[40]', '[40] is not a number'),
    ],
)
def test_a_pressure_is_in_range_and_finite(trial: str, value: str, expected: str) -> None:
    line = error_line(with_zones(trial, f'foot: {value}'))
    assert line.startswith('protocol:13:phases[main].pressure.zones_mmhg.foot: ')
    assert expected in line


def test_zero_leaves_a_zone_vented_but_is_no_pressure_for_the_foot(trial: str) -> None:
    load_protocol(with_zones(trial, 'foot: 0, calf: 40'))
    assert '0 mmHg is under' in error_line(trial.replace('foot_mmhg: 60', 'foot_mmhg: 0'))


@pytest.mark.parametrize(
    ('old', 'new', 'expected'),
    [
        ('dwell_s: 50', 'dwell_s: 0', '14:phases[main].dwell_s: 0 is out of range; allowed: 1 to'),
        ('dwell_s: 50', 'dwell_s: -1', '-1 is out of range'),
        ('dwell_s: 50', 'dwell_s: 500', '500 is out of range; allowed: 1 to 150 s'),
        ('dwell_s: 50', 'dwell_s: .nan', 'nan is not finite'),
        ('rest_s: 15', 'rest_s: 0', '15:phases[main].rest_s: 0 is out of range; allowed: 1 to 300'),
        ('session_min: 10', 'session_min: 0', '8:session_min: 0 is out of range; allowed: more th'),
        ('session_min: 10', 'session_min: -3', '-3 is out of range'),
        ('session_min: 10', 'session_min: 46', '46 is out of range; allowed: more than 0 up to 45'),
        ('session_min: 10', 'session_min: .inf', 'inf is not finite'),
        ('session_min: 10', 'session_min: ten', "'ten' is not a number"),
        ('rest_s: 15', 'rest_s: 15\n    repeats: 0', '0 is out of range; allowed: 1 to 50'),
        ('rest_s: 15', 'rest_s: 15\n    repeats: 2.5', '16:phases[main].repeats: 2.5 is wrong'),
        ('rest_s: 15', 'rest_s: 15\n    release: half', "'half' is not known; allowed: 'full'"),
        ('legs: together', 'legs: both', "9:legs: 'both' is not known; allowed: 'together', 'alt"),
        ('dwell_s', 'dwel_s', 'phases[main].dwel_s: is not a known field; did you mean dwell_s?'),
        ('    dwell_s: 50\n', '', 'phases[main].dwell_s: is missing; add it'),
        ('title: Trial', 'title: ""', '3:title: '),
        ('title: Trial', 'title: "\\e[31m"', 'has a character that cannot be shown'),
        ('title: Trial', 'title: 3', '3:title: 3 is wrong'),
        ('name: trial', 'name: My protocol', "2:name: 'My protocol' is not a name"),
        ('title: Trial', 'title: Trial\ntitle: Two', '4:title: is given twice, first on line 3'),
        ('pattern: sequential_gradient_hold', 'pattern: wave', "'wave' is not known; allowed: '"),
        ('    pattern: sequential_gradient_hold\n', '', "field 'pattern' is missing; add it"),
        (PRESSURE, 'pressure: 40', '13:phases[main].pressure: is not a mapping; allowed: {foot'),
        (PRESSURE, 'pressure: {foot_mmhg: 40}', 'is not complete; allowed: zones_mmhg, or foot'),
        (
            PRESSURE,
            'pressure: {foot_mmhg: 40, zones_mmhg: {foot: 40}}',
            'gives pressures in two ways; keep zones_mmhg or foot_mmhg',
        ),
        ('per_zone: 5', 'per_zone: 30', '30 is out of range; allowed: 0 to 20 mmHg'),
    ],
)
def test_a_field_that_is_wrong_says_what_is_allowed(
    trial: str, old: str, new: str, expected: str
) -> None:
    assert old in trial
    lines = error_lines(trial.replace(old, new, 1))
    assert any(expected in line for line in lines), lines


def test_all_errors_are_said_at_once(trial: str) -> None:
    text = trial.replace('dwell_s: 50', 'dwell_s: 0').replace('session_min: 10', 'session_min: 0')
    assert len(error_lines(text)) == 2


def test_a_format_of_the_future_is_said_alone(trial: str) -> None:
    text = trial.replace('format: 1', 'format: 2').replace('dwell_s: 50', 'dwell: {seconds: 50}')
    assert error_line(text) == (
        'protocol:1:format: 2 is newer than this program; update it, or write the file in format 1'
    )


@pytest.mark.parametrize('value', ['0', '"1"', '1.5', 'true', 'one'])
def test_a_wrong_format_is_refused(trial: str, value: str) -> None:
    assert 'is not a format; allowed: 1' in error_line(
        trial.replace('format: 1', f'format: {value}')
    )


def test_two_phases_need_two_names(trial: str) -> None:
    phase = trial[trial.index('  - name') :]
    line = error_line(trial + phase)
    assert line.startswith('protocol:16:phases[main].name: main is the name of two phases')


WARM_UP = '  - {name: warm_up, pattern: scaled, of: main, scale: 0.7, repeats: 2}\n'


def test_a_scaled_phase_names_another_that_is_not_scaled(trial: str) -> None:
    text = trial.replace('phases:\n', 'phases:\n' + WARM_UP)
    load_protocol(text)
    assert 'man is no phase that can be scaled; did you mean main?' in error_line(
        text.replace('of: main', 'of: man')
    )
    assert 'allowed: main' in error_line(text.replace('of: main', 'of: warm_up'))
    assert '1.5 is out of range; allowed: 0.3 to 1' in error_line(text.replace('0.7', '1.5'))


def test_one_phase_must_fill_the_time(trial: str) -> None:
    assert "all have repeats; remove it from the one that fills the session's time" in error_line(
        trial.replace('rest_s: 15', 'rest_s: 15\n    repeats: 3')
    )


def test_phases_that_fill_the_time_follow_each_other(trial: str) -> None:
    second = '  - {name: second, pattern: scaled, of: main, scale: 0.5}\n'
    load_protocol(trial + second)
    assert 'fills the time, but so does an earlier phase' in error_line(trial + WARM_UP + second)


def test_an_empty_list_of_phases_is_refused(trial: str) -> None:
    assert error_line(trial[: trial.index('phases')] + 'phases: []\n').startswith('protocol:10:')


WHOLE = """\
format: 1
name: trial
title: Trial
description: For tests.
who_it_is_for: Nobody.
when: Never.
evidence: {known: Nothing., not_known: Everything.}
session_min: 10
phases:
  - {name: warm_up, pattern: scaled, of: main, scale: 0.7, repeats: 2}
  - name: main
    pattern: sequential_gradient_hold
    pressure: {zones_mmhg: {foot: 60, ankle: 50, calf: 40}}
    dwell_s: 50
    rest_s: 15
"""


def problems(text: str) -> tuple[str, ...]:
    try:
        load_protocol(text, paths=False)
    except FileError as error:
        return error.lines
    return ()


FIELDS = ['format', 'name', 'phases', 'session_min', 'pressure', 'zones_mmhg', 'dwell_s', 'pattern']
SIGNS = ['\n', '  ', '- ', '*a', '&a ']
VALUES = ['1', '-1', '.nan', '"x"', '[]', '{}', 'main', 'scaled', 'sequential_gradient_hold', '1e9']


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_never_raises_anything_but_a_file_error(data: st.DataObject) -> None:
    text = WHOLE
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 20))
        new = data.draw(
            st.sampled_from(
                [f'{field}: ' for field in FIELDS] + VALUES + ['\n', '  ', '- ', '*a', '&a']
            )
            | st.text(max_size=3)
        )
        text = text[:start] + new + text[start + length :]
    assert all(len(line.splitlines()) == 1 for line in problems(text + '\n'))


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(['main', 'scaled', 'peristaltic', 'foot', 'beginner', 'full']),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*FIELDS, 'extends', 'of', 'foot']), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*FIELDS, 'extends', 'legs', 'evidence']), JUNK))
def test_any_data_in_the_fields_never_raises_anything_but_a_file_error(
    data: dict[str, object],
) -> None:
    assert problems(yaml.safe_dump(data))
