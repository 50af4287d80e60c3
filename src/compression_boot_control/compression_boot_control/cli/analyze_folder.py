"""`boots analyze DIR`: many bags, on many processes or machines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from compression_boot_control.cli.errors import FAILED, CommandFailed
from compression_boot_control.cli.farm_progress import result_folder, run_shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compression_boot_control.analysis.bag_analysis import AnalysisOptions
    from compression_boot_control.analysis.bag_folder import SummaryRow
    from compression_boot_control.analysis.task_farm import Cost, Outcome

RESULTS = 'boots_analysis'
"""Folder of the results, in the folder of the bags, unless another is named."""

FIGURES, REPORT, DOCUMENT = 'figures.parquet', 'report.html', 'summary.json'

LINES = 40
"""Sessions shown in a terminal at most."""


@dataclass(frozen=True)
class FolderOptions:
    """How a folder is analysed.

    Attributes
    ----------
    output : Path or None
        Folder of the results.
    workers : int or None
    scheduler : str
    as_json : bool
    """

    output: Path | None
    workers: int | None
    scheduler: str
    as_json: bool


def analyze_folder(folder: Path, options: AnalysisOptions, how: FolderOptions) -> None:
    """Analyse all bags in a folder, and show what came out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from compression_boot_control.analysis.bag_files import find_bags
    from compression_boot_control.analysis.bag_folder import (
        bag_table,
        folder_identity,
        folder_tasks,
        summary_document,
        summary_rows,
    )
    from compression_boot_control.analysis.errors import BagError
    from compression_boot_control.analysis.report.folder_page import folder_report
    from compression_boot_control.analysis.report.page import write_page
    from compression_boot_control.analysis.task_farm import Crew, cost

    bags = find_bags(folder)
    if not bags:
        raise CommandFailed(
            f'{folder} is no bag and holds none; name a rosbag2 folder, its .mcap or .db3 file, or '
            'a folder with some of them'
        )
    tasks = folder_tasks(folder, bags, options)
    names = {key: str(arguments[1]) for key, arguments in tasks.items()}
    output = how.output or folder / RESULTS
    with result_folder(output, folder_identity(options)) as results:
        crew = Crew(how.workers, how.scheduler)
        outcome = run_shown(bag_table, tasks, results, crew, 'bags')
        tables = results.tables(tasks)
    failed = {
        names[key]: reason.removeprefix('BagError: ') for key, reason in outcome.failed.items()
    }
    spent = cost(tables)
    line = cost_line(spent, len(tables), outcome)
    rows: list[SummaryRow] = []
    if tables:
        whole = pa.concat_tables([table.replace_schema_metadata(None) for table in tables.values()])
        rows = summary_rows(whole)
        try:
            pq.write_table(whole, output / FIGURES, compression='zstd')
        except OSError as error:
            raise BagError.from_os('cannot write', output / FIGURES, error) from error
    document: dict[str, Any] = {
        'ok': not failed,
        'bags': len(bags),
        'sessions': len(rows),
        'failed': failed,
        'earlier': outcome.earlier,
        'cost': {
            'cpu_seconds_per_bag': round(spent.cpu_seconds / max(len(tables), 1), 3),
            'wall_seconds': round(outcome.wall_seconds, 3),
            'workers': outcome.workers,
        },
        'results': str(output),
        'metrics': summary_document(rows),
    }
    text = f'{json.dumps(document, indent=2)}\n'
    (output / DOCUMENT).write_text(text, encoding='utf-8')
    write_page(output / REPORT, folder_report(folder.resolve().name, rows, failed, line))
    if how.as_json:
        typer.echo(text.rstrip())
    else:
        _print(rows, failed, line, output)
    if failed:
        raise typer.Exit(FAILED)


def cost_line(spent: Cost, count: int, outcome: Outcome) -> str:
    """What a bag cost, in one line."""
    each = spent.cpu_seconds / max(count, 1)
    new = outcome.total - outcome.earlier
    line = f'{each:.2f} s of a core a bag'
    if new and outcome.workers:
        line += f'; {new} bags in {outcome.wall_seconds:.1f} s by {outcome.workers} workers'
    if outcome.earlier:
        line += f'; {outcome.earlier} were done by an earlier run'
    return line


def _print(rows: Sequence[SummaryRow], failed: Mapping[str, str], line: str, output: Path) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    from compression_boot_control.analysis.analysis_tables import shown
    from compression_boot_control.analysis.metric_table import BY_NAME

    console = Console()
    columns = ('cycles', 'wave_time_s', 'peak_mmhg', 'overshoot_mmhg', 'dose_mmhg_min', 'alarms')
    table = Table(title='sessions')
    table.add_column('bag')
    for name in columns:
        metric = BY_NAME[name]
        unit = f'\n[dim]{metric.unit}[/dim]' if metric.unit else ''
        table.add_column(f'{metric.title}{unit}', justify='right')
    for row in rows[:LINES]:
        cells = [shown(row.values[name], BY_NAME[name]) for name in columns]
        number = f' [dim]{row.session}[/dim]' if row.session > 1 else ''
        table.add_row(f'{escape(row.bag)}{number}', *cells)
    console.print(table)
    if len(rows) > LINES:
        console.print(Text(f'{len(rows) - LINES} more sessions are in the files', 'dim'))
    for bag, reason in failed.items():
        console.print(Text(f'not read: {bag}: {reason}', 'red'), soft_wrap=True)
    console.print(Text(line), soft_wrap=True)
    console.print(Text(f'in {output}/: {FIGURES}, {DOCUMENT}, {REPORT}'), soft_wrap=True)
