"""One Modbus connection: blocks of words there and back, each within its time or an error.

The only file of the backends that knows pymodbus. A failed transaction closes a TCP connection, so
that a late answer is never taken for that of the next request. The next call connects again; when
that fails too, further attempts wait for a back-off that doubles, and meanwhile every call fails
at once.
"""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pymodbus import FramerType, ModbusException
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ConnectionException
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from serial import SerialException

from compression_boot_control.hardware.manifold import LinkError, ManifoldError
from compression_boot_control.hardware.profile_file import LinkPart, TimingPart
from compression_boot_control.hardware.registers import Block

CONNECT_TIMEOUT = 1.0
"""Longest wait for the first TCP connection [s]; one in mid-session has the cycle's timeout."""

EXCEPTIONS = {
    1: 'it does not know this function code: use another profile',
    2: 'it has no such registers: use the profile of this device',
    3: 'it refuses the value: use the profile of this device',
    4: 'it has failed inside: look at the device',
    10: 'the gateway has no path to it: check the wiring behind the gateway',
    11: 'nobody with this unit id answers behind the gateway: check link.unit_id',
}
"""Meaning and cure of the exception codes of Modbus."""

# what happens is said in the errors raised here
logging.getLogger('pymodbus').setLevel(logging.CRITICAL)


class PromptSerialClient(ModbusSerialClient):
    """Takes bytes as they come; its base looks every millisecond whether no more are coming."""

    def recv(self, size: int | None) -> bytes:
        """Bytes that are there, at least one unless the time is over."""
        if self.socket is None:
            raise ConnectionException('closed')
        first: bytes = self.socket.read(1)
        rest: bytes = self.socket.read(self.socket.in_waiting)
        return first + rest


