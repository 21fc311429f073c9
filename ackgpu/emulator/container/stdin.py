"""Input that has not been read yet: a command that needs it says so instead of guessing."""

from __future__ import annotations

UNREAD = b"\x00the input has not been read yet\x00"
"""Stands for input; recognised by identity alone."""


class NeedsInput(Exception):
    """The command reads its input."""


def consumed(stdin: bytes) -> bytes:
    """The input, for a command that reads it; raises NeedsInput where it is still to be read."""
    if stdin is UNREAD:
        raise NeedsInput
    return stdin
