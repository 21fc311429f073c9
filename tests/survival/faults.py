"""Every fault at every call of a create and of a delete, and what came of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from survival.machine import NAME, Things, difference, remains, things
from survival.shell import Ended, Shell

from ackgpu.emulator import Emulator

SPEED = 600.0
SOON = {"retry_after_ms": 20}
LONGER_THAN_THE_READ_TIMEOUT = 31

ONCE: Mapping[str, dict[str, Any]] = {
    "400 Throttling.User": {"effect": "throttle"},
    "400 Throttling.User, retry-after": {"effect": "throttle", **SOON},
    "429": {"effect": "throttle", "status": 429},
    "429, retry-after": {"effect": "throttle", "status": 429, **SOON},
    "503": {"effect": "error"},
    "503, retry-after": {"effect": "error", **SOON},
    "500": {"effect": "error", "status": 500, "code": "InternalError"},
    "reset before it acted": {"effect": "reset"},
    "reset after it acted": {"effect": "lost_reply"},
    "empty body": {"effect": "empty"},
    "HTML, 502": {"effect": "html"},
    "HTML, 502, after it acted": {"effect": "html", "acts": True},
    "truncated JSON": {"effect": "truncated"},
    "200 with an error body": {"effect": "error_in_ok"},
}
"""Faults that hit the first call of an action."""
ALWAYS: Mapping[str, dict[str, Any]] = {
    "reads lag 25 s": {"effect": "lag", "lag": 25},
}
SLOW: Mapping[str, dict[str, Any]] = {
    "timeout after it acted": {"effect": "lost_reply", "seconds": LONGER_THAN_THE_READ_TIMEOUT},
}
"""A fault that takes real time; it is tried on what changes something."""

CREATE = ("create", NAME, "--timeout", "24h")
DELETE = ("delete", NAME, "-y", "--timeout", "24h")

DOCUMENTED = frozenset({0, 7, 10, 11})
"""Exit codes that a fault of the cloud may end in: done, timed out, leftovers, refused."""


@dataclass(frozen=True)
class Outcome:
    """How ``create`` and ``delete`` ended under a fault; ``trouble`` is empty where all is well."""

    fault: str
    action: str
    create: int
    delete: int
    trouble: str

    @property
    def word(self) -> str:
        """The cell of the matrix."""
        if self.trouble:
            return "LOST"
        ends = [f"{verb} {code}" for verb, code in (("create", self.create),
                                                     ("delete", self.delete)) if code]  # fmt: skip
        return ", ".join(ends) or "ok"


class Laboratory:
    """An emulated account, and what an undisturbed create makes and calls there."""

    def __init__(self, emulator: Emulator, root: Path) -> None:
        self._emulator = emulator
        self._root = root
        self._shells = 0
        shell = self._shell()
        self.empty = things(emulator)
        _demand(shell(*CREATE))
        self.complete = things(emulator)
        _demand(shell(*DELETE))
        log = list(emulator.requests)
        self.reads = list(dict.fromkeys(entry.action for entry in log if not entry.writes))
        self.writes = list(dict.fromkeys(entry.action for entry in log if entry.writes))

    def cells(self, *, slow: bool = False) -> Iterator[tuple[str, str]]:
        """Every (fault, action) that makes sense."""
        for fault in ONCE:
            for action in (*self.writes, *self.reads):
                yield fault, action
        for fault in ALWAYS:
            for action in self.reads:
                yield fault, action
        for fault in SLOW if slow else ():
            for action in self.writes:
                yield fault, action

    def try_out(self, fault: str, action: str) -> Outcome:
        """Create and delete under the fault, each taken up again without it where it failed."""
        self._emulator.set_faults(None)
        self._emulator.reset()
        shell = self._shell()
        create = self._under(fault, action, shell, *CREATE)
        trouble = self._after(create, shell, CREATE, self.complete)
        delete = self._under(fault, action, shell, *DELETE)
        trouble = trouble or self._after(delete, shell, DELETE, self.empty)
        trouble = trouble or difference(self.empty, remains(self._emulator))
        return Outcome(fault, action, create.code, delete.code, trouble)

    def _under(self, fault: str, action: str, shell: Shell, *command: str) -> Ended:
        rule = {"action": action, **{**ONCE, **ALWAYS, **SLOW}[fault]}
        if fault not in ALWAYS:
            rule["times"] = 1
        self._emulator.set_faults({"faults": [rule]})
        ended = shell(*command)
        self._emulator.set_faults(None)
        return ended

    def _after(self, ended: Ended, shell: Shell, command: tuple[str, ...], wanted: Things) -> str:
        if ended.code not in DOCUMENTED:
            return f"{command[0]} exit {ended.code}: {ended.err[-500:]}"
        if ended.code:
            ended = shell(*command)
        if ended.code:
            return f"{command[0]} again exit {ended.code}: {ended.err[-500:]}"
        return difference(wanted, things(self._emulator))

    def _shell(self) -> Shell:
        self._shells += 1
        return Shell(self._emulator, self._root / str(self._shells))


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    """A laboratory that is cleared away in the end."""
    with (
        tempfile.TemporaryDirectory(prefix="ackgpu-") as root,
        Emulator(speed=SPEED, seed=7) as emulator,
    ):
        yield Laboratory(emulator, Path(root))


def _demand(ended: Ended) -> None:
    if ended.code:
        raise RuntimeError(ended.err)
