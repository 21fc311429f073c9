"""``verify``: whether the GPUs of a cluster are what was paid for, node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ackgpu.app import App
from ackgpu.commands.reach import Reached, by_kubeconfig, by_name
from ackgpu.commands.running import check_directory, timeout_of, where
from ackgpu.commands.sampling import Sampling, carry_out, sample_row
from ackgpu.errors import TimedOut, UsageError, VerificationFailed
from ackgpu.render.junit import write_junit
from ackgpu.render.output import present
from ackgpu.render.results import Result
from ackgpu.render.verdicts import Rung, VerifyResult, VerifyRow
from ackgpu.render.words import count
from ackgpu.spec.catalog import COUNT_LABEL, MEM_LABEL, NAME_LABEL
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps import gpu_ladder as ladder
from ackgpu.steps.cuda_sample import CudaSampleStep, SampleWishes, on_node
from ackgpu.steps.gpu_ladder import LEVELS, NodeVerdict
from ackgpu.steps.gpu_survey import climb
from ackgpu.steps.manifests import default_image
from ackgpu.steps.sample_trial import SampleOutcome

REGION_LABEL = "topology.kubernetes.io/region"
SHOWN_LABELS = (NAME_LABEL, MEM_LABEL, COUNT_LABEL, ladder.SCHEDULE_LABEL, ladder.POOL_LABEL)
BETWEEN_PASSES = 5.0  # cloud seconds
NAMED_NODES = 3
DEFAULT_TIMEOUT = "15m"


@dataclass(frozen=True, kw_only=True)
class VerifyOptions:
    """What ``verify`` was asked for: a cluster of ours by name, or any by its kubeconfig.

    ``count`` passes in a row must agree. ``image`` and ``timeout`` are the CUDA sample's.
    """

    name: str = ""
    kubeconfig: Path | None = None
    context: str = ""
    level: str = "allocatable"
    private: bool = False
    count: int = 1
    image: str = ""
    timeout: str = ""
    junit: Path | None = None
    report: Path | None = None

    @property
    def subject(self) -> str:
        """The cluster, in a word."""
        return self.name or str(self.kubeconfig)


@dataclass
class _Pass:
    """One look at every node; ``outcomes`` are the samples', by node."""

    verdicts: tuple[NodeVerdict, ...]
    outcomes: dict[str, SampleOutcome] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return bool(self.verdicts) and all(verdict.ok for verdict in self.verdicts)


def run(options: VerifyOptions, app: App) -> int:
    """Verify every GPU node; exit code 9 where one fails."""
    _check(options)
    began = app.clock.now()
    reached = _reach(options, app)
    passes = [_look(options, app, reached)]
    while passes[-1].ok and len(passes) < options.count:
        app.clock.sleep(BETWEEN_PASSES)
        passes.append(_look(options, app, reached))
    last = passes[-1]
    part = VerifyResult(
        cluster_name=options.subject,
        level=options.level,
        rungs=LEVELS[options.level] if last.verdicts else (),
        nodes=tuple(
            _row(app, verdict, last.outcomes.get(verdict.node)) for verdict in last.verdicts
        ),
        seconds=app.clock.now() - began,
        passes=len(passes),
    )
    if options.junit is not None:
        write_junit(options.junit, part)
    if options.report is not None:
        from ackgpu.commands.reporting import write_verify_report

        write_verify_report(app, options.report, part, reached.cluster)
    result = Result(
        command="verify",
        part=part,
        warnings=_warnings(last.verdicts),
        durations={"total": part.seconds},
        error=app.complete(_error(last.verdicts)),
    )
    return present(app.streams, app.settings.output, result)


def _check(options: VerifyOptions) -> None:
    if options.level not in LEVELS:
        raise UsageError(
            f"--level {options.level} is not known.", resolution=f"One of: {', '.join(LEVELS)}."
        )
    if bool(options.name) == bool(options.kubeconfig):
        raise UsageError("Give the name of a cluster of ackgpu's, or --kubeconfig PATH.")
    if options.context and options.name:
        raise UsageError(
            f"--context {options.context}: a NAME is reached without a kubeconfig.",
            resolution="Give the context with --kubeconfig PATH, or the name alone.",
        )
    if options.count < 1:
        raise UsageError(f"--count {options.count}: at least one pass is made.")
    check_directory("--junit", options.junit)
    check_directory("--report", options.report)