class ModbusLink:
    """Connection to one device.

    Parameters
    ----------
    link : LinkPart
    timing : TimingPart
    read_table : str
        ``holding`` or ``input``.
    clock : callable
        Steady clock [s].

    Attributes
    ----------
    losses : int
        Connections or answers lost since the link was opened.
    """

    def __init__(
        self,
        link: LinkPart,
        timing: TimingPart,
        read_table: str = 'holding',
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._timing = timing
        self._clock = clock
        self._read_table = read_table
        self._timeout = timing.timeout_ms / 1000.0
        self._client: ModbusTcpClient | ModbusSerialClient | None = None
        self._wanted = False
        self._back_off = 0.0
        self._next_attempt = 0.0
        self._cause = ''
        self.losses = 0

    @property
    def name(self) -> str:
        """Where the device is, for messages."""
        if self._link.transport == 'tcp':
            return f'{self._link.host}:{self._link.port}'
        return self._link.device

    def open(self) -> None:
        """Connect.

        Raises
        ------
        ManifoldError
            There is nothing to connect to.
        """
        self.close()
        self._wanted = True
        self.losses = 0
        self._connect(CONNECT_TIMEOUT)

    def close(self) -> None:
        """Disconnect; harmless when there is no connection."""
        self._wanted = False
        self._drop()
        self._back_off = 0.0
        self._next_attempt = 0.0

    def read(self, block: Block) -> dict[int, int]:
        """Read a block; words by address.

        Raises
        ------
        ManifoldError
            No right answer came in time.
        """
        client = self._connected()
        read = (
            client.read_holding_registers
            if self._read_table == 'holding'
            else client.read_input_registers
        )
        answer = self._transact(
            lambda: read(block.address, count=block.count, device_id=self._link.unit_id)
        )
        if len(answer.registers) != block.count:
            raise self._lost(
                f'sent {len(answer.registers)} of {block.count} words: use the right profile'
            )
        return dict(zip(block.addresses, answer.registers, strict=True))

    def write(self, address: int, words: Sequence[int]) -> None:
        """Write consecutive words.

        Raises
        ------
        ManifoldError
            No right answer came in time.
        """
        client = self._connected()
        answer = self._transact(
            lambda: client.write_registers(address, list(words), device_id=self._link.unit_id)
        )
        if answer.address != address or answer.count != len(words):
            raise self._lost('confirmed other registers than were written: another master?')

    # -- connection

    def _connected(self) -> ModbusTcpClient | ModbusSerialClient:
        if self._client is not None:
            return self._client
        if not self._wanted:
            raise ManifoldError(f'{self.name}: not connected: open the manifold first')
        if self._clock() < self._next_attempt:
            raise LinkError(f'{self.name}: {self._cause} (connecting again by itself)')
        return self._connect(self._timeout)

    def _connect(self, timeout: float) -> ModbusTcpClient | ModbusSerialClient:
        client: ModbusTcpClient | ModbusSerialClient
        if self._link.transport == 'tcp':
            client = ModbusTcpClient(
                self._link.host, port=self._link.port, timeout=timeout, retries=0
            )
        else:
            self._check_serial_device()
            client = PromptSerialClient(
                self._link.device,
                framer=FramerType.RTU,
                baudrate=self._link.baud,
                parity=self._link.parity,
                stopbits=self._link.stop_bits,
                timeout=self._timeout,
                retries=0,
            )
        if not client.connect():
            raise self._lost(
                'nobody answers: check the power, the cable, host and port'
                if self._link.transport == 'tcp'
                else 'cannot be opened as a serial line: is another program using it?'
            )
        client.comm_params.timeout_connect = self._timeout
        self._client = client
        return client

    def _check_serial_device(self) -> None:
        device = self._link.device
        if not device:
            raise ManifoldError('no serial device given: use --port, e.g. --port /dev/ttyUSB0')
        if not Path(device).exists():
            raise self._missing('no such serial device: plug it in, or give another with --port')
        if not os.access(device, os.R_OK | os.W_OK):
            raise self._missing(
                f'{os.strerror(errno.EACCES).lower()}: add yourself to the group of the device '
                '(sudo usermod -aG dialout $USER) and log in again'
            )

    def _missing(self, cause: str) -> ManifoldError:
        """Make the error of what asking again at once does not cure."""
        return ManifoldError(str(self._lost(cause)))

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()  # type: ignore[no-untyped-call]

    def _lost(self, cause: str) -> LinkError:
        """Close, set the time of the next attempt, and make the error."""
        self._drop()
        self.losses += 1
        timing = self._timing
        # an answer on a serial line has no number: a late one must have passed before the next
        passing = self._timeout if self._link.transport == 'rtu' else 0.0
        self._next_attempt = self._clock() + max(self._back_off, passing)
        doubled = max(2.0 * self._back_off, timing.back_off_ms / 1000.0)
        self._back_off = min(doubled, timing.back_off_max_ms / 1000.0)
        self._cause = cause
        return LinkError(f'{self.name}: {cause}')

    # -- transactions

    def _transact(self, request: Callable[[], ModbusPDU]) -> ModbusPDU:
        cause = ''
        for _ in range(self._timing.retries + 1):
            try:
                answer = request()
            except (ModbusException, SerialException, OSError, ValueError, IndexError) as error:
                cause = self._explained(error)
                if self._client is None or self._client.socket is None:
                    break
                continue
            if isinstance(answer, ExceptionResponse):
                code = answer.exception_code
                raise self._lost(
                    f'unit {self._link.unit_id} answers with exception {code}: '
                    f'{EXCEPTIONS.get(code, "see the manual of the device")}'
                )
            if answer.isError():
                cause = 'answers what is not Modbus: check profile and wiring'
                continue
            self._back_off = 0.0
            return answer
        raise self._lost(cause)

    def _explained(self, error: Exception) -> str:
        text = str(error)
        if 'device id' in text:
            return f'another unit than {self._link.unit_id} answers: check link.unit_id'
        if 'transaction id' in text:
            return 'a late or foreign answer came: another master, or a slow device'
        if 'No response' in text:
            return (
                f'unit {self._link.unit_id} sent no right answer within '
                f'{self._timing.timeout_ms:g} ms: check power, cable, link.unit_id and noise'
            )
        if 'closed' in text or self._client is None or self._client.socket is None:
            return 'the connection was closed by the device: check power and cable'
        return 'answers what is not Modbus: check profile, baud rate and wiring'
