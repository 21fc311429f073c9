"""kubectl's lock on a kubeconfig: ``<file>.lock``, created exclusively.

kubectl fails at once where it finds the lock and leaves it behind when it is killed; ackgpu waits
for it, and breaks one that is older than any write takes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ackgpu.clock import Clock
from ackgpu.errors import LocalError

_MAX_WAIT = 30.0
_STALE_AFTER = 15.0
_LOOK_EVERY = 0.05


@contextmanager
def locked(path: Path, clock: Clock) -> Iterator[None]:
    """Hold the lock of ``path``; raises LocalError where somebody keeps it for 30 real seconds."""
    lock = path.with_name(f"{path.name}.lock")
    deadline = clock.now() + _MAX_WAIT * clock.speed
    while not _take(lock):
        _break_stale(lock, clock)
        if clock.now() >= deadline:
            raise LocalError(
                f"{path} is locked by another program: {lock} exists.",
                resolution=f"Wait for it; where nothing runs, remove {lock}.",
            )
        clock.sleep(_LOOK_EVERY * clock.speed)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            lock.unlink()


def _take(lock: Path) -> bool:
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True


def _break_stale(lock: Path, clock: Clock) -> None:
    """Remove a lock that a killed program left.

    It is moved away first and looked at again: between the look and the move another process may
    have broken it and taken a lock of its own, which is put back.
    """
    with suppress(FileNotFoundError):
        seen = lock.stat()
        if clock.wall().timestamp() - seen.st_mtime < _STALE_AFTER:
            return
        aside = lock.with_name(f"{lock.name}.{os.getpid()}")
        lock.rename(aside)
        moved = aside.stat()
        if (moved.st_ino, moved.st_mtime_ns) != (seen.st_ino, seen.st_mtime_ns):
            with suppress(FileExistsError):
                os.link(aside, lock)
        aside.unlink()
