"""Many independent tasks on Dask: on local workers, or on a cluster that somebody started.

`boots campaign` and `boots analyze DIR` run on it. A task has a key and arguments; `work` turns
the arguments into a table, which is kept in a `ResultFolder`. Tasks whose part is there already are
not run again, so a run that was killed goes on where it was. A task that fails leaves its reason
and does not stop the others. What a task gives must not depend on who runs it, nor when.

Example::

    identity = {'command': 'analyze', 'metrics': 3}
    tasks = {bag.name: (str(bag),) for bag in bags}  # keys are names of files
    with ResultFolder(folder, identity) as results:
        outcome = run_tasks(analyse_bag, tasks, results, Crew(workers=2), on_progress)
        tables = results.tables(tasks)  # pyarrow, in the order of the tasks
    for key, reason in outcome.failed.items():
        ...

``analyse_bag`` is a function of a module (Dask sends its name) that takes the task's arguments and
returns a ``pyarrow.Table``. In its schema's metadata, ``cpu_seconds`` and ``wall_seconds`` tell
what it cost: see `cost`. ``cli/farm_progress.py`` has the options and the progress bar.

Local workers are processes that listen on 127.0.0.1 alone, and there is no dashboard.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple
from uuid import uuid4

import dask
import pyarrow as pa
from distributed import Client, Future, KilledWorker, LocalCluster, WorkerPlugin, wait

from compression_boot_control.analysis.result_folder import ResultFolder

Work = Callable[..., pa.Table]

LOOPBACK = '127.0.0.1'

ANSWER_TIME = 10.0
"""Time for a scheduler to answer, and for it to have a worker [s]."""

LOOK_TIME = 5.0
"""Time after which a farm that is silent looks whether anybody still works [s]."""

AHEAD = 3
"""Tasks that wait at each worker's door: enough that none is idle, few enough to stop quickly."""


class FarmError(Exception):
    """Nobody can do the work; the text names cause and cure in one line."""


@dataclass(frozen=True)
class Crew:
    """Who does the work.

    Attributes
    ----------
    workers : int or None
        Local processes; None: one per core. Not used with a scheduler.
    scheduler : str
        Address of a Dask scheduler, ``tcp://host:8786``; empty: local workers.
    """

    workers: int | None = None
    scheduler: str = ''


class Progress(NamedTuple):
    """How far a run is: tasks done (those of earlier runs too), failed, and in all."""

    done: int
    failed: int
    total: int


@dataclass
class Outcome:
    """What a run did.

    Attributes
    ----------
    total : int
        Tasks.
    earlier : int
        Of them, done by an earlier run.
    workers : int
        Threads that worked.
    wall_seconds : float
        Time that this run took [s].
    failed : dict
        Reason by key.
    """

    total: int
    earlier: int = 0
    workers: int = 0
    wall_seconds: float = 0.0
    failed: dict[str, str] = field(default_factory=dict)


class Cost(NamedTuple):
    """What tasks took where they ran: processor time and time by the clock [s]."""

    cpu_seconds: float
    wall_seconds: float


def run_tasks(
    work: Work,
    tasks: Mapping[str, tuple[Any, ...]],
    results: ResultFolder,
    crew: Crew,
    on_progress: Callable[[Progress], None] | None = None,
    *,
    same_code: Callable[[], str] | None = None,
) -> Outcome:
    """Do what is not done yet of the tasks, and keep what comes out.

    Parameters
    ----------
    work : callable
        Function of a module: ``work(*arguments) -> pyarrow.Table``.
    tasks : mapping of str to tuple
        Arguments by key, in the order in which they are to be begun. A key is a name of a file.
    results : ResultFolder
    crew : Crew
    on_progress : callable or None
        Called at the start and after every task.
    same_code : callable or None
        Function of a module whose answer must be the same on all workers as it is here.

    Raises
    ------
    FarmError
        The scheduler does not answer, has no workers, or is lost; what is done is kept.
    ResultFolderError
        A result cannot be written.
    """
    began = time.monotonic()
    there = results.done()
    waiting = [key for key in tasks if key not in there]
    outcome = Outcome(total=len(tasks), earlier=len(tasks) - len(waiting))
    done = outcome.earlier

    def tell() -> None:
        if on_progress is not None:
            on_progress(Progress(done, len(outcome.failed), len(tasks)))

    tell()
    if not waiting:
        return outcome
    with _client(crew, len(waiting)) as client, client.as_current():
        outcome.workers = _threads(client, crew)
        _check_code(client, crew, same_code)
        # a task that was lost with its worker is tried again alone, and once more: it may only have
        # been beside the one that killed the worker, or come to one that was just being started
        alone: list[str] = []
        at_last: list[str] = []
        for keys, ahead, again in (
            (waiting, outcome.workers * (1 + AHEAD), alone),
            (alone, 1, at_last),
            (at_last, 1, None),
        ):
            for key, future in _ended(client, crew, work, tasks, keys, ahead):
                reason = _reason(future)
                if not reason:
                    results.write(key, future.result())
                    done += 1
                elif again is not None and _gone_with_its_worker(future):
                    again.append(key)
                    continue
                else:
                    outcome.failed[key] = reason
                    results.fail(key, reason)
                tell()
    outcome.wall_seconds = time.monotonic() - began
    return outcome


