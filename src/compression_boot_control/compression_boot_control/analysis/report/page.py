"""Puts a report together: one HTML file with everything in it, that needs no network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from compression_boot_control.analysis.bag_analysis import BagFacts
from compression_boot_control.analysis.errors import BagError

NOTICE = (
    'Made by <code>boots analyze</code>. Compression Boots is a research prototype, not a medical '
    'device. Pressures are those in the bladders.'
)


def page(title: str, body: Iterable[str]) -> str:
    """A page with plotly.js, style and program inside."""
    own = files('compression_boot_control.analysis.report')
    style = (own / 'page.css').read_text(encoding='utf-8')
    program = (own / 'page.js').read_text(encoding='utf-8')
    plotly = (files('plotly') / 'package_data' / 'plotly.min.js').read_text(encoding='utf-8')
    parts = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f'<title>{escape(title)}</title><style>{style}</style>',
        f'<script>{plotly}</script></head><body>',
        *body,
        f'<script>{program}</script></body></html>\n',
    )
    return '\n'.join(parts)


def write_page(path: Path, text: str) -> None:
    """Write a page.

    Raises
    ------
    BagError
        The file cannot be written.
    """
    try:
        path.write_text(text, encoding='utf-8')
    except OSError as error:
        raise BagError.from_os('cannot write the report', path, error) from error


def embedded(document: Any) -> str:
    """Values for the page's program, in a form that no text in them can break."""
    text = json.dumps(document, separators=(',', ':'), allow_nan=False)
    return f'<script type="application/json">{text.replace("<", chr(92) + "u003c")}</script>'


def bag_report(facts: BagFacts, sections: Sequence[str]) -> str:
    """The report on a bag.

    Parameters
    ----------
    facts : BagFacts
    sections : sequence of str
        Of its sessions; see `session_section.session_section`.
    """
    name = facts.path.resolve().name
    count = len(sections)
    minutes, seconds = divmod(round(facts.duration_s), 60)
    told = [
        f'<h1>Recording {escape(name)}</h1>',
        f'<p class="lead">{minutes} min {seconds} s, {sum(facts.counts.values()):,} messages, '
        f'{count} session{"" if count == 1 else "s"}</p>',
        f'<p class="quiet">{NOTICE}</p>',
    ]
    told += [f'<p class="note">{escape(note)}</p>' for note in facts.notes]
    ending = [
        '<h2>Where this comes from</h2>',
        _table(('topic', 'messages'), sorted((n, f'{c:,}') for n, c in facts.counts.items())),
        _table(('provenance', ''), [(n, _short(value)) for n, value in facts.provenance.items()]),
        '<p class="read">Every figure is defined in docs/analysis.md, with its equation and '
        'window.</p>',
    ]
    return page(f'Recording {name}', [*told, *sections, *ending])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f'<tr>{"".join(f"<th>{escape(name)}</th>" for name in head)}</tr>']
    lines += [
        f'<tr>{"".join(f"<td>{escape(str(value))}</td>" for value in row)}</tr>' for row in rows
    ]
    return f'<div class="scroll"><table>{"".join(lines)}</table></div>'


def _short(text: str) -> str:
    return text if len(text) <= 120 else f'{text[:117]}...'
