"""`boots analyze`: what a bag shows, in figures and pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compression_boot_control.cli.analyze_folder import FolderOptions, analyze_folder
from compression_boot_control.cli.errors import WrongUse
from compression_boot_control.cli.farm_progress import SchedulerOption, WorkersOption
from compression_boot_control.cli.options import JsonOption

if TYPE_CHECKING:
    from rich.console import RenderableType

    from compression_boot_control.analysis.analysis_documents import Row
    from compression_boot_control.analysis.bag_analysis import AnalysisOptions
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
    output: Annotated[
        Path | None,
        typer.Option(
            '--output',
            metavar='DIR',
            help='Many bags: folder of the results.  [default: boots_analysis in the folder]',
        ),
    ] = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = '',
) -> None:
    """Turn a bag into figures: pressure, speed, dose, order of the wave, latency, alarms.

    Reads bags of `boots up` and of `ros2 bag record`, whole and damaged; says what it cannot
    compute, and why. docs/analysis.md explains every figure.

    A folder of many bags is analysed on all cores, or on a Dask cluster. A run that was killed goes
    on where it was, and a bag that cannot be read does not stop the rest; the command then fails.
    """
    from compression_boot_control.analysis.bag_analysis import AnalysisOptions
    from compression_boot_control.analysis.bag_files import is_bag

    if not bag.exists():
        raise WrongUse(f'there is no bag {bag}; check the path')
    options = AnalysisOptions(namespace, garment, protocol)
    if bag.is_dir() and not is_bag(bag):
        if html is not None or parquet is not None:
            raise WrongUse(
                f'{bag} is a folder of bags: --html and --parquet are for one bag; all '
                'files of a folder go to --output'
            )
        analyze_folder(bag, options, FolderOptions(output, workers, scheduler, as_json))
        return
    if output is not None or workers is not None or scheduler:
        raise WrongUse(f'{bag} is one bag: --output, --workers and --scheduler are for many')
    _analyze_bag(bag, options, as_json=as_json, html=html, parquet=parquet)


def _analyze_bag(
    bag: Path, options: AnalysisOptions, *, as_json: bool, html: Path | None, parquet: Path | None
) -> None:
    from rich.console import Console

    from compression_boot_control.analysis.analysis_documents import (
        analysis_document,
        analysis_rows,
        session_document,
        write_rows,
    )
    from compression_boot_control.analysis.analysis_tables import render_facts, render_session
    from compression_boot_control.analysis.bag_analysis import analyse_bag

    if html is not None:
        from compression_boot_control.analysis.report.session_section import session_section
    documents: list[dict[str, Any]] = []
    tables: list[RenderableType] = []
    sections: list[str] = []
    rows: list[Row] = []

    def take(session: SessionAnalysis) -> None:
        # of each session the figures are kept, and not its data: a bag may be larger than memory
        documents.append(session_document(session))
        tables.extend(render_session(session))
        if parquet is not None:
            rows.extend(analysis_rows(str(bag), session))
        if html is not None:
            sections.append(session_section(session))

    with Console(stderr=True).status(f'reading {bag}'):
        facts = analyse_bag(bag, options, take)
        if parquet is not None:
            write_rows(parquet, rows)
        if html is not None:
            from compression_boot_control.analysis.report.page import bag_report, write_page

            write_page(html, bag_report(facts, sections))
    if as_json:
        typer.echo(json.dumps(analysis_document(facts, documents), indent=2))
        return
    console = Console()
    console.print(render_facts(facts, len(documents)), *tables, sep='\n')
    for written in (html, parquet):
        if written is not None:
            console.print(f'written: {written}', highlight=False, soft_wrap=True)
