"""What a step is: one resource, or one check, that can be looked for, requested and removed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

from ackgpu.errors import TimedOut

T = TypeVar("T")
Ownership = Literal["ours", "given"]


@dataclass(frozen=True)
class Resource:
    """A cloud resource as results show it. ``owned``: ackgpu made it, or ACK did on its behalf."""

    product: str
    type: str
    id: str
    name: str
    region: str
    state: str
    owned: bool
    billable: bool


@dataclass(frozen=True)
class Drift:
    """A field of an existing resource that is not what the spec asks for.

    ``command``: what changes it in place, without the program's name (``upgrade NAME``);
    empty if nothing does.
    """

    field: str
    wanted: str
    found: str
    command: str = ""


@dataclass(frozen=True)
class Ready(Generic[T]):
    """The resource is there and usable.

    ``value`` is what later steps need of it. ``detail`` is a few words for people. ``ownership``:
    *ours* carries our tags (adopt it, delete it), *given* was named by id in the spec (use it,
    never change or delete it). ``resources``: every cloud resource this step stands for.
    """

    value: T
    id: str = ""
    detail: str = ""
    ownership: Ownership = "ours"
    drift: tuple[Drift, ...] = ()
    resources: tuple[Resource, ...] = ()


@dataclass(frozen=True)
class Pending:
    """The resource is there and not usable yet.

    ``again_in``: look again in that many cloud seconds; None leaves it to the engine's cadence.
    ``removing`` says that it is on its way out, ``before`` that it is busy with something else, and
    what is wanted of it was not asked for yet. ``warning`` is shown once, for a state that
    ackgpu does not know.
    """

    detail: str
    again_in: float | None = None
    id: str = ""
    removing: bool = False
    before: bool = False
    warning: str = ""
    resources: tuple[Resource, ...] = ()


@dataclass(frozen=True)
class Absent:
    """There is no such resource."""


@dataclass(frozen=True)
class Broken:
    """The resource is there, will never be usable, and ``error`` says why.

    ``resources`` lists what exists all the same, so that nothing made is forgotten.
    """

    error: Exception
    id: str = ""
    resources: tuple[Resource, ...] = ()


Finding = Ready[T] | Pending | Absent | Broken


class Context(Protocol):
    """What a step may ask of the run: the values of the steps that it needs, and the journal."""

    def __getitem__(self, step: Step[T]) -> T:
        """The value of a step that is ready; :class:`KeyError` where it is not."""

    def get(self, step: Step[T]) -> T | None:
        """The value of a step, or None where it is not ready."""

    def recall(self, step: Step[Any], key: str) -> str | None:
        """A word that :meth:`remember` kept for this step, in this run or an earlier one."""

    def remember(self, step: Step[Any], key: str, value: str) -> None:
        """Keep a word in the journal: the id of something that cannot carry tags."""


class Step(ABC, Generic[T]):
    """One resource or check. A step never sleeps, retries, prints or knows its neighbours' order.

    ``title`` is what it will be, in a few words, before it exists. ``given``: the spec names it by
    id, so that it is used, and never created or deleted. ``timeout`` is the longest that creating
    or removing may take, in cloud seconds. ``typical`` is how long it usually takes, which only
    serves to choose when to look. ``checks`` marks a step that creates nothing (verification): it
    is shown as CHECK and never deleted. ``changes`` marks one that changes what exists (a size, a
    version): it is shown as CHANGE, and Absent means that the change was not asked for yet; it is
    not undone. ``paid`` marks an order: however often it is asked for, the token stays the same, so
    that nobody pays twice. ``part_of`` names the step whose deletion takes this along.
    ``ends_unseen``: nothing but its absence tells that its deletion has ended, minutes after the
    request, so that one look is not enough even then. ``in_real_time`` marks one whose calls do
    what no clock makes faster (TLS, a compiler in a container): while a call of it is under way,
    its patience is counted in real seconds, whatever the speed of an emulated cloud. ``reads`` and
    ``writes`` are the calls of :class:`~ackgpu.cloud.api.Cloud` that it can make, such as
    ``network.create_vpc``.
    """

    title: str = ""
    given: bool = False
    timeout: float = 15 * 60
    typical: float = 5
    checks: bool = False
    changes: bool = False
    paid: bool = False
    ends_unseen: bool = False
    part_of: Step[Any] | None = None
    in_real_time: bool = False
    unmetered: bool = False
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()

    def __init__(self, name: str, kind: str, needs: Sequence[Step[Any]] = ()) -> None:
        self.name = name
        self.kind = kind
        self.needs = tuple(needs)

    def __repr__(self) -> str:
        return f"<step {self.name}>"

    def follow(self, others: Sequence[Step[Any]]) -> None:
        """Need ``others`` as well, before any run: for a graph that puts something before it."""
        self.needs = (*self.needs, *(step for step in others if step not in self.needs))

    @property
    def consumes(self) -> Mapping[str, int]:
        """How much creating it takes of each limit of the account, ACK's own doing included.

        Keys are the names of :mod:`ackgpu.preflight.limits`.
        """
        return {}

    @abstractmethod
    def find(self, ctx: Context) -> Finding[T]:
        """Look, and change nothing.

        Called while the needs may be absent too (plan, delete): a step that cannot look without
        them answers :class:`Absent`.
        """

    @abstractmethod
    def create(self, ctx: Context, token: str) -> None:
        """Ask for it, once. ``token`` is the client token, which makes a repeat harmless.

        Raises :class:`~ackgpu.errors.NotYet` when a neighbour is still busy: the engine asks
        again with the same token.
        """

    def delete(self, ctx: Context, found_id: str) -> None:
        """Ask once that ``found_id`` goes, ready or not. What is gone already is no error."""
        raise NotImplementedError(f"{self.name} is never deleted")

    def overdue(self, detail: str, seconds: float) -> Exception:
        """The error when it is not ready after its timeout; ``detail`` is how it stands."""
        return TimedOut(
            f"{self.name} is not ready after {seconds:.0f} s: {detail or 'no answer yet'}.",
            resolution="It is still progressing: run the same command again to go on waiting.",
        )


class CheckStep(Step[T]):
    """A step that only looks: it is ready or not yet, and there is nothing to create."""

    checks = True

    def create(self, ctx: Context, token: str) -> None:
        """Nothing to ask for: a check never finds :class:`Absent`."""
        del ctx, token
        raise AssertionError("a check has nothing to create")


@dataclass(frozen=True)
class StepInfo:
    """What renderers need to know of a step before it runs."""

    name: str
    kind: str
    title: str
    needs: tuple[str, ...] = ()
    check: bool = False


def info_of(step: Step[Any]) -> StepInfo:
    """The renderers' view of ``step``."""
    needs = tuple(need.name for need in step.needs)
    return StepInfo(step.name, step.kind, step.title, needs, check=step.checks)


@dataclass
class Values:
    """The plain implementation of :class:`Context` over dictionaries."""

    ready: dict[str, Any] = field(default_factory=dict)
    memory: dict[str, dict[str, str]] = field(default_factory=dict)

    def __getitem__(self, step: Step[T]) -> T:
        value: T = self.ready[step.name]
        return value

    def get(self, step: Step[T]) -> T | None:
        """The value of ``step``, or None."""
        return self.ready.get(step.name)

    def recall(self, step: Step[Any], key: str) -> str | None:
        """A word kept earlier."""
        return self.memory.get(step.name, {}).get(key)

    def remember(self, step: Step[Any], key: str, value: str) -> None:
        """Keep a word for as long as this object lives."""
        self.memory.setdefault(step.name, {})[key] = value
