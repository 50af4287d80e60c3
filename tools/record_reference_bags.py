"""Records the small bags that the tests of the replay judge again.

Each is a short session on the real nodes in real time: one that goes as planned, one whose foot has
a kinked hose, and one that is stopped in an emergency. Only what a replay reads is kept, so that
they are small. Made anew only where a decision is meant to change: they say what was decided
before.

Run as ``python tools/record_reference_bags.py`` on a machine that has nothing else to do.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.replay.recorded_loop import NEEDED_TYPES
from compression_boot_control.cli.client_ros import BootsClient
from compression_boot_control.cli.node_processes import NodeProcesses
from compression_boot_control.cli.views import SessionRequest
from compression_boot_control.system import SystemOptions, describe_system

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / 'src/compression_boot_control/test/analysis/replay/bags'
GARMENT = FOLDER / 'small.yaml'
DOMAIN = '79'
READY_TIME, SESSION_TIME = 60.0, 60.0
KINKED = (
    'rest_volume_l: 0.6, compliance_ml_per_mmhg: 1.2',
    'rest_volume_l: 0.04, compliance_ml_per_mmhg: 0.08',
)
"""Behind a kinked hose there is hardly any volume to fill."""


def until_done(client: BootsClient, goal: Any) -> None:
    """Let the session go on to its end, whatever that is."""
    client.wait_until(lambda: goal.result is not None, SESSION_TIME)
    client.wait_until(lambda: False, 2.0)


def until_stopped(client: BootsClient, goal: Any) -> None:
    """Stop in an emergency while the first zones are under pressure, and reset."""
    client.wait_until(lambda: False, 4.0)
    client.emergency_stop('reference')
    client.wait_until(lambda: goal.result is not None and client.seen_vented, SESSION_TIME)
    client.wait_until(lambda: False, 2.0)
    client.reset_safety(confirm=True)
    client.wait_until(lambda: False, 2.0)


def record(
    name: str, worn: Path, minutes: float, course: Callable[[BootsClient, Any], None]
) -> None:
    """Record one session into a bag of the tests.

    Parameters
    ----------
    name : str
    worn : Path
        Garment that the simulated boots are made of; everybody else believes in `GARMENT`.
    minutes : float
        Session time.
    course : callable
        What happens.
    """
    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / name
        options = SystemOptions(garment=str(GARMENT), bag=str(bag), sample_period=0.02, seed=0)
        nodes = tuple(
            replace(node, parameters={**node.parameters, 'garment': str(worn)})
            if node.executable == 'manifold'
            else node
            for node in describe_system(options)
        )
        with (
            NodeProcesses(nodes, Path(folder) / 'nodes.log'),
            BootsClient(options.namespace) as client,
        ):
            if not client.wait_until(lambda: client.ready, READY_TIME):
                raise SystemExit(f'error: not ready: {client.session}')
            goal = client.start_session(
                SessionRequest('demonstration', minutes=minutes, bench=True)
            )
            course(client, goal)
        keep(bag, FOLDER / name)


def keep(recorded: Path, folder: Path) -> None:
    """Copy what a replay reads."""
    for old in folder.glob('*'):
        old.unlink()
    if folder.is_dir():
        folder.rmdir()
    bag = open_bag(recorded, NEEDED_TYPES)
    provenance = {'garment': 'small', 'parameters': '{}', 'backend': 'sim', 'speed': '1.0'}
    messages = []
    with BagWriter(folder, provenance, clock=lambda: 0.0) as small:
        for topic in bag.topics.values():
            if topic.messages:
                small.add_topic(topic.name, topic.type_name, topic.qos)
                messages += [(topic.name, message) for message in topic.messages]
        for name, message in sorted(messages, key=lambda of: of[1].log_time):
            small.write(name, message.data, message.log_time, message.publish_time)
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f'{folder.relative_to(ROOT)}: {len(messages)} messages, {size / 1000:.0f} kB')


def main() -> None:
    """Record all of them."""
    os.environ['ROS_DOMAIN_ID'] = DOMAIN
    with tempfile.TemporaryDirectory() as folder:
        kinked = Path(folder) / 'kinked.yaml'
        kinked.write_text(GARMENT.read_text().replace(*KINKED))
        record('normal', GARMENT, 0.1, until_done)
        record('kink', kinked, 0.15, until_done)
        record('emergency_stop', GARMENT, 0.4, until_stopped)


if __name__ == '__main__':
    main()
