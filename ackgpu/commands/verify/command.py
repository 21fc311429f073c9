"""``verify``: whether the GPUs of a cluster are what was paid for, node by node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ackgpu import flag
from ackgpu.cloud.api import Cluster
from ackgpu.commands.cluster.lookup import no_gpu_node
from ackgpu.commands.cluster.reach import Reached, by_kubeconfig, by_name
from ackgpu.commands.cluster.what_stands import say_what_stands
from ackgpu.commands.verify.rows import row_of, warnings_of
from ackgpu.commands.verify.sample_run import Carried, carry_out, left_behind, try_network
from ackgpu.errors import AckGpuError, TimedOut, UsageError, VerificationFailed
from ackgpu.output_forms import EVENT_STREAM
from ackgpu.render.junit import write_junit
from ackgpu.render.results import Result
from ackgpu.render.verdicts import NetworkRow, VerifyResult
from ackgpu.render.words import count
from ackgpu.session import Headline, Session
from ackgpu.small_file import check_directory
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps import gpu_checks as ladder
from ackgpu.steps.cuda_sample import CudaSampleStep, SampleWishes, on_node
from ackgpu.steps.driver_logs import with_logs
from ackgpu.steps.gpu_checks import LEVELS, NodeVerdict
from ackgpu.steps.gpu_survey import climb
from ackgpu.steps.network_probe import choose, target_on
from ackgpu.steps.sample_images import SampleImages
from ackgpu.steps.sample_trial import SampleOutcome

REGION_LABEL = "topology.kubernetes.io/region"
BETWEEN_PASSES = 5.0  # cloud seconds
DEFAULT_TIMEOUT = "15m"
STARTS_PODS = ("network", "cuda")
_NOTHING_RAN = Carried()


@dataclass(frozen=True, kw_only=True)
class VerifyOptions:
    """The options of ``verify``: a cluster of ours by name, or any by its kubeconfig.

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
    network: tuple[NetworkRow, ...] = ()
    carried: Carried = _NOTHING_RAN

    @property
    def ok(self) -> bool:
        good = bool(self.verdicts) and all(verdict.ok for verdict in self.verdicts)
        ways = all(row.verdict == "passed" for row in self.network)
        return good and ways and not self.carried.left


def execute(options: VerifyOptions, session: Session) -> Result:
    """Verify every GPU node; exit code 9 where one fails."""
    _check(options)
    began = session.clock.now()
    reached = _reach(options, session)
    passes = [_look(options, session, reached)]
    _say_pass(options, session, passes)
    while passes[-1].ok and len(passes) < options.count:
        session.clock.sleep(BETWEEN_PASSES)
        passes.append(_look(options, session, reached))
        _say_pass(options, session, passes)
    last = _with_logs(options, session, passes[-1])
    part = VerifyResult(
        cluster_name=options.subject,
        level=options.level,
        rungs=LEVELS[options.level] if last.verdicts else (),
        nodes=tuple(
            row_of(session, verdict, last.outcomes.get(verdict.node), named=bool(options.name))
            for verdict in last.verdicts
        ),
        network=last.network,
        seconds=session.clock.now() - began,
        passes=len(passes),
    )
    if options.junit is not None:
        write_junit(options.junit, part, emulated=bool(options.name) and session.emulated)
        session.display.wrote(options.junit)
    if options.report is not None:
        from ackgpu.commands.verify.report_page import write_verify_report

        write_verify_report(session, options.report, part, reached.cluster)
        session.display.wrote(options.report)
    error = _error(last, reached.cluster)
    if error is not None:
        say_what_stands(session, error)
    return Result(
        command="verify",
        part=part,
        resources=last.carried.resources,
        warnings=(*warnings_of(last.verdicts), *last.carried.warnings),
        durations={"total": part.seconds},
        error=session.complete(error),
    )


def _say_pass(options: VerifyOptions, session: Session, passes: Sequence[_Pass]) -> None:
    """Say what a pass of several came to, in numbers: the table at the end names the nodes."""
    if options.count == 1 or session.settings.quiet or session.settings.output == EVENT_STREAM:
        return
    verdicts = passes[-1].verdicts
    good = sum(1 for verdict in verdicts if verdict.ok)
    nodes = count(len(verdicts), "GPU node")
    text = f"pass {len(passes)} of {options.count}: {good:,} of {nodes} verified"
    session.streams.write(session.streams.err, f"{text}\n")


