"""What commands that run many tasks have in common: who works, a progress bar, and how it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compression_boot_control.cli.errors import CommandFailed

if TYPE_CHECKING:
    from compression_boot_control.analysis.result_folder import ResultFolder
    from compression_boot_control.analysis.task_farm import Crew, Outcome, Progress, Work

WorkersOption = Annotated[
    int | None,
    typer.Option(
        '--workers',
        metavar='N',
        min=1,
        max=256,
        help='Local processes that share the work; one per core unless told.',
    ),
]

SchedulerOption = Annotated[
    str,
    typer.Option(
        '--scheduler',
        metavar='ADDRESS',
        help='Dask scheduler whose workers do the work instead: tcp://host:8786.',
    ),
]


@contextmanager
def result_folder(path: Path, identity: Mapping[str, Any]) -> Iterator[ResultFolder]:
    """Open a folder of results, or say in one line why not."""
    from compression_boot_control.analysis.result_folder import ResultFolder, ResultFolderError

    try:
        folder = ResultFolder(path, identity)
    except ResultFolderError as error:
        raise CommandFailed(str(error)) from error
    with folder:
        yield folder


def run_shown(
    work: Work,
    tasks: Mapping[str, tuple[Any, ...]],
    results: ResultFolder,
    crew: Crew,
    what: str,
    *,
    same_code: Callable[[], str] | None = None,
) -> Outcome:
    """Run tasks with a progress bar on the error output; see `task_farm.run_tasks`.

    Ctrl-C and a request to terminate end it with one line; what is done is kept.

    Parameters
    ----------
    what : str
        What the tasks are, for the bar: ``parts``, ``bags``.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    from compression_boot_control.analysis.result_folder import ResultFolderError
    from compression_boot_control.analysis.task_farm import FarmError, run_tasks

    console = Console(stderr=True)
    bar = Bar(
        TextColumn('{task.description}'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn('left'),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task(what, total=len(tasks))
    latest: list[Progress] = []

    def show(progress: Progress) -> None:
        latest[:] = [progress]
        failed = f', {progress.failed} failed' if progress.failed else ''
        done = progress.done + progress.failed
        bar.update(task, completed=done, description=f'{what}{failed}')
        if not console.is_terminal and done and done % max(1, len(tasks) // 20) == 0:
            console.print(f'{done} of {len(tasks)} {what}{failed}')

    try:
        with _ended_by_terminate(), bar:
            return run_tasks(work, tasks, results, crew, show, same_code=same_code)
    except KeyboardInterrupt:
        done = latest[0].done if latest else 0
        raise CommandFailed(
            f'interrupted: {done} of {len(tasks)} {what} are kept in {results.path}; run the same '
            'command again to go on'
        ) from None
    except (FarmError, ResultFolderError) as error:
        raise CommandFailed(str(error)) from error


@contextmanager
def _ended_by_terminate() -> Iterator[None]:
    """Let a request to terminate end the run in the same order as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
