"""The CUDA sample as a step: a program runs on the GPU of each node, and is gone afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from ackgpu.cloud.api import KubeApi, KubePod
from ackgpu.engine.step import Absent, Broken, CheckStep, Context, Finding, Pending, Ready, Step
from ackgpu.errors import AckGpuError, ConflictError, TimedOut, VerificationFailed
from ackgpu.spec.catalog import MEM_LABEL
from ackgpu.steps import manifests, sample_pod
from ackgpu.steps.gpu_ladder import GPU, GPU_MEMORY, HOSTNAME_LABEL, NodeVerdict
from ackgpu.steps.manifests import OWNER, OWNER_LABEL, SampleDeployment
from ackgpu.steps.sample_pod import Patience
from ackgpu.steps.sample_trial import Box, Moves, SampleOutcome, no_container, not_tried, trial

LOOK_EVERY = 3.0  # cloud seconds
AT_ONCE = 16
GRACE_SECONDS = 1
"""``tail`` as a container's first process heeds no SIGTERM: the GPU would stay taken for 30 s."""


@dataclass(frozen=True)
class Target:
    """Where a sample is to run. ``node`` is empty where the scheduler may choose."""

    node: str
    labels: Mapping[str, str]
    deployment: SampleDeployment


@dataclass(frozen=True)
class SampleWishes:
    """How samples are run."""

    packages: bool = False
    keep: bool = False
    hear: Callable[[str], None] | None = None
    timeout: float = 10 * 60


def on_node(verdict: NodeVerdict, image: str) -> Target:
    """The sample bound to a node by its host name, beside the documented selector.

    It tolerates every taint: a pool that is kept for other work is to be verified too.
    """
    name = f"{manifests.NAME}-{hashlib.sha256(verdict.node.encode()).hexdigest()[:10]}"
    deployment = replace(_fitted(verdict, image), name=name, tolerant=True)
    host = {HOSTNAME_LABEL: verdict.labels.get(HOSTNAME_LABEL, verdict.node)}
    bound = replace(deployment, selector={**host, **deployment.selector})
    # A shared GPU shows the container its share, not what the labels say.
    return Target(verdict.node, {} if verdict.shared else verdict.labels, bound)


def anywhere(verdict: NodeVerdict, image: str) -> Target:
    """The documented sample: on any node whose GPU has the memory of this one's.

    Another card may have as much, so its name is not compared.
    """
    deployment = _fitted(verdict, image)
    return Target("", {} if verdict.shared else deployment.selector, deployment)


def _fitted(verdict: NodeVerdict, image: str) -> SampleDeployment:
    memory = verdict.labels.get(MEM_LABEL)
    return SampleDeployment(
        image=image,
        selector={MEM_LABEL: memory} if memory else {},
        resource=GPU_MEMORY if verdict.shared else GPU,
    )


@dataclass
class _Trial:
    target: Target
    patience: Patience = field(default_factory=Patience)
    moves: Moves | None = None
    detail: str = "asked for"
    outcome: SampleOutcome | None = None

    @property
    def manifest(self) -> dict[str, Any]:
        return manifests.sample_manifest(self.target.deployment)


