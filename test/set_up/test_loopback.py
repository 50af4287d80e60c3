"""Nothing listens off this machine, and many processes still find each other."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs a build')

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / 'config' / 'fastdds_loopback.xml'
PARTICIPANTS = 14  # two garments with six nodes each, a dashboard and a command
LOOPBACK = '0100007F'  # 127.0.0.1 as /proc/net/udp writes it

PEER = """
import sys, time
import rclpy
from std_msgs.msg import Int32

own, everyone, deadline = int(sys.argv[1]), int(sys.argv[2]), time.monotonic() + float(sys.argv[3])
rclpy.init()
node = rclpy.create_node(f'peer_{own}')
heard = set()
subscription = node.create_subscription(Int32, 'peers', lambda peer: heard.add(peer.data), 100)
publisher = node.create_publisher(Int32, 'peers', 100)
complete = False
while time.monotonic() < deadline:
    publisher.publish(Int32(data=own))
    rclpy.spin_once(node, timeout_sec=0.1)
    if len(heard) == everyone and not complete:
        complete = True
        print('complete', flush=True)
        # It goes on until it is ended, as the others have to find it too.
if not complete:
    print(f'heard only {sorted(heard)}', flush=True)
"""


@pytest.fixture
def peers():
    environ = os.environ | {
        'FASTRTPS_DEFAULT_PROFILES_FILE': str(PROFILE),
        'FASTDDS_DEFAULT_PROFILES_FILE': str(PROFILE),
        'RMW_IMPLEMENTATION': 'rmw_fastrtps_cpp',
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SYSTEM_DEFAULT',
        'ROS_DOMAIN_ID': str(1 + os.getpid() % 100),
    }
    started = [
        subprocess.Popen(
            [sys.executable, '-c', PEER, str(number), str(PARTICIPANTS), '60'],
            env=environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PARTICIPANTS)
    ]
    yield started
    for peer in started:
        peer.kill()
        peer.communicate()


def udp_sockets(pid):
    """Local addresses of the UDP sockets of a process."""
    inodes = set()
    for link in Path(f'/proc/{pid}/fd').iterdir():
        try:
            target = str(link.readlink())
        except FileNotFoundError:
            continue
        if target.startswith('socket:['):
            inodes.add(target[len('socket:[') : -1])
    addresses = []
    for table in ('udp', 'udp6'):
        for row in Path(f'/proc/net/{table}').read_text().splitlines()[1:]:
            columns = row.split()
            if columns[9] in inodes:
                addresses.append(columns[1].split(':')[0])
    return addresses


@pytest.mark.system
@pytest.mark.slow
def test_many_processes_find_each_other_on_loopback_only(peers):
    started = time.monotonic()

    assert {peer.stdout.readline().strip() for peer in peers} == {'complete'}

    assert time.monotonic() - started < 60
    for peer in peers:
        addresses = udp_sockets(peer.pid)
        assert addresses
        assert set(addresses) == {LOOPBACK}
