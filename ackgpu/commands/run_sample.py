"""``run-sample``: the documented CUDA sample on one GPU of a cluster, and nothing left of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ackgpu.app import App
from ackgpu.commands.reach import by_name
from ackgpu.commands.running import timeout_of, where
from ackgpu.commands.sampling import Heard, Sampling, carry_out, sample_row
from ackgpu.errors import AckGpuError, VerificationFailed
from ackgpu.render.output import present
from ackgpu.render.results import Result
from ackgpu.render.verdicts import SampleResult
from ackgpu.spec.catalog import looks_vgpu
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps import manifests
from ackgpu.steps.cuda_sample import CudaSampleStep, SampleWishes, anywhere
from ackgpu.steps.gpu_ladder import NodeVerdict
from ackgpu.steps.gpu_survey import climb
from ackgpu.steps.sample_trial import SampleOutcome

DEFAULT_TIMEOUT = "10m"


@dataclass(frozen=True, kw_only=True)
class RunSampleOptions:
    """What was asked for. ``image`` empty: the region's default. ``keep`` leaves the Deployment."""

    name: str
    image: str = ""
    keep: bool = False
    private: bool = False
    timeout: str = ""


def run(options: RunSampleOptions, app: App) -> int:
    """Run the sample; exit code 9 where the GPU does not do what it should."""
    began = app.clock.now()
    timeout = timeout_of(app, options.timeout, DEFAULT_TIMEOUT)
    reached = by_name(app, options.name, private=options.private)
    verdict = choose_node(climb(reached.api, ExpectSpec()))
    region = reached.cluster.region if reached.cluster else app.region
    image = options.image or manifests.default_image(region)
    heard = Heard()
    step = CudaSampleStep(
        reach=lambda _: reached.api,
        targets=lambda _: [anywhere(verdict, image)],
        wishes=SampleWishes(packages=True, keep=options.keep, hear=heard.hear, timeout=timeout),
    )
    headline = f"{where(app, region)} · CUDA sample on {verdict.gpu_name}"
    error = carry_out(app, step, Sampling("verify", options.name, headline, heard))
    outcome = _outcome(step, error)
    seconds = app.clock.now() - began
    part = _part(options, outcome, image, seconds)
    result = Result(
        command="run-sample",
        part=replace(part, remedy=app.completed(part.remedy)),
        durations={"total": seconds},
        error=app.complete(_error(outcome)),
    )
    return present(app.streams, app.settings.output, result)


def choose_node(verdicts: tuple[NodeVerdict, ...]) -> NodeVerdict:
    """A node whose GPU the API offers, a vGPU before a whole one; raises VerificationFailed."""
    if not verdicts:
        raise VerificationFailed(
            "The cluster has no GPU node to run the sample on.",
            resolution="`ackgpu nodepool list NAME` shows its pools; `ackgpu nodepool scale NAME"
            " POOL --nodes 1` gives one a node.",
        )
    good = [verdict for verdict in verdicts if verdict.ok]
    if not good:
        failure = verdicts[0].failure
        why = f"{verdicts[0].node}: {failure.message}" if failure else verdicts[0].node
        raise VerificationFailed(
            f"No node offers a GPU that the sample could run on: {why}",
            resolution="`ackgpu verify NAME` shows the ladder of each node, with remedies.",
        )
    return next((v for v in good if looks_vgpu(v.instance_type)), good[0])


def _outcome(step: CudaSampleStep, error: Exception | None) -> SampleOutcome:
    """The trial's outcome; raises what kept it from being made."""
    if error is not None:
        raise error
    outcome = step.outcomes[0]
    if outcome.error is not None:
        raise outcome.error
    return outcome


def _part(
    options: RunSampleOptions, outcome: SampleOutcome, image: str, seconds: float
) -> SampleResult:
    row = sample_row(outcome)
    failed = next((rung for rung in outcome.rungs if rung.verdict in {"failed", "unknown"}), None)
    return SampleResult(
        cluster_name=options.name,
        node=outcome.node,
        gpu=row.gpu,
        memory=row.memory,
        driver=row.driver,
        passed=outcome.ok,
        seconds=seconds,
        output=row.output,
        cuda=row.cuda,
        toolkit=row.toolkit,
        license=row.license,
        program=row.program,
        image=image,
        message=failed.message if failed else "",
        remedy=failed.remedy if failed else "",
        kept=manifests.NAME if options.keep else "",
    )


def _error(outcome: SampleOutcome) -> AckGpuError | None:
    if outcome.ok:
        return None
    failed = next(rung for rung in outcome.rungs if rung.verdict in {"failed", "unknown"})
    return VerificationFailed(
        f"The CUDA sample did not pass on {outcome.node}: {failed.message}",
        resolution=failed.remedy,
    )
