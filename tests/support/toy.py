"""A toy cloud and toy steps: the engine is tested without any cloud at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ackgpu.cancel import CancelToken
from ackgpu.clock import ManualClock
from ackgpu.engine.events import Event
from ackgpu.engine.journal import Journal
from ackgpu.engine.run import Run
from ackgpu.engine.step import Absent, CheckStep, Context, Drift, Finding, Pending, Ready, Step
from ackgpu.engine.workers import InlineWorkers
from ackgpu.errors import LostReply, NotYet


@dataclass
class Thing:
    """A resource of the toy cloud."""

    ready_at: float
    seen_at: float
    token: str
    gone_at: float | None = None


@dataclass
class ToyCloud:
    """Resources by name. ``lag``: seconds until a read shows what was asked for."""

    clock: ManualClock
    lag: float = 0.0
    things: dict[str, list[Thing]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    on_call: Callable[[str], None] = lambda _: None

    def visible(self, name: str) -> Thing | None:
        now = self.clock.now()
        return next(
            (
                t
                for t in self.things.get(name, [])
                if t.seen_at <= now and (t.gone_at is None or t.gone_at > now)
            ),
            None,
        )

    def make(self, name: str, token: str, seconds: float) -> None:
        now = self.clock.now()
        if not any(t.token == token for t in self.things.get(name, [])):
            thing = Thing(now + seconds, now + self.lag, token)
            self.things.setdefault(name, []).append(thing)

    @property
    def left(self) -> list[str]:
        now = self.clock.now()
        return [
            name
            for name, things in self.things.items()
            for t in things
            if t.gone_at is None or t.gone_at > now
        ]


class ToyStep(Step[str]):
    """A resource that takes ``seconds`` to be made and as long to go."""

    def __init__(
        self, cloud: ToyCloud, name: str, needs: Sequence[Step[Any]] = (), *, seconds: float = 10
    ) -> None:
        super().__init__(name, "toy", needs)
        self.cloud = cloud
        self.typical = seconds
        self.ownership: Any = "ours"
        self.drift: tuple[Drift, ...] = ()
        self.refuse_create: list[Exception] = []
        self.refuse_delete: list[Exception] = []
        self.lose_reply = False

    def find(self, ctx: Context) -> Finding[str]:
        self._call("find")
        thing = self.cloud.visible(self.name)
        if thing is None:
            return Absent()
        if thing.gone_at is not None:
            return Pending("Deleting", id=f"id-{self.name}", removing=True)
        if thing.ready_at > self.cloud.clock.now():
            return Pending("Creating", id=f"id-{self.name}")
        return Ready(
            f"value-{self.name}",
            f"id-{self.name}",
            ownership=self.ownership,
            drift=self.drift,
        )

    def create(self, ctx: Context, token: str) -> None:
        for need in self.needs:
            assert ctx[need]
        self._call("create")
        if self.refuse_create:
            raise self.refuse_create.pop(0)
        self.cloud.make(self.name, token, self.typical)
        if self.lose_reply:
            self.lose_reply = False
            raise LostReply("the connection broke")

    def delete(self, ctx: Context, found_id: str) -> None:
        assert found_id == f"id-{self.name}"
        self._call("delete")
        if self.refuse_delete:
            raise self.refuse_delete.pop(0)
        thing = self.cloud.visible(self.name)
        if thing is not None:
            thing.gone_at = self.cloud.clock.now() + self.typical

    def _call(self, verb: str) -> None:
        self.cloud.calls.append(f"{verb} {self.name}")
        self.cloud.on_call(f"{verb} {self.name}")


class SlowAnswer(ToyStep):
    """The first answer that shows it on its way arrives long after the step's timeout."""

    slow = False

    def find(self, ctx: Context) -> Finding[str]:
        finding = super().find(ctx)
        if isinstance(finding, Pending) and not self.slow:
            self.slow = True
            self.cloud.clock.advance(2 * self.timeout)
        return finding


class ToyCheck(CheckStep[str]):
    """A check that passes once ``seconds`` have gone by since the start."""

    def __init__(self, cloud: ToyCloud, needs: Sequence[Step[Any]], *, seconds: float) -> None:
        super().__init__("check", "check", needs)
        self.cloud = cloud
        self.seconds = seconds

    def find(self, ctx: Context) -> Finding[str]:
        if self.cloud.clock.now() < self.seconds:
            return Pending("not yet")
        return Ready("fine")


def diamond(cloud: ToyCloud) -> tuple[ToyStep, ToyStep, ToyStep, ToyStep]:
    """The shape of a cluster: a network, two things on it, and what needs both."""
    network = ToyStep(cloud, "network", seconds=5)
    gateway = ToyStep(cloud, "gateway", (network,), seconds=90)
    control = ToyStep(cloud, "control", (network,), seconds=360)
    pool = ToyStep(cloud, "pool", (gateway, control), seconds=180)
    return network, gateway, control, pool


def run_of(cloud: ToyCloud, events: list[Event], journal: Journal | None = None) -> Run:
    """A run on the toy cloud's clock, with inline workers."""
    return Run(
        clock=cloud.clock,
        cancel=CancelToken(),
        workers=InlineWorkers(),
        journal=journal or Journal(None, cloud.clock),
        listen=events.append,
        token_of=lambda step: f"token-{step}",
    )


BUSY = NotYet("the neighbour is busy")
