"""Running a program that gives credentials: of a profile (External), of a kubeconfig (exec).

It is the user's own, and may hang, ask a question, or leave a child behind that holds its output
open. So it has no input, a session of its own that can be ended as a whole, and a time and a size
beyond which it is not waited for.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from ackgpu.clock import SystemClock
from ackgpu.errors import CredentialsError

PROGRAM_SECONDS = 60.0
"""Real seconds, as the aliyun CLI gives an external program."""
_MAX_OUTPUT = 1024 * 1024
_CHUNK = 65_536
_LOOK_EVERY = 0.1
_LINES_QUOTED = 3
_BY_HAND = "Run it by hand to see why; it may want to ask something."


@dataclass(frozen=True)
class Program:
    """``command`` with the variables ``env`` added; ``title`` is what messages call it."""

    title: str
    command: Sequence[str]
    env: Mapping[str, str]
    hint: str = ""

    def output(self, seconds: float = PROGRAM_SECONDS) -> str:
        """What it prints.

        Raises CredentialsError where it is not installed (``hint`` says how to install it), fails,
        prints more than 1 MiB, or has not ended after ``seconds``.
        """
        failed = f"{self.title} failed"
        with self._started(failed) as process:
            heard = _Heard(process, SystemClock().now() + seconds)
            try:
                code = heard.listen()
            finally:
                if process.poll() is None:
                    _end(process)
        if code is None:
            raise CredentialsError(f"{failed}: {heard.why(seconds)}.", resolution=_BY_HAND)
        if code:
            complaints = heard.text(process.stderr).strip().splitlines()
            raise CredentialsError(
                f"{failed}: it exited with {code}.",
                resolution="Run it by hand to see why.",
                details=complaints[-_LINES_QUOTED:],
            )
        return heard.text(process.stdout)

    def _started(self, failed: str) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 -- the user's own file names it
                self.command,
                env={**os.environ, **self.env},
                # A question that it asks ends at once, and is not waited for a minute.
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # A session of its own: it can be ended with
                # its children, and cannot read the terminal.
                start_new_session=True,
            )
        except FileNotFoundError:
            hint = self.hint or f"Install {self.command[0]}, or put it on the PATH."
            raise CredentialsError(f"{failed}: it is not installed.", resolution=hint) from None
        except (OSError, ValueError) as error:  # ValueError: a NUL in its name
            why = getattr(error, "strerror", "") or str(error)
            raise CredentialsError(f"{failed}: {why}.", resolution=_BY_HAND) from None


class _Heard:
    """What a process says on its two streams, until it ends, says too much, or times out."""

    def __init__(self, process: subprocess.Popen[bytes], until: float) -> None:
        self._process = process
        self._until = until
        self._said: dict[IO[bytes] | None, bytearray] = {
            stream: bytearray() for stream in (process.stdout, process.stderr)
        }

    def listen(self) -> int | None:
        """The exit code; None where it was given up.

        A child that outlives the program may hold its streams open: once the program has ended,
        only what is there is read.
        """
        clock = SystemClock()
        with selectors.DefaultSelector() as selector:
            for stream in filter(None, self._said):
                selector.register(stream, selectors.EVENT_READ)
            while selector.get_map():
                # Before the select: what is read after it is
                # all that the program itself can have said.
                ended = self._process.poll() is not None
                ready = selector.select(0 if ended else _LOOK_EVERY)
                for key, _ in ready:
                    self._hear(key.fileobj, selector)  # type: ignore[arg-type]
                if self._too_much or (ended and not ready):
                    break
                if clock.now() >= self._until:
                    return None
        if self._too_much:
            return None
        try:
            return self._process.wait(max(0.0, self._until - clock.now()))
        except subprocess.TimeoutExpired:
            return None

    def why(self, seconds: float) -> str:
        """Why it was given up."""
        return "it said too much" if self._too_much else f"it did not answer within {seconds:g} s"

    def text(self, stream: IO[bytes] | None) -> str:
        """What came on one of its streams."""
        return self._said[stream].decode(errors="replace")

    @property
    def _too_much(self) -> bool:
        return any(len(said) > _MAX_OUTPUT for said in self._said.values())

    def _hear(self, stream: IO[bytes], selector: selectors.BaseSelector) -> None:
        chunk = os.read(stream.fileno(), _CHUNK)
        if chunk:
            self._said[stream] += chunk
        else:
            selector.unregister(stream)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
