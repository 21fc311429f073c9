"""``run-sample``: the documented CUDA sample on one GPU of a cluster, and nothing left of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ackgpu.cloud.api import Cluster
from ackgpu.commands.cluster.lookup import no_gpu_node
from ackgpu.commands.cluster.reach import by_name
from ackgpu.commands.verify.sample_run import (
    Heard,
    carry_out,
    left_behind,
    sample_row,
    with_leftovers,
)
from ackgpu.errors import AckGpuError, VerificationFailed
from ackgpu.render.results import Result, shown_as
from ackgpu.render.verdicts import SampleResult
from ackgpu.session import Headline, Session
from ackgpu.spec.catalog import looks_vgpu
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps import manifests
from ackgpu.steps.cuda_sample import CudaSampleStep, SampleWishes, anywhere
from ackgpu.steps.gpu_checks import NodeCheck, NodeVerdict
from ackgpu.steps.gpu_survey import climb
from ackgpu.steps.sample_images import SampleImages
from ackgpu.steps.sample_trial import SampleOutcome

DEFAULT_TIMEOUT = "10m"


@dataclass(frozen=True, kw_only=True)
class RunSampleOptions:
    """The options of ``run-sample``. ``image`` empty: one that fits the driver.

    ``keep`` leaves the Deployment.
    """

    name: str
    image: str = ""
    keep: bool = False
    private: bool = False
    timeout: str = ""


def execute(options: RunSampleOptions, session: Session) -> Result:
    """Run the sample; exit code 9 where the GPU does not do what it should."""
    began = session.clock.now()
    timeout = session.timeout_of(options.timeout, DEFAULT_TIMEOUT)
    reached = by_name(session, options.name, private=options.private)
    verdict = choose_node(climb(reached.api, ExpectSpec()), reached.cluster)
    region = reached.cluster.region if reached.cluster else session.region
    images = SampleImages(options.image, session.settings.image_registry)
    heard = Heard()
    step = CudaSampleStep(
        reach=lambda _: reached.api,
        targets=lambda _: [anywhere(verdict, images.first)],
        wishes=SampleWishes(
            packages=True, keep=options.keep, hear=heard.hear, timeout=timeout, images=images
        ),
    )
    text = f"{session.where(region)} · CUDA sample on {verdict.gpu_name}"
    carried = carry_out(session, step, Headline("run-sample", options.name, text), heard)
    carried.raise_error()
    outcome = step.outcomes[0]
    if outcome.error is not None:
        raise with_leftovers(outcome.error, carried.left)
    seconds = session.clock.now() - began
    part = _part(options, outcome, images.first, seconds)
    return Result(
        command="run-sample",
        part=replace(part, remedy=session.completed(part.remedy)),
        resources=carried.resources,
        warnings=carried.warnings,
        durations={"total": seconds},
        error=session.complete(_error(outcome) or left_behind(carried.left)),
    )


def choose_node(verdicts: tuple[NodeVerdict, ...], cluster: Cluster | None) -> NodeVerdict:
    """A node whose GPU the API offers, a vGPU before a whole one; raises VerificationFailed."""
    if not verdicts:
        raise no_gpu_node(cluster, " to run the sample on")
    good = [verdict for verdict in verdicts if verdict.ok]
    if not good:
        failure = verdicts[0].failure
        why = f"{verdicts[0].node}: {failure.message}" if failure else verdicts[0].node
        raise VerificationFailed(
            f"No node offers a GPU that the sample could run on: {why}",
            resolution="`ackgpu verify NAME` shows the checks of each node, with remedies.",
        )
    return next((v for v in good if looks_vgpu(v.instance_type)), good[0])


def _part(
    options: RunSampleOptions, outcome: SampleOutcome, image: str, seconds: float
) -> SampleResult:
    row = sample_row(outcome)
    failed = next((rung for rung in outcome.rungs if rung.verdict in {"failed", "unknown"}), None)
    return shown_as(
        SampleResult,
        row,
        cluster_name=options.name,
        node=outcome.node,
        passed=outcome.ok,
        seconds=seconds,
        image=row.image or image,
        message=failed.message if failed else "",
        remedy=_remedy(failed) if failed else "",
        kept=manifests.NAME if options.keep else "",
    )


def _remedy(rung: NodeCheck) -> str:
    return "; ".join(filter(None, (rung.remedy, rung.by_name)))


def _error(outcome: SampleOutcome) -> AckGpuError | None:
    if outcome.ok:
        return None
    failed = next(rung for rung in outcome.rungs if rung.verdict in {"failed", "unknown"})
    return VerificationFailed(
        f"The CUDA sample did not pass on {outcome.node}: {failed.message}",
        resolution=_remedy(failed),
    )
