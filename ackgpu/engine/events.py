"""What happened, as frozen records: the engine writes them, renderers and the journal read them.

``at`` is cloud seconds since the run began, ``wall`` the instant. Each event's JSON form is its
fields in camelCase with ``type`` set to the class's name; see docs/events.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from ackgpu.engine.step import StepInfo

Outcome = Literal["created", "changed", "adopted", "reused", "checked", "deleted", "kept", "absent"]
Verb = Literal[
    "create", "apply", "delete", "verify", "run-sample", "wait", "nodepool", "node", "upgrade",
    "sleep", "wake",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened in a run."""

    at: float
    wall: datetime


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """The run begins, with every step in the order in which it is shown."""

    verb: Verb
    subject: str
    headline: str
    steps: tuple[StepInfo, ...]


@dataclass(frozen=True, kw_only=True)
class StepEvent(Event):
    """Something that happened to one step."""

    step: str


@dataclass(frozen=True, kw_only=True)
class StepAsked(StepEvent):
    """The cloud was asked to create, change or delete it."""

    doing: Literal["creating", "changing", "deleting"]


@dataclass(frozen=True, kw_only=True)
class StepWaiting(StepEvent):
    """It is not ready (or not gone) yet; ``detail`` says what the cloud says of it."""

    detail: str
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class StepOutput(StepEvent):
    """A program that it runs printed ``text``, whole lines."""

    text: str


PartStanding = Literal["running", "done", "failed"]


@dataclass(frozen=True, kw_only=True)
class PartMoved(StepEvent):
    """One of its parts, such as a node of a verification, stands otherwise than before."""

    part: str
    standing: PartStanding
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class StepDone(StepEvent):
    """It is ready, or gone. ``seconds`` is how long this step took, in cloud seconds."""

    outcome: Outcome
    seconds: float
    id: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class StepFailed(StepEvent):
    """It will not get ready (or go); ``message`` says why."""

    message: str
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class StepNotStarted(StepEvent):
    """It was never begun, because the run ended before its turn."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Warned(Event):
    """Something that people should know and that ends nothing."""

    message: str


@dataclass(frozen=True, kw_only=True)
class StopRequested(Event):
    """A signal asked to stop; the call in flight is finished first."""

    signal: str


@dataclass(frozen=True, kw_only=True)
class Tick(Event):
    """Time passed. ``waiting`` lists the steps in flight: (name, detail, seconds so far)."""

    waiting: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, kw_only=True)
class RunFinished(Event):
    """The run is over."""

    ok: bool
    seconds: float
    done: int
    total: int


Listener = Callable[[Event], None]


def to_json(event: Event) -> dict[str, Any]:
    """The event as one JSON object."""
    body: dict[str, Any] = {"type": type(event).__name__}
    for item in fields(event):
        body[_camel(item.name)] = _plain(getattr(event, item.name))
    return body


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, StepInfo):
        return {_camel(item.name): _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)
