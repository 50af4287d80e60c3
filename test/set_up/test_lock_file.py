"""The lock file pins everything, and a ROS 2 installation gets only its own part."""

import re
from pathlib import Path

import pytest

from set_up.lock_file import needed_pins, read_pins

ROOT = Path(__file__).parents[2]

LOCK = """\
# A comment
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:cc
ros-rclpy==7.1.6 \\
    --hash=sha256:dd
cmake==4.4.4 \\
    --hash=sha256:ee
ninja==1.13.2 \\
    --hash=sha256:ff
"""


@pytest.fixture
def pins(tmp_path):
    lock = tmp_path / 'requirements.lock'
    lock.write_text(LOCK)
    return read_pins(lock)


def test_a_pin_keeps_its_marker_and_hashes(pins):
    assert [pin.name for pin in pins] == ['numpy', 'numpy', 'ros-rclpy', 'cmake', 'ninja']
    assert '\n'.join(pin.text for pin in pins) == LOCK.split('\n', 1)[1].rstrip()


def test_wheels_need_every_pin(pins):
    assert needed_pins(pins, with_ros_wheels=True) == pins


def test_a_ros_installation_brings_its_packages_and_cmake(pins):
    names = {pin.name for pin in needed_pins(pins, with_ros_wheels=False)}

    assert names == {'numpy', 'ninja'}


def test_the_lock_pins_every_package_with_hashes():
    for pin in read_pins(ROOT / 'requirements.lock'):
        assert re.match(r'\S+==\S+', pin.text), pin.name
        assert '--hash=sha256:' in pin.text, pin.name


def test_the_lock_follows_the_exact_pins_of_the_requirements():
    wanted = re.findall(
        r'^([a-z-]+)(?:\[.*\])?==(\S+)$', (ROOT / 'requirements.in').read_text(), re.MULTILINE
    )
    locked = {pin.name: pin.text.split()[0] for pin in read_pins(ROOT / 'requirements.lock')}

    assert len(wanted) > 20
    assert [locked[name] for name, _ in wanted] == [f'{name}=={pin}' for name, pin in wanted]
