"""Reading a file, or a stream, that a person wrote: never more of it than such a file can hold.

A path may lead to a device that never ends, or to a FIFO that nobody writes to. Looking at the
size beforehand is no protection: neither of them has one.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from ackgpu.errors import UsageError

KIB, MIB = 1024, 1024 * 1024


class TooLargeError(OSError):
    """There is more to read than ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        size = f"{limit // MIB} MiB" if limit >= MIB else f"{limit // KIB} KiB"
        super().__init__(f"it is larger than {size}")


class NotRegularError(OSError):
    """It is a directory, a device, a FIFO or a socket."""

    def __init__(self) -> None:
        super().__init__("it is not a regular file")


def read_small(path: Path, limit: int, *, pipes: bool = False) -> bytes:
    """The content of the file at ``path``.

    Raises :class:`TooLargeError` where it has more than ``limit`` bytes, :class:`NotRegularError`
    unless it is a regular file, and OSError where it cannot be read. ``pipes`` takes anything that
    can be opened, such as a shell's ``<(…)``; a FIFO is then waited for, as ``cat`` does.
    """
    # Without O_NONBLOCK to open a FIFO waits for a writer, before anything can be looked at.
    descriptor = os.open(path, os.O_RDONLY | (0 if pipes else os.O_NONBLOCK))
    with os.fdopen(descriptor, "rb") as file:
        if not pipes and not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotRegularError
        return read_at_most(file, limit)


def read_at_most(stream: BinaryIO, limit: int) -> bytes:
    """All that ``stream`` gives; raises :class:`TooLargeError` for more than ``limit`` bytes."""
    content = stream.read(limit + 1)
    if len(content) > limit:
        raise TooLargeError(limit)
    return content


def why(error: OSError) -> str:
    """The reason in words, without the path."""
    return error.strerror or str(error)


def check_directory(flag: str, path: Path | None) -> None:
    """Raise UsageError where the file that ``flag`` names would have no directory to lie in."""
    if path is not None and not path.parent.is_dir():
        raise UsageError(
            f"{flag} {path}: the directory {path.parent} does not exist.",
            resolution="Make the directory, or give another path.",
        )
