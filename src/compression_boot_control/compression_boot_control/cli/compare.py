"""`boots compare`: what differs between bags, beyond noise and beyond what matters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.errors import FAILED, WrongUse
from compression_boot_control.cli.options import JsonOption

if TYPE_CHECKING:
    from compression_boot_control.analysis.compared_bag import ComparedBag
    from compression_boot_control.analysis.comparison import Difference


def compare(
    bags: Annotated[
        list[Path],
        typer.Argument(metavar='BAG BAG [BAG...]', help='The first is the reference.'),
    ],
    as_json: JsonOption = False,
    html: Annotated[
        Path | None,
        typer.Option('--html', metavar='FILE', help='Write a report to look at in a browser.'),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option('--tolerance', metavar='X', min=0.0, help='Scale on all tolerances.'),
    ] = 1.0,
    everything: Annotated[
        bool, typer.Option('--all', help='Show also what is the same or could not be compared.')
    ] = False,
    session: Annotated[
        int, typer.Option('--session', metavar='N', min=1, help='Session of each bag, from 1.')
    ] = 1,
    namespace: Annotated[
        str | None,
        typer.Option('--namespace', metavar='NS', help='Garment, if the bags have several.'),
    ] = None,
    garment: Annotated[
        str, typer.Option('--garment', metavar='F', help='Garment, if the library lacks it.')
    ] = '',
) -> None:
    """Compare bags with the first of them, figure by figure, with intervals.

    Exit code 0: no figure differs beyond its tolerance; 1: one does; 2: wrong use, or a bag cannot
    be read. Cycles are paired by their number if the protocol is the same; docs/analysis.md has the
    method and the tolerances.
    """
    from rich.console import Console

    from compression_boot_control.analysis.bag_analysis import AnalysisOptions
    from compression_boot_control.analysis.compared_bag import compared_bag
    from compression_boot_control.analysis.comparison import Verdict
    from compression_boot_control.analysis.comparison import compare as compared
    from compression_boot_control.analysis.comparison_documents import (
        comparison_document,
        render_comparison,
    )
    from compression_boot_control.analysis.errors import BagError

    if len(bags) < 2:
        raise WrongUse('boots compare needs two bags at least, the reference first')
    for bag in bags:
        if not bag.exists():
            raise WrongUse(f'there is no bag {bag}; check the path')
    options = AnalysisOptions(namespace, garment)
    try:
        with Console(stderr=True).status('reading the bags'):
            reference, *read = [compared_bag(bag, session, options) for bag in bags]
    except BagError as error:
        # exit code 1 says that bags differ: one that cannot be read is another matter
        raise WrongUse(str(error)) from error
    others: list[tuple[ComparedBag, tuple[Difference, ...]]] = [
        (
            bag,
            compared(
                reference.findings,
                bag.findings,
                paired=reference.protocols == bag.protocols,
                scale=tolerance,
            ),
        )
        for bag in read
    ]
    if html is not None:
        from compression_boot_control.analysis.report.comparison_page import comparison_report
        from compression_boot_control.analysis.report.page import write_page

        write_page(html, comparison_report(reference, others))
    if as_json:
        typer.echo(json.dumps(comparison_document(reference, others), indent=2))
    else:
        console = Console()
        for bag, differences in others:
            console.print(render_comparison(reference, bag, differences, everything=everything))
        if html is not None:
            console.print(f'written: {html}', highlight=False, soft_wrap=True)
    if any(d.verdict == Verdict.DIFFERS for _, differences in others for d in differences):
        raise typer.Exit(FAILED)
