"""One kubeconfig file: read, and changed under kubectl's lock, atomically, with mode 0600."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ackgpu import flag
from ackgpu.clock import Clock
from ackgpu.cloud.kube import document as doc
from ackgpu.cloud.kube.document import Document
from ackgpu.cloud.kube.lock import locked
from ackgpu.errors import LocalError
from ackgpu.small_file import MIB, read_small

MAX_BYTES = 8 * MIB
"""What a kubeconfig may have: a thousand contexts with their certificates take 6 MiB."""
_FIX = f"Give a file that can be written with {flag.KUBECONFIG}, or in KUBECONFIG."


class Kubefile:
    """A kubeconfig file that may not exist yet. A symbolic link is followed and stays one."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock

    def read(self, *, pipes: bool = False) -> Document:
        """The document with its file names absolute; an empty one where there is no file.

        Raises LocalError where it is no regular file, as what is read here may be written later;
        ``pipes`` is for what is only read.
        """
        with self._reporting():
            document = doc.parse_quickly(self._text(pipes=pipes), str(self.path))
        doc.absolute(document, self.path.absolute().parent)
        return document

    def change(self, change: Callable[[Document], None]) -> None:
        """Read, change and replace the file, losing nobody else's change; raises LocalError.

        ``change`` may be called again: the lock is held only to see that the file is still as it
        was read, and to replace it. To read and write large ones takes seconds, and kubectl fails
        at once where it finds the lock.
        """
        with self._reporting():
            self.check_writable()
            for directory in self._directories:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            while True:
                before = self._text()
                # By the round trip, so that a user's comments and order stay.
                document = doc.parse(before, str(self.path))
                change(document)
                after = doc.dump(document)
                with locked(self.path, self._clock):
                    if self._text() == before:
                        self._replace(after)
                        return

    def check_writable(self) -> None:
        """Raise LocalError where :meth:`change` would."""
        self._refuse_special()
        if self.path.exists() and not os.access(self.path, os.W_OK):
            raise LocalError(f"{self.path} cannot be written: it is read-only.", resolution=_FIX)
        for directory in self._directories:
            there = next(part for part in (directory, *directory.parents) if part.exists())
            if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
                raise LocalError(
                    f"{self.path} cannot be written: nothing can be created in {there}.",
                    resolution=_FIX,
                )

    @property
    def _target(self) -> Path:
        """The file itself, where the path leads through symbolic links."""
        return Path(os.path.realpath(self.path))

    @property
    def _directories(self) -> tuple[Path, Path]:
        """Where something is created: the file beside its target, the lock beside the path."""
        return self._target.parent, self.path.absolute().parent

    def _refuse_special(self) -> None:
        """A device would be replaced by a file, and opening a FIFO may wait for ever."""
        if self.path.exists() and not self.path.is_file():
            raise LocalError(
                f"{self.path} is not a regular file, so it cannot be the kubeconfig.",
                resolution=_FIX,
            )

    def _text(self, *, pipes: bool = False) -> str:
        """What stands in the file; empty where there is none."""
        if not pipes:
            self._refuse_special()
        try:
            return read_small(self.path, MAX_BYTES, pipes=pipes).decode()
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError:
            raise LocalError(f"{self.path} is not a kubeconfig.", resolution=_FIX) from None

    def _replace(self, text: str) -> None:
        target = self._target
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            self._keep_owner(target, name)
            # Atomic: kubectl in another window reads the
            # old file or the new one, and never half of it.
            Path(name).replace(target)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise

    @staticmethod
    def _keep_owner(target: Path, name: str) -> None:
        """Under sudo the file stays its owner's; elsewhere this changes nothing."""
        with suppress(OSError):
            before = target.stat()
            os.chown(name, before.st_uid, before.st_gid)

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = error.strerror or str(error)
            raise LocalError(f"{self.path} cannot be used: {why}.", resolution=_FIX) from error
