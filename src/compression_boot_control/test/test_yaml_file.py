"""The YAML reader: whatever the text is, plain data with lines, or a FileError."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.yaml_file import (
    DEPTH_LIMIT,
    REAL,
    SIZE_LIMIT,
    FileError,
    MissingFileError,
    field_name,
    parse_yaml,
    read_yaml,
)

BOMB = """\
a: &a [x, x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
g: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f, *f]
"""


def error_lines(text: str) -> tuple[str, ...]:
    with pytest.raises(FileError) as caught:
        parse_yaml(text, 'a.yaml')
    return caught.value.lines


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('40', 40),
        ('-2.5', -2.5),
        ('1e3', 1000.0),
        ('.inf', float('inf')),
        ('true', True),
        ('null', None),
        ('~', None),
        ('', None),
        ('"40"', '40'),
        ('1:30', '1:30'),
        ('off', 'off'),
        ('yes', 'yes'),
        ('2026-01-01', '2026-01-01'),
        ('0x10', '0x10'),
        ('9' * 5000, '9' * 5000),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    assert parse_yaml(f'key: {text}').data == {'key': value}


def test_nan_is_read_as_nan() -> None:
    value = parse_yaml('key: .nan').data['key']
    assert value != value


def test_places_are_the_lines_of_the_keys() -> None:
    document = parse_yaml('a: 1\nb:\n  - c: 2\n    d: 3\n', 'a.yaml')
    assert str(document.place(('b', 0, 'd'))) == 'a.yaml:4'
    assert str(document.place(('b', 0, 'missing'))) == 'a.yaml:3'
    assert str(document.place(('missing',))) == 'a.yaml:1'


def test_an_alias_is_written_out() -> None:
    assert parse_yaml('a: &x {b: 1}\nc: *x\n').data == {'a': {'b': 1}, 'c': {'b': 1}}


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('', 'a.yaml:1:file: is empty'),
        ('# only a comment\n', 'a.yaml:1:file: is empty'),
        ('null', 'a.yaml:1:file: is empty'),
        ('- 1\n- 2\n', 'a.yaml:1:file: is not a mapping'),
        ('just text', 'a.yaml:1:file: is not a mapping'),
        ('a: 1\nb: [1, 2\n', 'a.yaml:3:file: is not YAML'),
        ('a: 1\n\tb: 2\n', 'a.yaml:2:file: is not YAML'),
        ('a: \x00', 'a.yaml:1:file: is not YAML'),
        ('a: "\\UFFFFFFFF"', 'a.yaml:1:file: is not YAML'),
        ('a: 1\na: 2\n', 'a.yaml:2:a: is given twice, first on line 1'),
        ('a:\n  b: 1\n  b: 2\n', 'a.yaml:3:a.b: is given twice, first on line 2'),
        ('? [1, 2]\n: 3\n', 'a.yaml:1:file: a key is not a word'),
        ('a: 1\n---\nb: 2\n', 'a.yaml:2:file: has a second document'),
        ('a: !!python/object/apply:os.system [ls]', 'a.yaml:1:file: tag'),
        ('a: !x 1', 'a.yaml:1:file: tag'),
        ('a: *x', 'a.yaml:1:file: is not YAML'),
        ('a: &x\n  b: *x\n', 'a.yaml:2:file: an anchor contains itself'),
        ('&x a: 1\nb: &x [*x]\n', 'a.yaml:2:file:'),
        (BOMB, 'a.yaml:1:file: holds too many values'),
        ('a: ' + '[' * 1000, f'a.yaml:1:file: is nested too deeply; allowed: up to {DEPTH_LIMIT}'),
        ('a: ' + '[' * 200_000, 'a.yaml:1:file: is nested too deeply'),
        ('a: [' + '1,' * 50_000 + ']', 'a.yaml:1:file: holds too many values'),
    ],
)
def test_what_cannot_be_used_is_refused_on_its_line(text: str, expected: str) -> None:
    lines = error_lines(text)
    assert lines[0].startswith(expected)
    assert all(len(line.splitlines()) == 1 for line in lines)


def test_all_repeated_keys_are_named_at_once() -> None:
    assert len(error_lines('a: 1\na: 2\nb: 1\nb: 2\n')) == 2


def test_nesting_by_aliases_is_limited_too() -> None:
    text = 'a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n'
    text += ''.join(f'a{i}: &a{i} [[[[[*a{i - 1}]]]]]\n' for i in range(1, 300))
    assert 'nested too deeply' in error_lines(text)[0]


def test_a_key_from_a_file_does_not_steer_the_terminal() -> None:
    line = error_lines('"\\e[31m\\u2028x": 1\n"\\e[31m\\u2028x": 2\n')[0]
    assert line.isprintable()


def test_a_long_key_is_cut() -> None:
    assert len(field_name(('k' * 100_000,))) < 100


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / 'huge.yaml'
    with path.open('wb') as stream:
        stream.truncate(100 * SIZE_LIMIT)
    with pytest.raises(FileError, match=r'100\.0 MB is too large, it was not read'):
        read_yaml(path)


def test_a_huge_text_is_refused() -> None:
    assert 'too large' in error_lines('a: ' + 'x' * SIZE_LIMIT)[0]


def test_a_missing_file_a_folder_and_a_special_file_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / 'none.yaml', tmp_path, Path('/dev/zero'), Path('a\x00b')):
        with pytest.raises(FileError):
            read_yaml(path)
    with pytest.raises(MissingFileError):
        read_yaml(tmp_path / 'none.yaml')


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'a.yaml'
    path.write_bytes(b'a: 1\nb: \xff\xfe\n')
    with pytest.raises(FileError, match=r'a\.yaml:2:file: is not text'):
        read_yaml(path)


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / 'a.yaml'
    path.write_bytes(b'\xef\xbb\xbfa: 1\n')
    assert read_yaml(path).data == {'a': 1}


TOKENS = """a b : - [ ] { } , &x *x " ' | > # --- ... ! !! ? << .nan 1e9"""
YAML_LIKE = st.lists(
    st.one_of(
        st.sampled_from([*TOKENS.split(), ': ', '- ', '\n', '  ', '\t', '? ', '%YAML 1.1\n']),
        st.text(max_size=3),
    ),
    max_size=40,
).map(''.join)


@settings(max_examples=200, deadline=None)
@given(st.one_of(YAML_LIKE, st.text(max_size=200)))
def test_no_text_raises_anything_but_a_file_error(text: str) -> None:
    try:
        lines: tuple[str, ...] = (repr(parse_yaml(text).data),)
    except FileError as error:
        lines = error.lines
    assert lines
    assert all(len(line.splitlines()) == 1 for line in lines)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_no_file_raises_anything_but_a_file_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp('fuzz') / 'a.yaml'
    path.write_bytes(content)
    with contextlib.suppress(FileError):
        read_yaml(path)


# YAML 1.1, which PyYAML writes, leaves 0E0 unquoted, as it is no number there
WORDS = st.text(max_size=10).filter(lambda text: REAL.fullmatch(text) is None)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), PLAIN, min_size=1, max_size=4))
def test_what_a_writer_wrote_is_read_back(data: dict[str, object]) -> None:
    text = yaml.safe_dump(data, allow_unicode=False)
    assert parse_yaml(text).data == data
