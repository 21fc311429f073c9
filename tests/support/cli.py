"""The command line in process: real arguments, real HTTP to an emulator, captured streams."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.declared import held_to_declarations

from ackgpu.app import Parts
from ackgpu.emulator import Emulator
from ackgpu.emulator.timeline import load_timeline
from ackgpu.main import main

SPEED = 600.0
"""Emulated seconds in a real one: a create takes little more than a second."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """stdout as the one JSON document that it must be."""
        document: dict[str, Any] = json.loads(self.out)
        return document


@dataclass
class Cli:
    """A user's shell: an environment, a home, a state directory, and an emulated account."""

    emulator: Emulator
    home: Path
    capsys: pytest.CaptureFixture[str]
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.env = {
            "HOME": str(self.home),
            "ACKGPU_STATE_DIR": str(self.home / "state"),
            "TERM": "xterm",
            "ACKGPU_TIMEOUT": "24h",  # a busy machine is slow, and the clock runs fast
            **self.emulator.env,
            **self.env,
        }

    def __call__(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ended:
        self.capsys.readouterr()
        parts = Parts(cloud=held_to_declarations)
        code = main(arguments, {**self.env, **(env or {})}, parts)
        out, err = self.capsys.readouterr()
        return Ended(code, out, err)

    def ok(self, *arguments: str) -> Ended:
        """Run what must end with 0."""
        ended = self(*arguments)
        assert ended.code == 0, ended.err
        return ended

    @contextmanager
    def at_speed(self, speed: float) -> Iterator[None]:
        """Let time pass at another speed: slowly where a short timeout is not to end too early."""
        before = self.env["ACKGPU_CLOCK_SPEED"]
        self._set_speed(speed)
        yield
        self._set_speed(float(before))

    def _set_speed(self, speed: float) -> None:
        self.env["ACKGPU_CLOCK_SPEED"] = f"{speed:g}"
        backend = self.emulator.backend
        with backend.transaction(write=True) as session:
            load_timeline(session, backend.clock.wall(), speed)

    @property
    def kubeconfig(self) -> Path:
        """The user's kubeconfig."""
        return self.home / ".kube" / "config"

    def account(self) -> dict[str, list[str]]:
        """What exists in the emulated account, by kind."""
        kinds = (
            "vpc", "vswitch", "natgateway", "eip", "snat", "securitygroup", "cluster", "nodepool",
            "instance", "disk", "eni", "loadbalancer", "route",
        )  # fmt: skip
        backend = self.emulator.backend
        with backend.transaction() as session:
            now = backend.timeline_now(session)
            found = {kind: [d.id for d in session.find(kind, at=now)] for kind in kinds}
        return {kind: ids for kind, ids in found.items() if ids}


@contextmanager
def cli_on(home: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> Iterator[Cli]:
    """A shell on a fresh emulated account."""
    home.mkdir(parents=True, exist_ok=True)
    with Emulator(**{"speed": SPEED, "seed": 7, **options}) as emulator:
        yield Cli(emulator, home, capsys)
