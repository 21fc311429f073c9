"""Command lines carried out within this process: real arguments, real HTTP, captured streams."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from ackgpu.emulator import Emulator
from ackgpu.main import main


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


@dataclass
class Shell:
    """A user's shell on ``home``, led to an emulated account."""

    emulator: Emulator
    home: Path

    def __call__(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ended:
        """Carry a command line out."""
        self.home.mkdir(parents=True, exist_ok=True)
        out, err = _stream(), _stream()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(arguments, {**self.env, **(env or {})})
        return Ended(code, _text(out), _text(err))

    @property
    def env(self) -> dict[str, str]:
        """The environment of its commands."""
        return {
            "HOME": str(self.home),
            "ACKGPU_STATE_DIR": str(self.home / "state"),
            **self.emulator.env,
        }


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8")


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
