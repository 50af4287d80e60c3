"""`boots analyze`: what a bag shows, in figures and pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.errors import WrongUse
from compression_boot_control.cli.options import JsonOption

if TYPE_CHECKING:
    from compression_boot_control.analysis.session_analysis import SessionAnalysis

HTML = 'Write a report to look at in a browser; it needs no network.'
PARQUET = 'Write all figures as rows, those of single cycles too.'


def analyze(
    bag: Annotated[
        Path, typer.Argument(metavar='BAG', help='A bag, or a folder that holds many of them.')
    ],
    as_json: JsonOption = False,
    html: Annotated[Path | None, typer.Option('--html', metavar='FILE', help=HTML)] = None,
    parquet: Annotated[Path | None, typer.Option('--parquet', metavar='FILE', help=PARQUET)] = None,
    namespace: Annotated[
        str | None,
        typer.Option('--namespace', metavar='NS', help='Garment, if the bag has several.'),
    ] = None,
    garment: Annotated[
        str, typer.Option('--garment', metavar='F', help='Garment, if the library lacks it.')
    ] = '',
    protocol: Annotated[
        str,
        typer.Option('--protocol', metavar='P', help='Protocol that the session should follow.'),
    ] = '',
) -> None:
    """Turn a bag into figures: pressure, speed, dose, order of the wave, latency, alarms.

    Reads bags of `boots up` and of `ros2 bag record`, whole and damaged; says what it cannot
    compute, and why. docs/analysis.md explains every figure.
    """
    from rich.console import Console

    from compression_boot_control.analysis.analysis_documents import (
        analysis_document,
        analysis_rows,
        write_rows,
    )
    from compression_boot_control.analysis.analysis_tables import render_analysis
    from compression_boot_control.analysis.bag_analysis import AnalysisOptions, analyse_bag

    if not bag.exists():
        raise WrongUse(f'there is no bag {bag}; check the path')
    sessions: list[SessionAnalysis] = []
    rows = []

    def take(session: SessionAnalysis) -> None:
        if parquet is not None:
            rows.extend(analysis_rows(str(bag), session))
        sessions.append(session)

    options = AnalysisOptions(namespace, garment, protocol)
    with Console(stderr=True).status(f'reading {bag}'):
        facts = analyse_bag(bag, options, take)
    if parquet is not None:
        write_rows(parquet, rows)
    if as_json:
        typer.echo(json.dumps(analysis_document(facts, sessions), indent=2))
        return
    console = Console()
    console.print(render_analysis(facts, sessions))
    if parquet is not None:
        console.print(f'figures in {parquet}', highlight=False, soft_wrap=True)
