"""Standard input, output and error, and what each of them can show.

stdout carries the result and nothing else; progress, prompts, warnings and errors go to stderr.
Each question (is it a terminal, how wide, colours, which characters) is asked of the stream that
is drawn on, never of another.
"""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TextIO, cast

from ackgpu import flag
from ackgpu.errors import LocalError, UsageError
from ackgpu.printable import printable
from ackgpu.redaction import redacted
from ackgpu.small_file import read_at_most

ColorChoice = Literal["auto", "always", "never"]

DEFAULT_SIZE = (80, 24)
# A file or a pipe has no width: whoever reads it wants every character.
UNBOUNDED_WIDTH = 100_000
# Everything that ackgpu draws beyond ASCII; a stream that cannot encode it gets words.
DRAWN = "✓✗⠸·…→▓░¥"


@dataclass(frozen=True)
class Streams:
    """The three standard streams with the environment that decides how they are drawn on.

    ``color`` and ``no_input`` are the flags. ``size`` (columns, lines) overrides what the
    terminal says and ``terminal`` whether there is one: both are None outside tests.
    ``emulated``: results are of an emulated cloud, and say so. ``unread``: the streams whose reader
    went away.
    """

    out: TextIO
    err: TextIO
    stdin: TextIO
    env: Mapping[str, str] = field(default_factory=dict)
    color: ColorChoice = "auto"
    no_input: bool = False
    size: tuple[int, int] | None = None
    terminal: bool | None = None
    emulated: bool = False
    unread: set[int] = field(default_factory=set)

    @classmethod
    def system(cls, *, color: ColorChoice = "auto", no_input: bool = False) -> Streams:
        """The process's own streams and environment; a closed one (``2>&-``) is a null device."""
        _replace_closed()
        return cls(sys.stdout, sys.stderr, sys.stdin, os.environ, color, no_input)

    @classmethod
    def for_tests(  # noqa: PLR0913 -- one record of a terminal: each part is varied by some test
        cls,
        *,
        typed: str = "",
        env: Mapping[str, str] | None = None,
        terminal: bool = False,
        encoding: str = "utf-8",
        size: tuple[int, int] = DEFAULT_SIZE,
        color: ColorChoice = "auto",
    ) -> Streams:
        """Streams over buffers, as a terminal or not; read them with :meth:`written`."""
        out, err = (
            io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in "oe"
        )
        stdin = io.StringIO(typed)
        return cls(out, err, stdin, env or {}, color, size=size, terminal=terminal)

    def written(self) -> tuple[str, str]:
        """What was written to stdout and stderr of :meth:`for_tests`."""
        return _written(self.out), _written(self.err)

    def is_terminal(self, stream: TextIO) -> bool:
        """Whether ``stream`` is a terminal; a closed stream is none."""
        if self.terminal is not None:
            return self.terminal
        return not stream.closed and stream.isatty()

    def size_of(self, stream: TextIO) -> tuple[int, int]:
        """Columns and lines of the terminal; without one, lines are never cut."""
        if not self.is_terminal(stream):
            return UNBOUNDED_WIDTH, DEFAULT_SIZE[1]
        if self.size is not None:
            return self.size
        try:
            columns, lines = os.get_terminal_size(stream.fileno())
        except OSError:
            return DEFAULT_SIZE
        return columns or DEFAULT_SIZE[0], lines or DEFAULT_SIZE[1]

    def colors(self, stream: TextIO) -> bool:
        """Whether ``stream`` gets colours: the flag, NO_COLOR, TERM=dumb and CI, then a tty."""
        if self.color != "auto":
            return self.color == "always"
        if self.env.get("NO_COLOR") or self.dumb or self.in_ci:
            return False
        return self.is_terminal(stream)

    def unicode(self, stream: TextIO) -> bool:
        """Whether ``stream`` can carry the symbols that ackgpu draws."""
        try:
            DRAWN.encode(stream.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    @property
    def dumb(self) -> bool:
        """Whether the terminal cannot move its cursor (TERM=dumb)."""
        return self.env.get("TERM", "") == "dumb"

    @property
    def in_ci(self) -> bool:
        """Whether a pipeline runs this (CI set to anything but false)."""
        return self.env.get("CI", "").lower() not in {"", "0", "false"}

    def can_redraw(self, stream: TextIO) -> bool:
        """Whether ``stream`` can hold a display that redraws itself."""
        return self.is_terminal(stream) and not self.in_ci and not self.dumb

    @property
    def can_animate(self) -> bool:
        """Whether stderr can."""
        return self.can_redraw(self.err)

    def reader_left(self, stream: TextIO) -> bool:
        """Whether nobody reads ``stream`` any more: for what would write to it for ever."""
        if id(stream) in self.unread:
            return True
        try:
            poll = select.poll()
            # No event but the errors, which poll always reports: a pipe whose reader left is one.
            poll.register(stream.fileno(), 0)
            return any(state & (select.POLLERR | select.POLLHUP) for _, state in poll.poll(0))
        except (OSError, ValueError):  # a stream of a test, or a closed one
            return False

    def write(self, stream: TextIO, text: str) -> None:
        """Write lines of text, some of it from outside, and flush: what does not print is blank.

        No secret passes, and no escape sequence: a picture of ours goes through :meth:`draw`.
        Otherwise as that.
        """
        self.draw(stream, printable(text, lines=True))

    def draw(self, stream: TextIO, text: str, *, with_secrets: bool = False) -> None:
        """Write and flush what is already laid out, with the escape sequences of its drawing.

        Characters that ``stream`` cannot carry become ``?``; secrets are taken out, unless what
        was asked for is one (``kubeconfig show``).
        A reader that went away (``| head``) is no error: nothing more is wanted on that stream.
        Nor is a stderr that cannot be written, as the work must not end for it. Raises
        :class:`~ackgpu.errors.LocalError` where stdout cannot take the result (a full disk).
        """
        encoding = stream.encoding or "ascii"
        try:
            shown = text if with_secrets else redacted(text)
            # Replaced here and not by the stream, whose own error handler raises on most terminals.
            stream.write(shown.encode(encoding, "replace").decode(encoding))
            stream.flush()
        except OSError as error:
            _discard_from_now_on(stream)
            # By identity: the null device behind it takes
            # everything, and nobody could tell any more.
            self.unread.add(id(stream))
            if stream is self.out and not isinstance(error, BrokenPipeError):
                raise unwritten(error) from error

    def confirm(self, question: str) -> bool:
        """Ask on stderr whether to go on; only "y" or "yes" is yes.

        Raises :class:`~ackgpu.errors.UsageError` where nobody can be asked.
        """
        answer = self._ask(f"{question} [y/N] ")
        return answer.lower() in {"y", "yes"}

    def type_name(self, question: str, name: str) -> bool:
        """Ask on stderr to type ``name``; anything else is no. Raises as :meth:`confirm` does."""
        return self._ask(f"{question} ") == name

    def read_all(self, limit: int) -> bytes:
        """All of stdin; raises OSError where it cannot be read or has more than ``limit`` bytes."""
        if isinstance(self.stdin, io.TextIOWrapper):
            return read_at_most(self.stdin.buffer, limit)
        return read_at_most(io.BytesIO(self.stdin.read(limit + 1).encode()), limit)

    def _ask(self, prompt: str) -> str:
        if self.no_input:
            raise _cannot_ask(f"input is switched off ({flag.NO_INPUT})")
        # Both: a question that is written into a file waits for ever.
        if not (self.is_terminal(self.stdin) and self.is_terminal(self.err)):
            raise _cannot_ask("there is no terminal to ask on")
        self.write(self.err, printable(prompt))
        typed = ""
        try:
            typed = self.stdin.readline()
        finally:
            if not typed.endswith("\n"):  # Ctrl-C or Ctrl-D left the cursor behind the question
                self.write(self.err, "\n")
        return typed.strip()


def unwritten(error: OSError) -> LocalError:
    """That stdout cannot take the result, as on a full disk."""
    return LocalError(f"The result could not be written: {error.strerror}.")


def _replace_closed() -> None:
    """Put the null device where the caller closed a standard stream (``>&-``), as git does.

    The next file or socket that is opened would get its descriptor, and be written to. Each open
    takes the lowest free descriptor: hence the order.
    """
    sys.stdin = sys.stdin or _null("r")
    sys.stdout = sys.stdout or _null("w")
    sys.stderr = sys.stderr or _null("w")


def _null(mode: Literal["r", "w"]) -> TextIO:
    return cast("TextIO", Path(os.devnull).open(mode, encoding="utf-8"))


def _cannot_ask(why: str) -> UsageError:
    way_out = f"Give {flag.YES} to go on without being asked"
    return UsageError(f"This needs a confirmation: {why}.", resolution=way_out)


def _discard_from_now_on(stream: TextIO) -> None:
    """Point the descriptor at the null device, so that the flush at exit cannot fail again."""
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, stream.fileno())
    finally:
        os.close(null)


def _written(stream: TextIO) -> str:
    buffer = getattr(stream, "buffer", None)
    if not isinstance(buffer, io.BytesIO):
        raise TypeError("only the streams of for_tests keep what was written")
    return buffer.getvalue().decode(stream.encoding)
