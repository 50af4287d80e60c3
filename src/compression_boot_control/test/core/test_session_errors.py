"""Errors of a session: codes that the action shares, and the exception that carries one."""

from __future__ import annotations

from compression_boot_control.core.session_errors import ProtocolError, SessionError


def test_no_error_is_0() -> None:
    assert SessionError.NONE == 0


def test_error_codes_are_in_the_range_of_the_session() -> None:
    codes = [int(code) for code in SessionError if code != SessionError.NONE]
    assert all(100 < code < 200 for code in codes)


def test_protocol_error_carries_its_code_and_its_message() -> None:
    error = ProtocolError(SessionError.OVER_LIMIT, 'choose less')
    assert (error.error_code, error.message, str(error)) == (
        SessionError.OVER_LIMIT,
        'choose less',
        'choose less',
    )
