"""Two set-ups of one checkout work one after the other."""

import subprocess
import sys
import time
from pathlib import Path

from set_up.exclusive import exclusive

TOOLS = Path(__file__).parents[2] / 'tools'

HOLD = """
import subprocess, sys, time
from pathlib import Path
from set_up.exclusive import exclusive
with exclusive(Path(sys.argv[1]), lambda: print('waiting', flush=True)) as descriptor:
    print('held', flush=True)
    if sys.argv[2] == 'child':
        subprocess.Popen(['sleep', '1'], pass_fds=(descriptor,), stdout=subprocess.DEVNULL)
        print('child started', flush=True)
    time.sleep(float(sys.argv[3]))
"""


def hold(guard, *, child='none', seconds=0.0):
    return subprocess.Popen(
        [sys.executable, '-c', HOLD, guard, child, str(seconds)],
        cwd=TOOLS,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_alone_nobody_waits(tmp_path):
    waits = []
    with exclusive(tmp_path / 'guard', lambda: waits.append('wait')):
        pass
    with exclusive(tmp_path / 'guard', lambda: waits.append('wait')):
        pass

    assert waits == []


def test_the_second_says_that_it_waits_and_then_goes_on(tmp_path):
    with exclusive(tmp_path / 'guard', lambda: None):
        second = hold(tmp_path / 'guard')
        assert second.stdout.readline() == 'waiting\n'
    rest, _ = second.communicate(timeout=10)

    assert rest == 'held\n'


def test_a_killed_one_lets_the_next_in(tmp_path):
    with hold(tmp_path / 'guard', seconds=60) as first:
        assert first.stdout.readline() == 'held\n'
        first.kill()

    waits = []
    with exclusive(tmp_path / 'guard', lambda: waits.append('wait')):
        pass
    assert waits == []


def test_a_tool_that_outlives_its_set_up_is_waited_for(tmp_path):
    with hold(tmp_path / 'guard', child='child', seconds=60) as first:
        assert first.stdout.readline() == 'held\n'
        assert first.stdout.readline() == 'child started\n'
        first.kill()
    started = time.monotonic()

    waits = []
    with exclusive(tmp_path / 'guard', lambda: waits.append('wait')):
        pass

    assert waits == ['wait']
    assert time.monotonic() - started > 0.3
