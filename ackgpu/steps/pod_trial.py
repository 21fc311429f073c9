"""One trial in a pod: where it is to run, how it stands, what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Generic, NamedTuple, TypeVar

from ackgpu.cloud.api import KubeApi
from ackgpu.engine.events import PartStanding
from ackgpu.errors import ConflictError
from ackgpu.steps import manifests
from ackgpu.steps.manifests import OWNER, OWNER_LABEL, SampleDeployment
from ackgpu.steps.sample_pod import Patience

O = TypeVar("O")  # noqa: E741 -- what a trial comes to

AT_ONCE = 16


@dataclass(frozen=True)
class TrialTarget:
    """Where a trial is to run. ``node`` is empty if the scheduler may choose.

    ``labels``: the node's that are compared. ``ack``: the node is of ACK.
    """

    node: str
    labels: Mapping[str, str]
    deployment: SampleDeployment
    ack: bool = True


@dataclass(frozen=True)
class Leftover:
    """A Deployment that could not be deleted, and why: its pod runs on, with its GPU."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"deployment {self.name} in {manifests.NAMESPACE} stays: {self.why}"


class TrialStatus(NamedTuple):
    """How the trial on a node stands, and in a few words what it waits for or came to."""

    node: str
    standing: PartStanding
    detail: str


@dataclass
class Trial(Generic[O]):
    """One target's trial: how it stands, and its outcome once it is over."""

    target: TrialTarget
    patience: Patience = field(default_factory=Patience)
    moves: Generator[str, None, O] | None = None
    detail: str = "requested"
    outcome: O | None = None
    deleted: bool = False
    left_behind: frozenset[str] = frozenset()

    def begin_anew(self, image: str, pod: str) -> None:
        """Let the trial begin again in another image; ``pod`` is the one that is left behind."""
        deployment = replace(self.target.deployment, image=image)
        self.target = replace(self.target, deployment=deployment)
        self.left_behind |= {pod}
        self.patience, self.moves, self.deleted = Patience(), None, False
        self.detail = f"requested again with {image}"

    def restrict(self) -> None:
        """Let the Deployment pass where pods must not run as root."""
        deployment = replace(self.target.deployment, restricted=True)
        self.target = replace(self.target, deployment=deployment)

    @property
    def manifest(self) -> dict[str, Any]:
        """The Deployment as it is applied."""
        return manifests.sample_manifest(self.target.deployment)


def at_once(call: Callable[[Trial[O]], None], trials: Sequence[Trial[O]]) -> None:
    """Make a call for each, several at once; the first error is raised when all have ended."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(call, each) for each in trials]
    for future in futures:
        future.result()


def refuse_foreign(api: KubeApi, each: Trial[O]) -> None:
    """Raise ConflictError if the Deployment is there and is not ackgpu's."""
    labels = api.labels_of(each.manifest)
    if labels is not None and labels.get(OWNER_LABEL) != OWNER:
        name = each.target.deployment.name
        raise ConflictError(
            f"The namespace {manifests.NAMESPACE} has a Deployment {name} that is not ackgpu's.",
            resolution=f"Delete or rename it: `kubectl delete deployment {name}`.",
        )
