"""The farm: every task is done once, failures stay alone, and what is done is kept."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from compression_boot_control.analysis import task_farm
from compression_boot_control.analysis.result_folder import ResultFolder
from compression_boot_control.analysis.task_farm import Crew, FarmError, Progress, cost, run_tasks


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[ResultFolder]:
    with ResultFolder(tmp_path, {'command': 'test'}) as opened:
        yield opened


@pytest.fixture
def squared(monkeypatch: pytest.MonkeyPatch) -> object:
    """The work, in a module that workers can import too."""
    here = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(here)
    monkeypatch.setenv('PYTHONPATH', here, prepend=':')
    import farm_work

    return farm_work.squared


def squares(folder: ResultFolder) -> dict[str, int]:
    return {key: table['square'][0].as_py() for key, table in folder.tables().items()}


def test_failures_stop_nobody_else_and_are_tried_again(
    folder: ResultFolder, squared: task_farm.Work
) -> None:
    seen: list[Progress] = []
    numbers = (1, 2, 13, 3, 4, 5, 6)
    tasks = {f'{number:02}': (number,) for number in numbers}
    outcome = run_tasks(squared, tasks, folder, Crew(workers=2), seen.append)
    assert squares(folder) == {f'{n:02}': n * n for n in (1, 2, 3, 5, 6)}
    # the task that killed its process is the only one that is blamed for it
    assert outcome.failed['13'] == 'ValueError: thirteen brings no luck'
    assert 'died' in outcome.failed['04']
    assert folder.failures() == outcome.failed
    assert seen[0] == Progress(0, 0, 7)
    assert seen[-1] == Progress(5, 2, 7)
    assert cost(folder.tables()).wall_seconds > 0.0

    # a second run does what is missing, and nothing twice
    tasks = {'04': (40,), '13': (130,), **dict.fromkeys(squares(folder), (99,))}
    outcome = run_tasks(squared, tasks, folder, Crew(workers=1))
    assert (outcome.earlier, outcome.failed) == (5, {})
    assert squares(folder)['13'] == 130 * 130
    assert squares(folder)['01'] == 1


def test_nothing_is_started_when_all_is_done(
    folder: ResultFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write('a', task_farm.pa.table({'square': [1]}))
    monkeypatch.setattr(task_farm, 'LocalCluster', None)
    outcome = run_tasks(task_farm.measured, {'a': (1,)}, folder, Crew())
    assert (outcome.total, outcome.earlier, outcome.workers) == (1, 1, 0)


def test_scheduler_that_does_not_answer_is_named(
    folder: ResultFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_farm, 'ANSWER_TIME', 0.5)
    with socket.socket() as unused:
        unused.bind((task_farm.LOOPBACK, 0))
        address = f'tcp://{task_farm.LOOPBACK}:{unused.getsockname()[1]}'
        with pytest.raises(FarmError, match=f'no Dask scheduler answers at {address}'):
            run_tasks(task_farm.measured, {'a': (1,)}, folder, Crew(scheduler=address))


def test_address_that_is_none_is_refused(folder: ResultFolder) -> None:
    with pytest.raises(FarmError, match='no Dask scheduler answers at carrier-pigeon://roof'):
        run_tasks(task_farm.measured, {'a': (1,)}, folder, Crew(scheduler='carrier-pigeon://roof'))


def test_scheduler_of_somebody_else_is_worked_with_if_its_code_is_ours(
    folder: ResultFolder, squared: task_farm.Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    import farm_work

    with LocalCluster(
        n_workers=0,
        threads_per_worker=1,
        host=task_farm.LOOPBACK,
        dashboard_address=None,
        scheduler_kwargs={'dashboard_address': f'{task_farm.LOOPBACK}:0'},
    ) as cluster:
        crew = Crew(scheduler=cluster.scheduler_address)
        with monkeypatch.context() as impatient:
            impatient.setattr(task_farm, 'ANSWER_TIME', 1.0)
            with pytest.raises(FarmError, match='has no workers'):
                run_tasks(squared, {'a': (2,)}, folder, crew)
        cluster.scale(1)
        with Client(cluster, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
        with pytest.raises(FarmError, match='not have the same version'):
            run_tasks(squared, {'a': (2,)}, folder, crew, same_code=farm_work.code)
        run_tasks(squared, {'a': (2,)}, folder, crew)
        assert squares(folder) == {'a': 4}
