"""The set-up from end to end."""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from set_up import steps
from set_up.checks import check_disk, check_machine
from set_up.commands import Runner
from set_up.environment import is_whole, make_prefix, seal
from set_up.exclusive import exclusive
from set_up.failures import SetUpError, explain_os_error
from set_up.progress import Progress
from set_up.project import (
    LINKS,
    LOCK,
    SOURCES,
    Project,
    RosInstallation,
    build_facts,
    environment_facts,
    find_ros,
)
from set_up.stamps import Redo, reason_to_redo, remove_stamp, write_stamp

_USAGE = 'usage: python3 tools/set_up build | clean | lock'


def run(arguments: Sequence[str]) -> int:
    """Do what the command line says.

    Parameters
    ----------
    arguments : sequence of str
        `build` prepares everything, `clean` removes what `build` made, `lock` pins what
        requirements.in asks for in requirements.lock.

    Returns
    -------
    int
        Exit code: 0 done, 1 failed, 2 wrong use.
    """
    project = Project(Path(__file__).resolve().parents[2])
    actions = {'build': build, 'clean': clean, 'lock': relock}
    action = actions.get(' '.join(arguments))
    if action is None:
        print(_USAGE, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        action(project)
    except SetUpError as error:
        return _fail(str(error), 1)
    except OSError as error:
        return _fail(explain_os_error(error), 1)
    except KeyboardInterrupt:
        return _fail('interrupted: run the same command again to go on', 130)
    return 0


def build(project: Project) -> None:
    """Bring the virtual environment and the built packages up to date."""
    ros = find_ros(os.environ, project.root)
    if is_up_to_date(project, ros):
        return
    with exclusive(project.guard, _say_waiting) as descriptor:
        # Whoever held the lock may have done the work meanwhile.
        if not is_up_to_date(project, ros):
            _build(project, ros, descriptor)


def clean(project: Project) -> None:
    """Remove everything that `build` made."""
    with exclusive(project.guard, _say_waiting):
        for folder in (project.build, project.install, project.environment, project.logs.parent):
            steps.remove_folder(folder)


def relock(project: Project) -> None:
    """Pin the newest packages that requirements.in allows."""
    with exclusive(project.guard, _say_waiting) as descriptor:
        progress = Progress(total=1)
        runner = Runner(project.root, project.logs, descriptor)
        progress.start('pin packages in requirements.lock')
        try:
            steps.pin_packages(project, runner)
        except BaseException:
            progress.abort()
            raise
        progress.done('see what changed: git diff requirements.lock')


def is_up_to_date(project: Project, ros: RosInstallation | None) -> bool:
    """Tell whether nothing is left to do."""
    facts = environment_facts(project, ros)
    return (
        _reason_to_redo_environment(project, facts) is None
        and reason_to_redo(project.install, build_facts(project, facts)) is None
    )


def _reason_to_redo_environment(project: Project, facts: dict[str, str]) -> Redo | None:
    redo = reason_to_redo(project.environment, facts)
    if redo is None and not is_whole(project.environment):
        return Redo('parts of it are gone')
    return redo


def _build(project: Project, ros: RosInstallation | None, descriptor: int) -> None:
    facts = environment_facts(project, ros)
    redo = _reason_to_redo_environment(project, facts)
    progress = Progress(total=5 if redo else 2)
    runner = Runner(project.root, project.logs, descriptor)
    try:
        progress.start('check the machine')
        check_machine(ros)
        progress.done(f'ROS 2 {ros.distribution} in {ros.prefix}' if ros else 'ROS 2 from wheels')
        if redo:
            _redo_environment(project, ros, runner, progress, redo)
            write_stamp(project.environment, facts)
        _redo_build(project, ros, runner, progress)
    except BaseException:
        progress.abort()
        raise
    print(f'Ready after {progress.total_elapsed():.0f} s. Use it: source env.sh, then boots --help')


def _redo_environment(
    project: Project,
    ros: RosInstallation | None,
    runner: Runner,
    progress: Progress,
    redo: Redo,
) -> None:
    if redo.is_only(LOCK):
        progress.start(f'keep .venv ({redo.reason})')
        remove_stamp(project.environment)
    else:
        progress.start(f'make .venv ({redo.reason})')
        # What was built holds paths and libraries of the environment that goes.
        for folder in (project.environment, project.install, project.build):
            steps.remove_folder(folder)
        check_disk(project)
        steps.make_environment(project, ros, runner)
    progress.done()
    progress.start('install packages')
    count = steps.install_packages(project, ros, runner, progress)
    progress.done(f'{count} of requirements.lock')
    progress.start('adapt CMake files')
    progress.done('not needed' if ros else f'{steps.adapt_cmake(project)} files')
    if ros is None:
        make_prefix(project.environment)
    (project.environment / 'ros_prefix').write_text(f'{ros.prefix if ros else ""}\n')
    seal(project.environment)


def _redo_build(
    project: Project, ros: RosInstallation | None, runner: Runner, progress: Progress
) -> None:
    facts = build_facts(project, environment_facts(project, ros))
    redo = reason_to_redo(project.install, facts)
    if redo is None:
        return
    progress.start(f'build ({redo.reason})')
    if not redo.is_only(SOURCES, LINKS):
        for folder in (project.build, project.install):
            steps.remove_folder(folder)
    remove_stamp(project.install)
    steps.build_packages(project, ros, runner, progress)
    write_stamp(project.install, facts)
    progress.done()


def _say_waiting() -> None:
    print('Another set-up is at work in this folder; waiting for it to end ...', flush=True)


def _interrupt(signal_number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _fail(message: str, code: int) -> int:
    print(f'set-up: {message}', file=sys.stderr)
    return code
