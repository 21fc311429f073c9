"""Files that only their owner may read: journals, events, logs, records."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TextIO

MODE = 0o600


def append_private(path: Path) -> TextIO:
    """The file at ``path``, to append text to; raises OSError."""
    return _opened(path, os.O_APPEND)


def write_private(path: Path) -> TextIO:
    """The file at ``path``, emptied, to write text to; raises OSError."""
    return _opened(path, os.O_TRUNC)


def _opened(path: Path, how: int) -> TextIO:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, MODE)
    with suppress(OSError):  # another's file, or one of a file system without modes
        os.fchmod(descriptor, MODE)  # it may be there already, from before or by another umask
    return os.fdopen(descriptor, "a" if how == os.O_APPEND else "w", encoding="utf-8")
