"""Whatever goes wrong ends in one line that names the cause and the cure."""

import errno
from pathlib import Path

import pytest

from set_up.failures import explain_command, explain_os_error, explain_output

LOG = Path('log/set_up/build.log')


@pytest.mark.parametrize(
    ('output', 'cure'),
    [
        ('ERROR: [Errno 28] No space left on device', 'free some'),
        ("ERROR: [Errno 13] Permission denied: '/opt/x'", 'chown'),
        ('Failed to connect: [Errno -3] Temporary failure in name resolution', 'check the network'),
        ('ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE.', 'cache purge'),
        ('ERROR: Could not find a version that satisfies ros-rclpy', 'install ROS 2 Jazzy'),
        ('x.c:3:10: fatal error: Python.h: No such file or directory', 'python3-dev'),
        ('CMake Error: No CMAKE_CXX_COMPILER could be found.', 'apt install g++'),
        ('Error: ensurepip is not available.', 'python3-venv'),
        ('c++: fatal error: Killed signal terminated program cc1plus', 'close other programs'),
    ],
)
def test_known_output_gets_its_cure(output, cure):
    assert cure in explain_output(f'Collecting numpy\n{output}\nmore\n')


def test_a_full_disk_is_told_from_the_failed_download_that_it_causes():
    output = 'Max retries exceeded\nOSError: [Errno 28] No space left on device\n'

    assert 'free some' in explain_output(output)


def test_unknown_output_shows_its_first_error_and_the_log():
    output = 'fine\nmsg/Bad.msg:3: error: unknown type "flaot64"\nFailed\nerror: later\n'

    line = explain_command('build', output, LOG)

    assert line == (
        'build: msg/Bad.msg:3: error: unknown type "flaot64" (all of it: log/set_up/build.log)'
    )


def test_silence_is_named():
    assert 'without a word' in explain_command('build', '', LOG)


@pytest.mark.parametrize(
    ('code', 'cure'), [(errno.ENOSPC, 'free some'), (errno.EACCES, 'chown'), (errno.EROFS, 'chown')]
)
def test_errors_of_the_system_get_their_cure(code, cure):
    assert cure in explain_os_error(OSError(code, 'text', '.venv'))


def test_another_error_of_the_system_is_quoted():
    assert 'text' in explain_os_error(OSError(errno.EIO, 'text', '.venv'))
