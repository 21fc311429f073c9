"""The CUDA sample as a step: a program runs on the GPU of each node, and is gone afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ackgpu import flag
from ackgpu.cloud.api import KubeApi, KubePod
from ackgpu.engine.events import PartStanding
from ackgpu.engine.step import Context, Step
from ackgpu.errors import AckGpuError, VerificationFailed
from ackgpu.spec.catalog import MEM_LABEL, NAME_LABEL
from ackgpu.steps import manifests, sample_pod
from ackgpu.steps.gpu_checks import GPU, GPU_MEMORY, HOSTNAME_LABEL, TYPE_LABEL, NodeVerdict, is_ack
from ackgpu.steps.manifests import SampleDeployment
from ackgpu.steps.pod_trial import Trial, TrialTarget
from ackgpu.steps.pod_trials import PodTrialsStep
from ackgpu.steps.sample_images import SampleImages
from ackgpu.steps.sample_trial import (
    Moves,
    SampleContainer,
    SampleOutcome,
    no_container,
    not_tried,
    trial,
)


@dataclass(frozen=True)
class SampleWishes:
    """How samples are run. ``images`` has those that fit another driver or card."""

    packages: bool = False
    keep: bool = False
    hear: Callable[[str], None] | None = None
    timeout: float = 10 * 60
    images: SampleImages = field(default_factory=SampleImages)


def on_node(verdict: NodeVerdict, image: str) -> TrialTarget:
    """The sample bound to a node by its host name, beside the documented selector.

    It tolerates every taint: a pool that is kept for other work is to be verified too.
    """
    # Node names may be longer than a label's 63 characters.
    name = f"{manifests.NAME}-{hashlib.sha256(verdict.node.encode()).hexdigest()[:10]}"
    deployment = replace(_fitted(verdict, image), name=name, tolerant=True)
    host = {HOSTNAME_LABEL: verdict.labels.get(HOSTNAME_LABEL, verdict.node)}
    bound = replace(deployment, selector={**host, **deployment.selector})
    # A shared GPU shows the container its share, not what the labels say.
    hidden = {MEM_LABEL, NAME_LABEL} if verdict.shared else set()
    labels = {key: value for key, value in verdict.labels.items() if key not in hidden}
    return TrialTarget(verdict.node, labels, bound, is_ack(verdict.labels))


def anywhere(verdict: NodeVerdict, image: str) -> TrialTarget:
    """The documented sample: on any node whose GPU has the memory of this one's.

    Another card may have as much, so its name is not compared.
    """
    deployment = _fitted(verdict, image)
    labels = {} if verdict.shared else deployment.selector
    return TrialTarget("", labels, deployment, is_ack(verdict.labels))


def _fitted(verdict: NodeVerdict, image: str) -> SampleDeployment:
    memory = verdict.labels.get(MEM_LABEL)
    return SampleDeployment(
        image=image,
        selector={MEM_LABEL: memory} if memory else {},
        resource=GPU_MEMORY if verdict.shared else GPU,
    )


class CudaSampleStep(PodTrialsStep[SampleOutcome]):
    """A CUDA program runs right on each target."""

    title = "a CUDA program runs on each GPU"

    def __init__(
        self,
        reach: Callable[[Context], KubeApi],
        targets: Callable[[Context], Sequence[TrialTarget]],
        wishes: SampleWishes,
        *,
        needs: Sequence[Step[Any]] = (),
    ) -> None:
        super().__init__("cuda sample", reach, targets, needs=needs)
        self.timeout = wishes.timeout
        self.keep = wishes.keep
        self.images = wishes.images
        self._wishes = wishes

    def moves(self, each: Trial[SampleOutcome], pod: KubePod) -> Moves:
        """Driver, licence, compiler, program."""
        wishes, target = self._wishes, each.target
        packages = wishes.packages and not target.deployment.restricted
        image = target.deployment.image
        box = SampleContainer(
            self.api,
            pod,
            target.labels,
            packages,
            wishes.hear,
            ack=target.ack,
            better=lambda smi: self.images.better_than(image, smi),
        )
        return trial(box)

    def not_tried(self, each: Trial[SampleOutcome], error: AckGpuError) -> SampleOutcome:
        """Nothing is known from the driver on."""
        return not_tried(each.target.node, error)

    def not_started(self, each: Trial[SampleOutcome], pod: KubePod) -> SampleOutcome:
        """The container runtime cannot start a container with the GPU."""
        text = f"the container does not start: {sample_pod.why_waiting(pod)}"
        type_id = each.target.labels.get(TYPE_LABEL, "")
        return no_container(
            each.target.node or pod.node, text, ack=each.target.ack, type_id=type_id
        )

    def ending(self, outcome: SampleOutcome) -> tuple[PartStanding, str]:
        """The driver and the GPU that it saw, or the check that it did not pass."""
        wrong = next((r for r in outcome.rungs if r.verdict in {"failed", "unknown"}), None)
        if wrong is not None:
            return "failed", f"{wrong.name}: {wrong.message}"
        return "done", ", ".join(filter(None, (outcome.gpu, f"driver {outcome.driver}")))

    def failure(self, outcomes: Sequence[SampleOutcome]) -> VerificationFailed | None:
        """The error of nodes on which the program did not pass."""
        failures = [outcome for outcome in outcomes if not outcome.ok]
        return _failed(failures, len(outcomes)) if failures else None


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
        resolution=f"`ackgpu verify NAME {flag.LEVEL} cuda` shows the checks of each node, with"
        " remedies.",
    )