def _ended(
    client: Client,
    crew: Crew,
    work: Work,
    tasks: Mapping[str, tuple[Any, ...]],
    keys: Iterable[str],
    ahead: int,
) -> Iterator[tuple[str, Future]]:
    """Hand out tasks, `ahead` at a time, and give each with its key as it ends."""
    queue = iter(keys)
    running: dict[Future, str] = {}

    def hand_out(count: int) -> None:
        for key in islice(queue, count):
            name = f'{key}-{uuid4().hex}'  # a scheduler that others use may know our keys
            running[client.submit(measured, work, *tasks[key], key=name)] = key

    hand_out(ahead)
    while running:
        for future in _finished(client, crew, running):
            yield running.pop(future), future
            future.release()
            hand_out(1)


def measured(work: Work, *arguments: Any) -> pa.Table:
    """Do one task, and note in the table's metadata what it cost."""
    wall, cpu = time.perf_counter(), time.process_time()
    table = work(*arguments)
    took = {
        'cpu_seconds': repr(time.process_time() - cpu),
        'wall_seconds': repr(time.perf_counter() - wall),
    }
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **took})


def cost(tables: Mapping[str, pa.Table]) -> Cost:
    """Sum of what the tasks cost, whichever run did them."""

    def total(name: bytes) -> float:
        return sum(float((table.schema.metadata or {}).get(name, 0)) for table in tables.values())

    return Cost(total(b'cpu_seconds'), total(b'wall_seconds'))


class _DeafToInterrupts(WorkerPlugin):  # type: ignore[misc]
    """Ctrl-C at a terminal reaches local workers too; it is for the one who leads them."""

    def setup(self, worker: Any) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _client(crew: Crew, tasks: int) -> Iterator[Client]:
    """Client of the scheduler, or of local workers that end with it."""
    if crew.scheduler:
        with _remote_client(crew.scheduler) as client:
            yield client
        return
    count = min(crew.workers or len(os.sched_getaffinity(0)), tasks)
    settings = {
        # a task that kills its worker twice is given up
        'distributed.scheduler.allowed-failures': 1,
        'distributed.admin.tick.limit': '1h',
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            host=LOOPBACK,
            dashboard_address=None,
            # what is left of its web server is on loopback too, at any port that is free
            scheduler_kwargs={'dashboard_address': f'{LOOPBACK}:0'},
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.register_plugin(_DeafToInterrupts())
        yield client


def _remote_client(address: str) -> Client:
    try:
        return Client(address, timeout=ANSWER_TIME, set_as_default=False)
    except (OSError, ValueError) as error:
        raise FarmError(
            f'no Dask scheduler answers at {address}: start one with `dask scheduler`, or leave '
            '--scheduler out for local workers'
        ) from error


def _threads(client: Client, crew: Crew) -> int:
    """Threads of all workers, once there is one."""
    try:
        client.wait_for_workers(1, timeout=ANSWER_TIME if crew.scheduler else 60.0)
    except TimeoutError as error:
        raise FarmError(
            f'the scheduler at {crew.scheduler} has no workers: start some with '
            f'`dask worker {crew.scheduler}`'
            if crew.scheduler
            else 'no local worker has started within a minute: the machine is overloaded'
        ) from error
    return sum(client.nthreads().values())


def _check_code(client: Client, crew: Crew, same_code: Callable[[], str] | None) -> None:
    """Refuse workers whose code would give other results."""
    if same_code is None or not crew.scheduler:
        return
    own = same_code()
    try:
        answers = client.run(same_code, on_error='return')
    except OSError as error:
        raise _lost(crew) from error
    for worker, answer in answers.items():
        if answer != own:
            raise FarmError(
                f'the worker at {worker} does not have the same version of compression_boot_control'
                ' as this machine: install it there'
            )


def _finished(client: Client, crew: Crew, running: Mapping[Future, str]) -> list[Future]:
    """Tasks that have ended, waiting until there is one."""
    while True:
        try:
            done = wait(list(running), timeout=LOOK_TIME, return_when='FIRST_COMPLETED').done
        except TimeoutError:
            if client.status != 'running' or not client.nthreads():
                raise _lost(crew) from None
            continue
        except (OSError, CancelledError) as error:
            raise _lost(crew) from error
        if client.status != 'running':
            raise _lost(crew)
        return list(done)


def _lost(crew: Crew) -> FarmError:
    who = f'the scheduler at {crew.scheduler} or its workers are' if crew.scheduler else 'workers'
    return FarmError(f'{who} gone; what is done is kept: run the same command again to go on')


def _killed(future: Future) -> bool:
    return future.status == 'error' and isinstance(future.exception(), KilledWorker)


def _gone_with_its_worker(future: Future) -> bool:
    """Killed with it, or done and lost with it before anybody fetched the result."""
    return _killed(future) or future.status not in ('finished', 'error')


def _reason(future: Future) -> str:
    """Why a task failed, in one line; empty if it did not."""
    if future.status == 'finished':
        return ''
    if _killed(future):
        return 'the processes that worked on it died, perhaps for want of memory'
    if future.status == 'error':
        error = future.exception()
        text = ' '.join(str(error).split())
        return f'{type(error).__name__}: {text}' if text else type(error).__name__
    return f'the task was {future.status}'
