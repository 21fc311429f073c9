"""The claim of ackgpu/app.py: one argument replaces a collaborator."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.cli import Cli

from ackgpu.app import Parts
from ackgpu.cancel import CancelToken, StopSignals
from ackgpu.clock import Clock, ManualClock
from ackgpu.engine.display import Display, Renderer
from ackgpu.engine.events import Event, RunFinished, RunStarted
from ackgpu.engine.workers import InlineWorkers
from ackgpu.main import main
from ackgpu.session import Session
from ackgpu.settings import Flags, Settings
from ackgpu.streams import Streams

CLOUD: Any = SimpleNamespace(region="cn-hangzhou")
FILE: Any = SimpleNamespace()
REPLACED: dict[str, tuple[Any, Callable[[Session], Any], Any]] = {
    "clock": (clock := ManualClock(), lambda session: session.clock, clock),
    "cloud": (lambda make: CLOUD, lambda session: session.cloud(), CLOUD),
    "workers": (workers := InlineWorkers(), lambda session: session.workers, workers),
    "rng": (rng := random.Random(7), lambda session: session.rng, rng),  # noqa: S311 -- no secret
    "connect": (connect := lambda text: None, lambda session: session.connect, connect),
    "kubeconfig": (lambda path: FILE, lambda session: session.kubeconfig(), FILE),
    "display": (display := Display(), lambda session: session.display, display),
    "signals": (signals := StopSignals(), lambda session: session.signals, signals),
}
"""By the name of a part: what replaces it, where a command meets it, and what it meets there."""


def session_of(home: Path, **parts: Any) -> Session:
    settings = Settings.resolve(Flags(region="cn-hangzhou"), {})
    return Session(settings, Streams.for_tests(), {}, home=home, parts=Parts(**parts))


def test_every_part_is_tried() -> None:
    assert {field.name for field in fields(Parts)} == {*REPLACED, "cancels", "bounded"}


@pytest.mark.parametrize("part", REPLACED)
def test_one_argument_replaces_a_collaborator(part: str, tmp_path: Path) -> None:
    given, meet, expected = REPLACED[part]
    with session_of(tmp_path, **{part: given}) as session:
        assert meet(session) is expected


def test_a_token_of_the_program_around_stops_a_command(tmp_path: Path) -> None:
    token = CancelToken()
    with session_of(tmp_path, cancels=(token,)) as session:
        token.request()
        assert session.cancel.requested


class Heard(Display):
    """Keeps what it is to show."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def of_run(self, clock: Clock, label: str) -> Renderer:
        return Hearing(self.events)


class Hearing(Renderer):
    def __init__(self, events: list[Event]) -> None:
        self._events = events

    def __call__(self, event: Event) -> None:
        self._events.append(event)


def test_a_display_that_is_passed_in_shows_the_run_in_place_of_the_terminal(cli: Cli) -> None:
    display = Heard()
    code = main(["create", "demo", "--no-verify"], cli.env, Parts(display=display))
    beside = cli.capsys.readouterr().err.splitlines()
    assert (code, [line for line in beside if not line.startswith("! ")]) == (0, [])
    assert [type(e) for e in (display.events[0], display.events[-1])] == [RunStarted, RunFinished]
