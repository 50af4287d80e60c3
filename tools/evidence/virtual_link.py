"""A link between two hosts that can be cut, slow or lossy: packets pass through this program.

Two hosts are two network namespaces, and the link is a pair of TUN devices that this program
carries packets between. The kernel needs no netem for that, and nothing is left behind: devices
and namespace go with the processes that hold them.

    python -m evidence.virtual_link NAMESPACE    reads settings as JSON, one a line
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import json
import os
import random
import selectors
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

HERE, THERE = '198.18.77.1', '198.18.77.2'
"""Addresses of the two hosts, of the range that is set aside for tests of networks (RFC 2544)."""

_TUNSETIFF = 0x400454CA
_TUN_WITHOUT_HEADER = 0x1001
_CLONE_NEWNET = 0x40000000
_TUN = '/dev/net/tun'
_LONGEST_PACKET = 65536


@dataclass(frozen=True)
class Link:
    """How the link is.

    Attributes
    ----------
    cut : bool
        Nothing gets through.
    delay, jitter : float
        Time on the way, and what is added to it at random, which also puts packets out of
        order [s].
    loss : float
        Share of packets that are lost [0..1].
    """

    cut: bool = False
    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0


GOOD = Link()


def why_not() -> str:
    """Why no hosts can be made here, in one line; empty if they can."""
    if os.geteuid() != 0:
        return 'network namespaces need root: run it with sudo, or in a container as root'
    if not Path(_TUN).exists():
        return f'there is no {_TUN}: the kernel has no TUN devices, or the container hides them'
    tried = subprocess.run(
        ['unshare', '--net', 'ip', 'link', 'set', 'lo', 'up'],
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.stderr.strip()


class OtherHost:
    """A network namespace, and the link to it.

    Attributes
    ----------
    prefix : list of str
        Command that runs a command over there.
    """

    def __init__(self) -> None:
        self._holder = subprocess.Popen(
            # it ends with its input, and so with this process, however that ends
            ['unshare', '--net', 'sh', '-c', 'ip link set lo up && echo ready && exec cat'],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline().strip() != 'ready':
            raise OSError('no network namespace could be made')
        namespace = f'/proc/{self._holder.pid}/ns/net'
        self.prefix = ['nsenter', f'--net={namespace}', '--']
        self._relay = subprocess.Popen(
            [sys.executable, '-m', 'evidence.virtual_link', namespace],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[1],
        )
        assert self._relay.stdout is not None
        if self._relay.stdout.readline().strip() != 'ready':
            raise OSError('no link could be made between the hosts')

    def set(self, link: Link) -> None:
        """Change the link; it is so when this returns."""
        assert self._relay.stdin is not None
        assert self._relay.stdout is not None
        self._relay.stdin.write(json.dumps(asdict(link)) + '\n')
        self._relay.stdin.flush()
        self._relay.stdout.readline()

    def close(self) -> None:
        """Take link and namespace away."""
        for process in (self._relay, self._holder):
            process.terminate()
            process.wait()

    def __enter__(self) -> OtherHost:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


# -- the program


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'setns')


def _end(own: str, other: str) -> int:
    """Make one end of the link in the present namespace; its descriptor."""
    descriptor = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack('16sH14x', b'boots_link', _TUN_WITHOUT_HEADER)
    fcntl.ioctl(descriptor, _TUNSETIFF, request)
    for words in (f'addr add {own} peer {other} dev boots_link', 'link set boots_link up'):
        subprocess.run(['ip', *words.split()], check=True)
    return descriptor


class _Relay:
    """Carries packets, as late and as seldom as the link says."""

    def __init__(self, here: int, there: int) -> None:
        self.link = GOOD
        self._random = random.Random(0)
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._count = 0
        self._other = {here: there, there: here}

    def take(self, end: int) -> None:
        with suppress(BlockingIOError):
            while True:
                self._carry(self._other[end], os.read(end, _LONGEST_PACKET))

    def _carry(self, target: int, packet: bytes) -> None:
        link = self.link
        if link.cut or self._random.random() < link.loss:
            return
        late = link.delay + link.jitter * self._random.random()
        self._count += 1
        heapq.heappush(self._waiting, (time.monotonic() + late, self._count, target, packet))

    def deliver(self) -> float | None:
        """Deliver what is due; the time to the next packet [s]."""
        while self._waiting:
            due = self._waiting[0][0] - time.monotonic()
            if due > 0.0:
                return due
            _, _, target, packet = heapq.heappop(self._waiting)
            if not self.link.cut:
                with suppress(OSError):
                    os.write(target, packet)
        return None


def main(namespace: str) -> None:
    """Make the link, and carry packets until the input ends."""
    own = os.open('/proc/self/ns/net', os.O_RDONLY)
    here = _end(HERE, THERE)
    other = os.open(namespace, os.O_RDONLY)
    _enter(other)
    there = _end(THERE, HERE)
    _enter(own)
    relay = _Relay(here, there)
    selector = selectors.DefaultSelector()
    for descriptor in (here, there, 0):
        selector.register(descriptor, selectors.EVENT_READ)
    print('ready', flush=True)
    while True:
        for key, _ in selector.select(relay.deliver()):
            if key.fd != 0:
                relay.take(key.fd)
                continue
            line = sys.stdin.readline()
            if not line:
                return
            relay.link = Link(**json.loads(line))
            print('set', flush=True)


if __name__ == '__main__':
    main(sys.argv[1])
