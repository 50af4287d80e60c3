"""`boots confirm`: the person in the boots is awake and well."""

from __future__ import annotations

from compression_boot_control.cli.options import JsonOption, NamespaceOption


def confirm(namespace: NamespaceOption = 'boots', as_json: JsonOption = False) -> None:
    """Say that the person in the boots is awake and well, so that the session goes on.

    A session asks every 15 minutes, and ends vented without an answer.
    """
    from compression_boot_control.cli.session import ask
    from compression_boot_control.cli.session_calls_ros import confirmation

    ask(confirmation(), namespace, as_json)