def _reach(options: VerifyOptions, app: App) -> Reached:
    if options.kubeconfig:
        return by_kubeconfig(app, options.kubeconfig, options.context)
    return by_name(app, options.name, private=options.private)


def _look(options: VerifyOptions, app: App, reached: Reached) -> _Pass:
    base = "allocatable" if options.level == "cuda" else options.level
    verdicts = climb(reached.api, ExpectSpec(), base)
    if options.level != "cuda":
        return _Pass(verdicts)
    good = [verdict for verdict in verdicts if verdict.ok]
    if not good:
        return _Pass(tuple(_with_sample(verdict, None) for verdict in verdicts))
    region = good[0].labels.get(REGION_LABEL, "")
    image = options.image or default_image(region)
    timeout = timeout_of(app, options.timeout, DEFAULT_TIMEOUT)
    step = CudaSampleStep(
        reach=lambda _: reached.api,
        targets=lambda _: [on_node(verdict, image) for verdict in good],
        wishes=SampleWishes(timeout=timeout),
    )
    place = f"{where(app, region)} · " if options.name else ""
    headline = f"{place}CUDA sample on {len(good)} of {len(verdicts)} GPU nodes"
    error = carry_out(app, step, Sampling("verify", options.subject, headline))
    if error is not None and not isinstance(error, TimedOut):
        raise error
    outcomes = {outcome.node: outcome for outcome in step.outcomes}
    return _Pass(
        tuple(_with_sample(verdict, outcomes.get(verdict.node)) for verdict in verdicts),
        outcomes,
    )


def _with_sample(verdict: NodeVerdict, outcome: SampleOutcome | None) -> NodeVerdict:
    if outcome is None:
        return verdict.with_rungs(ladder.Rung("driver", "skipped"), ladder.Rung("cuda", "skipped"))
    return verdict.with_rungs(*outcome.rungs)


def _row(app: App, verdict: NodeVerdict, outcome: SampleOutcome | None) -> VerifyRow:
    return VerifyRow(
        node=verdict.node,
        instance_type=verdict.instance_type,
        zone=verdict.labels.get(ladder.ZONE_LABEL, ""),
        rungs=tuple(_rung(app, verdict, rung) for rung in verdict.rungs),
        instance_id=verdict.instance_id,
        labels={key: verdict.labels[key] for key in SHOWN_LABELS if key in verdict.labels},
        sample=sample_row(outcome) if outcome is not None else None,
    )


def _rung(app: App, verdict: NodeVerdict, rung: ladder.Rung) -> Rung:
    reached = rung.verdict != "skipped"
    return Rung(
        name=rung.name,
        verdict=rung.verdict,
        value=verdict.gpu if rung.name == "gpu" and reached else "",
        message=rung.message,
        remedy=app.completed(rung.remedy) if rung.verdict in {"failed", "unknown"} else "",
    )


def _warnings(verdicts: Sequence[NodeVerdict]) -> tuple[str, ...]:
    """Each warning once, with the nodes that it is of, or their number where there are many."""
    times = Counter(warning for verdict in verdicts for warning in verdict.warnings)
    said = []
    for warning, number in times.items():
        nodes = [verdict.node for verdict in verdicts if warning in verdict.warnings]
        of = ", ".join(nodes) if number <= NAMED_NODES else f"{number:,} nodes"
        said.append(f"{of}: {warning}")
    return tuple(said)


def _error(verdicts: Sequence[NodeVerdict]) -> VerificationFailed | None:
    if not verdicts:
        return VerificationFailed(
            "The cluster has no GPU node.",
            resolution="`ackgpu nodepool list NAME` shows its pools; `ackgpu nodepool scale NAME"
            " POOL --nodes 1` gives one a node.",
        )
    failed = sum(1 for verdict in verdicts if not verdict.ok)
    if not failed:
        return None
    verb = "is" if failed == 1 else "are"
    nodes = count(len(verdicts), "GPU node")
    return VerificationFailed(f"{failed:,} of {nodes} {verb} not verified.")
