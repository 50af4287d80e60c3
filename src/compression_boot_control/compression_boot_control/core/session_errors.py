"""Why a session did not start or did not end as planned; the values of ``RunSession.action``."""

from __future__ import annotations

from enum import IntEnum


class SessionError(IntEnum):
    """Error codes of a session."""

    NONE = 0
    NOT_READY = 101
    BUSY = 102
    UNKNOWN_PROTOCOL = 103
    INVALID_PROTOCOL = 104
    OVER_LIMIT = 105
    NO_SUCH_LEG = 106
    NOT_SCREENED = 107
    TOO_MUCH = 108
    CHECK_NEEDED = 109
    CANCELLED = 110
    STOPPED = 111
    SAFETY = 112
    PRESSURES_LOST = 113
    NOT_REACHED = 114
    NOT_VENTED = 115
    SHUTDOWN = 116
    PAUSED_TOO_LONG = 117
    CHECK_FAILED = 118
    NO_ANSWER = 119
    INTERNAL = 199


class ProtocolError(Exception):
    """A protocol cannot be run as asked, on this garment.

    Attributes
    ----------
    error_code : SessionError
        For the result of the action.
    message : str
        One line: what is wrong, and what to do.
    location : tuple of str or int
        Keys and indices that lead to it in the protocol; empty where no one field is to blame.
    """

    def __init__(
        self, error_code: SessionError, message: str, location: tuple[str | int, ...] = ()
    ) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.message = message
        self.location = location
