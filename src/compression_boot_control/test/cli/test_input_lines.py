"""Lines of input, taken without waiting."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from compression_boot_control.cli.input_lines import InputLines


@pytest.fixture
def pipe() -> Iterator[tuple[InputLines, int]]:
    reading, writing = os.pipe()
    yield InputLines(reading), writing
    os.close(reading)


def test_lines_that_come_together_are_given_one_by_one(pipe: tuple[InputLines, int]) -> None:
    lines, writing = pipe
    os.write(writing, b'cut\noff cut\n')
    assert [lines.next(0.0), lines.next(0.0), lines.next(0.0)] == ['cut', 'off cut', None]
    os.close(writing)


def test_half_a_line_is_none_until_its_rest_comes(pipe: tuple[InputLines, int]) -> None:
    lines, writing = pipe
    os.write(writing, b'late')
    assert lines.next(0.0) is None
    os.write(writing, b'=30\n')
    assert lines.next(0.0) == 'late=30'
    os.close(writing)


def test_the_last_line_needs_no_end_and_then_nothing_comes(pipe: tuple[InputLines, int]) -> None:
    lines, writing = pipe
    os.write(writing, b'state')
    os.close(writing)
    assert lines.next(0.0) is None
    assert lines.next(0.0) == 'state'
    assert lines.ended
    assert lines.next(0.0) is None


def test_what_is_no_text_does_not_end_it(pipe: tuple[InputLines, int]) -> None:
    lines, writing = pipe
    os.write(writing, b'\xff\xfe\n')
    assert lines.next(0.0) is not None
    os.close(writing)