class CudaSampleStep(CheckStep[tuple[SampleOutcome, ...]]):
    """A CUDA program runs right on each target.

    ``create`` applies a Deployment for each; ``find`` looks at the pods, and where one runs makes
    the next move of its trial. A Deployment goes as soon as its trial is over. After a run that was
    stopped or failed the command calls :meth:`clean_up`.
    """

    typical = 30

    def __init__(
        self,
        reach: Callable[[Context], KubeApi],
        targets: Callable[[Context], Sequence[Target]],
        wishes: SampleWishes,
        *,
        needs: Sequence[Step[Any]] = (),
    ) -> None:
        super().__init__("cuda sample", "cuda sample", needs)
        self.timeout = wishes.timeout
        self._reach = reach
        self._targets = targets
        self._wishes = wishes
        self._api: KubeApi | None = None
        self._trials: list[_Trial] = []
        self._applied = False

    @property
    def title(self) -> str:
        """What must be true."""
        return "a CUDA program runs on each GPU"

    @property
    def outcomes(self) -> tuple[SampleOutcome, ...]:
        """How each trial ended; one that did not end is unknown, for the reason it waits for."""
        return tuple(each.outcome or _unfinished(each) for each in self._trials)

    @property
    def finished(self) -> bool:
        """Whether every trial came to an end."""
        return self._applied and all(each.outcome is not None for each in self._trials)

    def create(self, ctx: Context, token: str) -> None:
        """Apply the Deployments; one that exists and is not ackgpu's is left alone."""
        del token
        self._api = api = self._reach(ctx)
        trials = [_Trial(target) for target in self._targets(ctx)]
        _all(lambda each: _refuse_foreign(api, each), trials)
        self._trials = trials
        _all(lambda each: api.apply(each.manifest), trials)
        self._applied = True

    def find(self, ctx: Context) -> Finding[tuple[SampleOutcome, ...]]:
        """Look at the pods, and go on with the trials of those that run."""
        del ctx
        if self._api is None or not self._applied:
            return Absent()
        open_trials = [each for each in self._trials if each.outcome is None]
        pods = self._pods(self._api) if open_trials else {}
        _all(lambda each: self._advance(each, pods.get(each.target.deployment.name)), open_trials)
        waiting = [each for each in self._trials if each.outcome is None]
        if waiting:
            return Pending(self._progress(waiting), again_in=LOOK_EVERY)
        failures = [o for o in self.outcomes if not o.ok]
        if failures:
            return Broken(_failed(failures, len(self._trials)))
        return Ready(self.outcomes, detail=f"ran on {len(self._trials)} of {len(self._trials)}")

    def overdue(self, detail: str, seconds: float) -> Exception:
        """The sample did not come to an end; why is what it waits for."""
        return TimedOut(
            f"The CUDA sample did not end within {seconds:.0f} s: {detail}",
            resolution="Run it again, with a longer --timeout where it was still progressing.",
        )

    def clean_up(self) -> tuple[str, ...]:
        """Delete what is still there; what could not be deleted, each with the reason."""
        left: list[str] = []
        for each in self._trials if not self._wishes.keep else ():
            try:
                self._remove(each)
            except AckGpuError as error:
                name = each.target.deployment.name
                left.append(f"deployment {name} in {manifests.NAMESPACE} stays: {error.message}")
        return tuple(left)

    def _pods(self, api: KubeApi) -> dict[str, KubePod]:
        """The pod of each Deployment: the one that is not going."""
        found = api.pods(manifests.NAMESPACE, f"{OWNER_LABEL}={OWNER}")
        return {pod.labels.get("app", ""): pod for pod in found if not pod.terminating}

    def _advance(self, each: _Trial, pod: KubePod | None) -> None:
        try:
            each.outcome = self._move(each, pod)
        except AckGpuError as error:
            each.outcome = not_tried(each.target.node, error)
        if each.outcome is not None and not self._wishes.keep:
            self._remove(each)

    def _move(self, each: _Trial, pod: KubePod | None) -> SampleOutcome | None:
        if pod is None:
            each.detail = "no pod yet"
            return None
        if not pod.ready:
            each.detail = sample_pod.why_waiting(pod)
            return self._given_up(each, pod) if each.patience.look(pod) else None
        if each.moves is None:
            wishes = self._wishes
            box = Box(self._running(), pod, each.target.labels, wishes.packages, wishes.hear)
            each.moves = trial(box)
        try:
            each.detail = next(each.moves)
        except StopIteration as end:
            outcome: SampleOutcome = end.value
            return outcome
        return None

    def _given_up(self, each: _Trial, pod: KubePod) -> SampleOutcome:
        node = each.target.node or pod.node
        match sample_pod.trouble_of(pod):
            case "pull":
                image = each.target.deployment.image
                return not_tried(node, sample_pod.pull_error(pod, image))
            case "schedule":
                return not_tried(node, sample_pod.schedule_error(pod))
            case _:
                text = f"the container does not start: {sample_pod.why_waiting(pod)}"
                return no_container(node, text)

    def _remove(self, each: _Trial) -> None:
        api, name = self._running(), each.target.deployment.name
        api.delete(each.manifest)
        for pod in api.pods(manifests.NAMESPACE, f"app={name},{OWNER_LABEL}={OWNER}"):
            api.delete_pod(pod, grace_seconds=GRACE_SECONDS)

    def _running(self) -> KubeApi:
        if self._api is None:
            raise AssertionError("nothing was created")
        return self._api

    def _progress(self, waiting: Sequence[_Trial]) -> str:
        done, first = len(self._trials) - len(waiting), waiting[0]
        if len(self._trials) == 1:
            return first.detail
        return f"{done} of {len(self._trials)} done; {first.target.node}: {first.detail}"


def _all(call: Callable[[_Trial], None], trials: Sequence[_Trial]) -> None:
    """Make a call for each, several at once; the first error is raised when all have ended."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(call, each) for each in trials]
    for future in futures:
        future.result()


def _unfinished(each: _Trial) -> SampleOutcome:
    return not_tried(each.target.node, TimedOut(f"the CUDA sample did not end: {each.detail}"))


def _refuse_foreign(api: KubeApi, each: _Trial) -> None:
    labels = api.labels_of(each.manifest)
    if labels is not None and labels.get(OWNER_LABEL) != OWNER:
        name = each.target.deployment.name
        raise ConflictError(
            f"The namespace {manifests.NAMESPACE} has a Deployment {name} that is not ackgpu's.",
            resolution=f"Delete or rename it: `kubectl delete deployment {name}`.",
        )


def _failed(failures: Sequence[SampleOutcome], total: int) -> VerificationFailed:
    lines = [
        f"{outcome.node}: {rung.message}"
        for outcome in failures
        for rung in outcome.rungs
        if rung.verdict in {"failed", "unknown"}
    ]
    return VerificationFailed(
        f"The CUDA sample did not pass on {len(failures)} of {total} GPU nodes.",
        details=lines,
        resolution="`ackgpu verify NAME --level cuda` shows the ladder of each node, with"
        " remedies.",
    )
