"""The `boots` command: its options, its commands, and how it ends."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from compression_boot_control.cli import (
    alarms,
    calibration,
    journal,
    protocols,
    recommend,
    session,
)
from compression_boot_control.cli.analyze import analyze
from compression_boot_control.cli.campaign import campaign
from compression_boot_control.cli.compare import compare
from compression_boot_control.cli.confirm import confirm
from compression_boot_control.cli.demo import demo
from compression_boot_control.cli.device_test import device_test
from compression_boot_control.cli.emulate import emulate
from compression_boot_control.cli.errors import FAILED, CommandError, explained
from compression_boot_control.cli.recover import recover
from compression_boot_control.cli.replay import replay
from compression_boot_control.cli.reset import reset
from compression_boot_control.cli.run import run
from compression_boot_control.cli.simulate import simulate
from compression_boot_control.cli.status import status
from compression_boot_control.cli.stop import stop
from compression_boot_control.cli.tune import tune
from compression_boot_control.cli.up import up

# Whatever is heavy is imported inside the commands, so that `boots --help` is quick.

DESCRIPTION = """Sequential pneumatic compression boots: bring them up, run sessions, look at them.

A research prototype, not a medical device."""

app = typer.Typer(
    help=DESCRIPTION,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode='rich',
)


@dataclass
class GlobalOptions:
    """Options that stand before the command."""

    debug: bool = False


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    from compression_boot_control.analysis.provenance import package_version

    typer.echo(f'boots {package_version()}')
    raise typer.Exit


@app.callback()
def _global_options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option('--debug', help='Show where an error comes from.')] = False,
    version: Annotated[
        bool,
        typer.Option(
            '--version', callback=_print_version, is_eager=True, help='Print the version.'
        ),
    ] = False,
) -> None:
    context.obj.debug = debug


app.command()(demo)
app.command()(up)
app.command()(run)
app.command()(stop)
app.command()(confirm)
app.command()(status)
app.command()(reset)
app.command()(analyze)
app.command()(compare)
app.command()(replay)
app.command()(recover)
app.command()(campaign)
app.command()(tune)
app.command()(simulate)
app.command()(emulate)
app.command(name='device-test')(device_test)
app.add_typer(calibration.app, name='calibration')
app.add_typer(session.app, name='session')
app.add_typer(alarms.app, name='alarms')
app.add_typer(protocols.app, name='protocols')
app.add_typer(journal.app, name='journal')
journal.app.command()(recommend.recommend)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 1 failed, 2 wrong use."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = GlobalOptions()
    command = typer.main.get_command(app)
    try:
        result = command.main(words, prog_name='boots', standalone_mode=False, obj=options)
    except typer.TyperException as error:
        _report(_usage_lines(error), as_json='--json' in words)
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        _report(('interrupted',))
        return FAILED
    except Exception as error:  # noqa: BLE001  the one edge where all are caught
        if options.debug:
            traceback.print_exc()
        lines, exit_code = explained(error)
        document = error.document if isinstance(error, CommandError) else None
        _report(lines, document, as_json='--json' in words)
        return exit_code
    return result if isinstance(result, int) else 0


def _usage_lines(error: typer.TyperException) -> tuple[str, ...]:
    text = ' '.join(error.format_message().split()).rstrip('.')
    if not text:
        return ()  # it was the help, which is printed already
    context = getattr(error, 'ctx', None)
    return (f'{text}; see {context.command_path if context else "boots"} --help',)


def _report(
    lines: Sequence[str], document: Mapping[str, object] | None = None, *, as_json: bool = False
) -> None:
    """Say what is wrong: lines for a person, and JSON on the output of a script."""
    if as_json and lines:
        typer.echo(json.dumps(document or {'ok': False, 'errors': list(lines)}, indent=2))
    for line in lines:
        typer.echo(f'error: {line}', err=True)
