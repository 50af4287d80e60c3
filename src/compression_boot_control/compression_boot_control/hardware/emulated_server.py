"""Serves an emulated device over Modbus TCP or over a pseudo-terminal, in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import selectors
import threading
import time
import tty
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ModbusPDU
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from compression_boot_control.hardware.emulated_device import (
    DEVICE_PERIOD,
    EmulatedDevice,
    IllegalAddress,
)
from compression_boot_control.hardware.manifold import ManifoldError
from compression_boot_control.hardware.profile_file import ProfileFile

START_TIMEOUT = 5.0
"""Longest wait for the server to listen [s]."""

REGISTERS = 1024
"""Registers that are asked of the device; what it does not have it refuses itself."""

BITS_PER_BYTE = 10
"""Start, data and stop bits of a byte on a serial line."""

FRAME_GAP = 1.75e-3
"""Silence by which a device knows the end of a request, so that it can answer [s] [L].

3.5 characters, but not less than this above 19200 baud, as the specification of Modbus RTU says.
"""

# the faults that are switched on are no news
logging.getLogger('pymodbus').setLevel(logging.CRITICAL)


class LinkFault(Enum):
    """What can be wrong between host and device."""

    CUT = 'cut'
    """Nothing gets through, and connections are closed."""
    SILENT = 'silent'
    """Commands get through, answers do not."""
    GARBAGE = 'garbage'
    """Answers are random bytes."""
    WRONG_CHECK = 'wrong_check'
    """Answers have a wrong check sum (RTU) or a wrong protocol (TCP)."""
    HALF_FRAME = 'half_frame'
    """Answers end in the middle."""
    FOREIGN_UNIT = 'foreign_unit'
    """Answers come from another unit."""


class EmulatedServer:
    """A device on the network, or on a serial line.

    Parameters
    ----------
    device : EmulatedDevice
    profile : ProfileFile
        Says TCP or RTU, and the unit id.
    port : int
        TCP port on 127.0.0.1; 0 for any free one.
    clock : callable
        Time that the device lives in [s].

    Attributes
    ----------
    address : str
        ``host:port``, or the serial device to open, once it serves.
    link_faults : set of LinkFault
        May be changed at any time.
    latency : float
        Time before each answer [s]; may be changed at any time.
    lock : threading.Lock
        Held while the device works; take it to change the faults of the boots.
    """

    def __init__(
        self,
        device: EmulatedDevice,
        profile: ProfileFile,
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = device
        self.address = ''
        self.link_faults: set[LinkFault] = set()
        self.latency = 0.0
        self.lock = threading.Lock()
        self._link = profile.link
        self._port = port
        self._clock = clock
        self._random = random.Random(0)
        self._error: Exception | None = None
        self._listening = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._server: ModbusTcpServer | ModbusSerialServer | None = None
        self._descriptors: list[int] = []
        self._line_free_at = 0.0
        self._thread = threading.Thread(target=self._run, name='emulated device', daemon=True)

    @property
    def port(self) -> int:
        """TCP port that is served."""
        return int(self.address.rpartition(':')[2])

    def start(self) -> None:
        """Serve, until `stop`.

        Raises
        ------
        ManifoldError
            The port is taken.
        """
        # the first turn of the boots may be compiled, which nobody should wait for
        now = self._clock()
        self.device.advance(now)
        self.device.advance(now + DEVICE_PERIOD)
        self._thread.start()
        self._listening.wait(START_TIMEOUT)
        if not self.address:
            raise ManifoldError(
                f'port {self._port} cannot be served ({self._error}): choose another with --port'
            )

    def stop(self) -> None:
        """End the server and its thread."""
        if self._loop is not None and self._end is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(START_TIMEOUT)

    def __enter__(self) -> EmulatedServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # -- the thread

    def _run(self) -> None:
        try:
            # epoll rounds waits up to milliseconds, which would make a serial line a fifth slower
            with asyncio.Runner(
                loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())
            ) as runner:
                runner.run(self._serve())
        except (OSError, RuntimeError) as error:
            self._error = error
        finally:
            for descriptor in self._descriptors:
                os.close(descriptor)
            self._listening.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        simulated = SimDevice(
            id=self._link.unit_id,
            simdata=[SimData(0, count=REGISTERS, values=0, datatype=DataType.REGISTERS)],
            action=self._access,
        )
        hooks: dict[str, Any] = {'trace_packet': self._packet, 'trace_pdu': self._pdu}
        if self._link.transport == 'tcp':
            self._server = ModbusTcpServer(simulated, address=('127.0.0.1', self._port), **hooks)
            await self._server.serve_forever(background=True)
            listening: Any = self._server.transport
            address = f'127.0.0.1:{listening.sockets[0].getsockname()[1]}'
        else:
            inner, address = self._pseudo_terminals()
            self._server = ModbusSerialServer(
                simulated, port=inner, baudrate=self._link.baud, **hooks
            )
            await self._server.serve_forever(background=True)
        self.address = address
        self._listening.set()
        work = asyncio.create_task(self._work())
        await self._end.wait()
        work.cancel()
        await self._server.shutdown()  # type: ignore[no-untyped-call]

    async def _work(self) -> None:
        while True:
            with self.lock:
                self.device.advance(self._clock())
            await asyncio.sleep(DEVICE_PERIOD)

    # -- the serial line

    def _pseudo_terminals(self) -> tuple[str, str]:
        """Two pseudo-terminals with a line between them: the server's end, and the host's."""
        ends = [os.openpty() for _ in range(2)]
        for master, slave in ends:
            tty.setraw(slave)
            os.set_blocking(master, False)
            self._descriptors += [master, slave]
        (near, near_slave), (far, far_slave) = ends
        assert self._loop is not None
        gap = max(FRAME_GAP, 3.5 * BITS_PER_BYTE / self._link.baud)
        self._loop.add_reader(near, self._carry, near, far, gap)
        self._loop.add_reader(far, self._carry, far, near, 0.0)
        return os.ttyname(near_slave), os.ttyname(far_slave)

    def _carry(self, source: int, target: int, gap: float) -> None:
        """Take bytes to the other end, as late as gap and baud rate make them."""
        assert self._loop is not None
        data = os.read(source, 4096)
        if LinkFault.CUT in self.link_faults:
            return
        now = self._loop.time()
        begin = now + gap if now > self._line_free_at else self._line_free_at
        self._line_free_at = begin + len(data) * BITS_PER_BYTE / self._link.baud
        self._loop.call_at(self._line_free_at, os.write, target, data)

    # -- hooks of pymodbus

    async def _access(
        self,
        function_code: int,
        start_address: int,
        address: int,
        count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if self.latency > 0.0:
            await asyncio.sleep(self.latency)
        with self.lock:
            self.device.advance(self._clock())
            try:
                if values is not None:
                    self.device.write(address, [int(value) for value in values])
                else:
                    words = self.device.read(address, count)
                    first = address - start_address
                    registers[first : first + count] = words
            except IllegalAddress:
                return ExcCodes.ILLEGAL_ADDRESS
        return None

    def _pdu(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU:
        if sending and LinkFault.FOREIGN_UNIT in self.link_faults:
            pdu.dev_id = self._link.unit_id + 1
        if not sending and pdu.dev_id != self._link.unit_id:
            return None  # type: ignore[return-value]  # who is not meant stays silent
        return pdu

    def _packet(self, sending: bool, data: bytes) -> bytes:
        faults = self.link_faults
        if LinkFault.CUT in faults:
            self._close_connections()
            return b''
        if not sending or not faults:
            return data
        if LinkFault.SILENT in faults:
            return b''
        if LinkFault.GARBAGE in faults:
            return self._random.randbytes(len(data))
        if LinkFault.WRONG_CHECK in faults:
            place = 2 if self._link.transport == 'tcp' else len(data) - 1
            return data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]
        if LinkFault.HALF_FRAME in faults:
            return data[: len(data) // 2]
        return data

    def _close_connections(self) -> None:
        if self._server is not None and self._link.transport == 'tcp':
            for connection in list(self._server.active_connections.values()):
                close: Callable[[], None] = connection.close
                assert self._loop is not None
                self._loop.call_soon(close)
