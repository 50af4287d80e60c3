"""env.sh works in bash and zsh, from anywhere, in strict shells, and keeps what the user set."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ROOT / 'install' / '.set_up_stamp.json'
# What env.sh sets; a test starts from a shell that has none of it.
SET_BY_ENV = (
    'AMENT_PREFIX_PATH',
    'CMAKE_PREFIX_PATH',
    'COLCON_PREFIX_PATH',
    'FASTDDS_DEFAULT_PROFILES_FILE',
    'FASTRTPS_DEFAULT_PROFILES_FILE',
    'LD_LIBRARY_PATH',
    'PYTHONPATH',
    'RMW_IMPLEMENTATION',
    'ROS_AUTOMATIC_DISCOVERY_RANGE',
    'ROS_LOG_DIR',
    'VIRTUAL_ENV',
    '_ROS_WHEELS_BOOTSTRAP_COMPLETE',
)

built = pytest.mark.skipif(not BUILT.exists(), reason='nothing is built here')
with_wheels = pytest.mark.skipif('ROS_DISTRO' in os.environ, reason='ROS 2 is installed here')


@pytest.fixture(params=['bash', 'zsh'])
def shell(request):
    if not shutil.which(request.param):
        pytest.skip(f'{request.param} is not installed')
    return request.param


def run(shell, script, **variables):
    plain = os.environ.get('PATH', '').split(':')
    environ = {name: value for name, value in os.environ.items() if name not in SET_BY_ENV}
    environ['PATH'] = ':'.join(entry for entry in plain if not entry.startswith(str(ROOT)))
    ended = subprocess.run(
        [shell, '-c', script], cwd='/', env=environ | variables, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@built
def test_the_tools_and_messages_are_there(shell):
    out = run(
        shell,
        f'source {ROOT}/env.sh; command -v boots; command -v colcon;'
        ' python -c "import compression_boot_msgs.msg, rclpy, compression_boot_control as package;'
        'print(package.__path__[0])"',
    )

    boots, colcon, package = out.splitlines()
    assert boots == f'{ROOT}/install/compression_boot_control/bin/boots'
    assert colcon.startswith(str(ROOT))
    sources = ROOT / 'src/compression_boot_control/compression_boot_control'
    assert Path(package).resolve() == sources, 'an edit is seen without a build'


@built
def test_a_strict_shell_stays_strict(shell):
    out = run(shell, f'set -eu; source {ROOT}/env.sh; echo "options $-"')

    assert set('eu') <= set(out.split()[-1])


@built
def test_a_lax_shell_stays_lax(shell):
    out = run(shell, f'source {ROOT}/env.sh; false; echo "options $-"')

    assert not set('eu') & set(out.split()[-1])


@built
def test_twice_is_once(shell):
    once = run(shell, f'source {ROOT}/env.sh; echo $PATH $PYTHONPATH $AMENT_PREFIX_PATH')
    twice = run(
        shell,
        f'source {ROOT}/env.sh; source {ROOT}/env.sh; echo $PATH $PYTHONPATH $AMENT_PREFIX_PATH',
    )

    assert twice == once


@built
@with_wheels
def test_traffic_stays_on_this_machine(shell):
    out = run(
        shell,
        f'source {ROOT}/env.sh; echo $RMW_IMPLEMENTATION $FASTRTPS_DEFAULT_PROFILES_FILE'
        ' $FASTDDS_DEFAULT_PROFILES_FILE $ROS_AUTOMATIC_DISCOVERY_RANGE',
    )

    profile = f'{ROOT}/config/fastdds_loopback.xml'
    assert out.split() == ['rmw_fastrtps_cpp', profile, profile, 'SYSTEM_DEFAULT']


@built
def test_another_profile_or_middleware_leaves_the_range_to_ros(shell, tmp_path):
    profile = tmp_path / 'my.xml'
    profile.touch()
    show = f'source {ROOT}/env.sh; echo $ROS_AUTOMATIC_DISCOVERY_RANGE'

    assert run(shell, show, FASTRTPS_DEFAULT_PROFILES_FILE=str(profile)).strip() == 'LOCALHOST'
    assert run(shell, show, RMW_IMPLEMENTATION='rmw_other_cpp').strip() == 'LOCALHOST'


@built
def test_a_profile_that_is_gone_does_not_open_the_system(shell):
    out = run(
        shell,
        f'source {ROOT}/env.sh 2>&1; echo $FASTRTPS_DEFAULT_PROFILES_FILE',
        FASTRTPS_DEFAULT_PROFILES_FILE='/gone.xml',
        FASTDDS_DEFAULT_PROFILES_FILE='/gone.xml',
    )

    warning, profile = out.splitlines()
    assert 'env.sh: /gone.xml cannot be read' in warning
    assert profile == f'{ROOT}/config/fastdds_loopback.xml'


@built
@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('FASTRTPS_DEFAULT_PROFILES_FILE', '/dev/null'),
        ('RMW_IMPLEMENTATION', 'rmw_other_cpp'),
        ('ROS_AUTOMATIC_DISCOVERY_RANGE', 'SUBNET'),
        ('ROS_DOMAIN_ID', '42'),
        ('ROS_LOG_DIR', '/tmp'),
    ],
)
def test_what_the_user_set_stays(shell, name, value):
    assert run(shell, f'source {ROOT}/env.sh; echo ${name}', **{name: value}).strip() == value


@built
@with_wheels
def test_packages_of_another_workspace_are_left_behind(shell):
    names = ('AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH', 'LD_LIBRARY_PATH', 'PYTHONPATH')
    foreign = dict.fromkeys(names, '/other/install/lib')
    out = run(shell, f'source {ROOT}/env.sh; env', **foreign)

    assert '/other' not in out


@built
def test_the_loader_does_not_look_in_the_current_folder(shell):
    path = run(shell, f'source {ROOT}/env.sh; echo $LD_LIBRARY_PATH').strip()

    assert '' not in path.split(':')


def test_without_a_build_one_line_says_what_to_do(shell, tmp_path):
    shutil.copy(ROOT / 'env.sh', tmp_path)

    out = run(shell, f'source {tmp_path}/env.sh 2>&1 || echo "failed with $?"')

    message, status = out.splitlines()
    assert message == f"env.sh: nothing is built yet in {tmp_path}: run 'make build' there first"
    assert status == 'failed with 1'


@built
def test_no_helper_is_left_in_the_shell(shell):
    out = run(shell, f'source {ROOT}/env.sh; set | grep -i _boots || true')

    assert '_boots_' not in out


def test_running_instead_of_sourcing_is_noticed():
    ended = subprocess.run(['bash', ROOT / 'env.sh'], capture_output=True, text=True)

    assert ended.returncode == 1
    assert 'source env.sh' in ended.stderr
