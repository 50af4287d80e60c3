"""`boots emulate`: a Modbus manifold without the hardware, with faults at the touch of a key."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.errors import CommandFailed, WrongUse
from compression_boot_control.cli.input_lines import InputLines
from compression_boot_control.cli.options import GarmentOption, SeedOption, absolute

if TYPE_CHECKING:
    from compression_boot_control.hardware.emulated_server import EmulatedServer

TURN = 0.2
"""Longest wait for a line of input before looking for Ctrl-C [s]."""

HELP = """FAULT switches one on: leak@left_calf=300, hoses_swapped@left_calf=left_knee, late=30, cut
off FAULT or clear switches one or all off; state shows the device; kinds lists the faults
wait 30 holds the next lines back for 30 s, for a script that pipes its lines in"""


def emulate(
    port: Annotated[
        int, typer.Option('--port', metavar='N', min=0, max=65535, help='TCP port; 0: a free one.')
    ] = 5020,
    serial: Annotated[
        bool, typer.Option('--serial', help='Modbus RTU on a pseudo-terminal instead of TCP.')
    ] = False,
    garment: GarmentOption = 'five_zone',
    hardware: Annotated[
        str,
        typer.Option('--hardware', metavar='F', help='Profile with the registers to offer.'),
    ] = '',
    fault: Annotated[
        list[str] | None,
        typer.Option('--fault', metavar='FAULT', help='Switched on from the start; repeatable.'),
    ] = None,
    seed: SeedOption = 0,
) -> None:
    """Offer a manifold with simulated boots on 127.0.0.1 or a serial line, until Ctrl-C.

    Lines of input switch faults and delays while it runs: `leak@left_calf=300`, `late=30`, `cut`,
    `off cut`, `clear`, `state`, `kinds`. A script pipes them in, with `wait 30` between them.
    """
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.hardware.emulated_device import EmulatedDevice
    from compression_boot_control.hardware.emulated_faults import switch
    from compression_boot_control.hardware.emulated_server import EmulatedServer
    from compression_boot_control.hardware.garment_file import load_garment
    from compression_boot_control.hardware.manifold import ManifoldError
    from compression_boot_control.hardware.profile_file import load_profile
    from compression_boot_control.steady_memory import spare_what_stays

    transport = 'rtu' if serial else 'tcp'
    profile = load_profile(absolute(hardware) or f'generic_{transport}')
    if profile.registers.command_sequence is None or profile.registers.echo is None:
        raise WrongUse(f'profile {profile.name} is not of the generic map: leave --hardware out')
    link = profile.link.model_copy(update={'transport': transport})
    try:
        device = EmulatedDevice(load_garment(garment), profile, seed)
        server = EmulatedServer(device, profile.model_copy(update={'link': link}), port)
        for text in fault or ():
            switch(server, text)
    except ValueError as error:
        raise WrongUse(str(error)) from error
    with Interruption() as interruption:
        try:
            spare_what_stays()
            server.start()
        except ManifoldError as error:
            raise CommandFailed(str(error)) from error
        try:
            typer.echo(_ready_line(server, serial=serial))
            console = _Console(server)
            while not interruption:
                console.turn()
        finally:
            server.stop()


def _ready_line(server: EmulatedServer, *, serial: bool) -> str:
    backend, where = ('modbus-rtu', server.address) if serial else ('modbus-tcp', server.port)
    return (
        f'emulating {server.device.garment.name} on {server.address}. In another terminal: boots '
        f'up --backend {backend} --port {where}. Type help for faults; Ctrl-C ends it.'
    )


class _Console:
    """Does what lines of input say, one after another."""

    def __init__(self, server: EmulatedServer) -> None:
        self._server = server
        self._input = InputLines()
        self._goes_on_at = time.monotonic()

    def turn(self) -> None:
        """Wait a little for a line, and do what it says."""
        held = self._goes_on_at - time.monotonic()
        if held > 0.0:
            time.sleep(min(held, TURN))
            return
        line = self._input.next(TURN)
        words = line.split() if line else []
        if not words:
            return
        if words[0] == 'wait':
            self._wait(words[1:])
        else:
            typer.echo(_answer(self._server, words))

    def _wait(self, words: list[str]) -> None:
        try:
            self._goes_on_at = time.monotonic() + float(words[0])
        except (IndexError, ValueError):
            typer.echo('error: wait needs a number of seconds, such as wait 30')


def _answer(server: EmulatedServer, words: list[str]) -> str:
    from compression_boot_control.core.units import MMHG
    from compression_boot_control.hardware.emulated_faults import KINDS, clear, switch

    first, rest = words[0], words[1:]
    if first == 'help':
        return HELP
    if first == 'kinds':
        return ' '.join(KINDS)
    if first == 'clear':
        clear(server)
        return 'all faults are off'
    if first == 'state':
        with server.lock:
            state = server.device.state.name.lower().replace('_', ' ')
            pressure = server.device.boots.true_pressure / MMHG
        values = ' '.join(f'{value:.1f}' for value in pressure)
        return f'{state}; mmHg in the chambers: {values}'
    try:
        if first == 'off':
            for text in rest:
                switch(server, text, on=False)
            return f'off: {" ".join(rest)}'
        for text in words:
            switch(server, text)
    except ValueError as error:
        return f'error: {error}'
    return f'on: {" ".join(words)}'