def _check(options: VerifyOptions) -> None:
    if options.level not in LEVELS:
        raise UsageError(
            f"{flag.LEVEL} {options.level} is not known.",
            resolution=f"One of: {', '.join(LEVELS)}.",
        )
    if bool(options.name) == bool(options.kubeconfig):
        raise UsageError(f"Give the name of a cluster of ackgpu's, or {flag.KUBECONFIG} PATH.")
    if options.context and options.name:
        raise UsageError(
            f"{flag.CONTEXT} {options.context}: a NAME is reached without a kubeconfig.",
            resolution=f"Give the context with {flag.KUBECONFIG} PATH, or only the name.",
        )
    if options.count < 1:
        raise UsageError(f"{flag.COUNT} {options.count}: at least one pass is made.")
    check_directory(flag.JUNIT, options.junit)
    check_directory(flag.REPORT, options.report)
    if options.junit is not None and options.junit == options.report:
        raise UsageError(f"{flag.JUNIT} and {flag.REPORT} name one file, {options.junit}.")


def _reach(options: VerifyOptions, session: Session) -> Reached:
    if options.kubeconfig:
        return by_kubeconfig(session, options.kubeconfig, options.context)
    return by_name(session, options.name, private=options.private)


def _look(options: VerifyOptions, session: Session, reached: Reached) -> _Pass:
    base = "labels" if options.level == "labels" else "allocatable"
    verdicts = climb(reached.api, ExpectSpec(), base)
    good = [verdict for verdict in verdicts if verdict.ok]
    if options.level not in STARTS_PODS:
        return _Pass(verdicts)
    if not good:
        cuda = options.level == "cuda"
        return _Pass(tuple(_with_sample(v, None) for v in verdicts) if cuda else verdicts)
    return _with_pods(options, session, reached, verdicts)


def _with_pods(
    options: VerifyOptions, session: Session, reached: Reached, verdicts: tuple[NodeVerdict, ...]
) -> _Pass:
    """The levels that start pods: the network first, as the sample may need it."""
    good = [verdict for verdict in verdicts if verdict.ok]
    region = good[0].labels.get(REGION_LABEL, "")
    images = SampleImages(options.image, session.settings.image_registry)
    image = images.first
    timeout = session.timeout_of(options.timeout, DEFAULT_TIMEOUT)
    place = f"{session.where(region)} · " if options.name else ""
    shown = _shown(options, f"{place}network of the pods")
    targets = [target_on(verdict, image) for verdict in choose(verdicts)]
    network, carried = try_network(
        session, reached.api, targets, shown=shown, timeout=timeout, images=images
    )
    if options.level == "network":
        return _Pass(verdicts, network=network, carried=carried)
    step = CudaSampleStep(
        reach=lambda _: reached.api,
        targets=lambda _: [on_node(verdict, image) for verdict in good],
        wishes=SampleWishes(timeout=timeout, images=images),
    )
    headline = f"{place}CUDA sample on {len(good)} of {len(verdicts)} GPU nodes"
    sampled = carry_out(session, step, _shown(options, headline))
    # Out of time, what ended is still told node by node, and the rest as unknown.
    if not isinstance(sampled.error, TimedOut):
        sampled.raise_error()
    outcomes = {outcome.node: outcome for outcome in step.outcomes}
    return _Pass(
        tuple(_with_sample(verdict, outcomes.get(verdict.node)) for verdict in verdicts),
        outcomes,
        network,
        carried + sampled,
    )


def _shown(options: VerifyOptions, text: str) -> Headline:
    return Headline("verify", options.subject, text)


def _with_sample(verdict: NodeVerdict, outcome: SampleOutcome | None) -> NodeVerdict:
    if outcome is None:
        return verdict.with_rungs(
            ladder.NodeCheck("driver", "skipped"), ladder.NodeCheck("cuda", "skipped")
        )
    warnings = (*verdict.warnings, *filter(None, [outcome.warning]))
    return replace(verdict.with_rungs(*outcome.rungs), warnings=warnings)


def _with_logs(options: VerifyOptions, session: Session, last: _Pass) -> _Pass:
    """The pass with what the installers of drivers said on nodes whose GPU does not come up.

    Their consoles are read over the cloud's API, which a kubeconfig gives no access to.
    """
    console = session.cloud().compute.console_output if options.name else None
    return replace(last, verdicts=with_logs(last.verdicts, console))


def _error(last: _Pass, cluster: Cluster | None) -> AckGpuError | None:
    """What is not verified: the nodes first, then the network, then what could not be deleted."""
    verdicts = last.verdicts
    if not verdicts:
        return no_gpu_node(cluster)
    failed = sum(1 for verdict in verdicts if not verdict.ok)
    if failed:
        verb = "is" if failed == 1 else "are"
        nodes = count(len(verdicts), "GPU node")
        return VerificationFailed(f"{failed:,} of {nodes} {verb} not verified.")
    broken = [row for row in last.network if row.verdict != "passed"]
    if broken:
        ways = count(len(last.network), "way")
        return VerificationFailed(
            f"The pods' network does not carry what it should: {len(broken)} of {ways} not passed."
        )
    return left_behind(last.carried.left)
