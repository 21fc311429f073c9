"""``verify``: whether the GPUs of a cluster are what was paid for, node by node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ackgpu.app import App
from ackgpu.cloud.api import KubeApi
from ackgpu.commands.estates import cluster_named
from ackgpu.errors import LocalError, UsageError, VerificationFailed
from ackgpu.render.output import present
from ackgpu.render.results import Result
from ackgpu.render.verdicts import Rung, Verdict, VerifyResult, VerifyRow
from ackgpu.spec import catalog
from ackgpu.spec.catalog import MEM_LABEL, NAME_LABEL
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps import gpu_ladder as ladder
from ackgpu.steps.gpu_ladder import GPU, GPU_MEMORY, TYPE_LABEL, NodeVerdict, judge

LEVELS = ("labels", "allocatable")


@dataclass(frozen=True, kw_only=True)
class VerifyOptions:
    """What ``verify`` was asked for: a cluster of ours by name, or any by its kubeconfig."""

    name: str = ""
    kubeconfig: Path | None = None
    context: str = ""
    level: str = "allocatable"
    private: bool = False


def run(options: VerifyOptions, app: App) -> int:
    """Verify every GPU node; exit code 9 where one fails."""
    if options.level not in LEVELS:
        raise UsageError(
            f"--level {options.level} is not known.", resolution=f"One of: {', '.join(LEVELS)}."
        )
    began = app.clock.now()
    api = _api(options, app)
    nodes = [node for node in api.nodes() if _has_gpu(node.labels, node.capacity)]
    verdicts = [judge(node, ExpectSpec(), options.level) for node in nodes]
    failed = [verdict for verdict in verdicts if not verdict.ok]
    warnings = tuple(
        f"{verdict.node}: {warning}" for verdict in verdicts for warning in verdict.warnings
    )
    result = Result(
        command="verify",
        part=VerifyResult(
            cluster_name=options.name or str(options.kubeconfig),
            level=options.level,
            rungs=tuple(rung.name for rung in verdicts[0].rungs) if verdicts else (),
            nodes=tuple(_row(verdict) for verdict in verdicts),
            seconds=app.clock.now() - began,
        ),
        warnings=warnings,
        error=_error(verdicts, failed),
    )
    return present(app.streams, app.settings.output, result)


def _api(options: VerifyOptions, app: App) -> KubeApi:
    if bool(options.name) == bool(options.kubeconfig):
        raise UsageError("Give the name of a cluster of ackgpu's, or --kubeconfig PATH.")
    if options.kubeconfig:
        try:
            text = options.kubeconfig.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LocalError(f"{options.kubeconfig} cannot be read: {error}.") from error
        return app.connect(text, context=options.context or None)
    cloud = app.cloud()
    cluster = cluster_named(cloud, options.name)
    if not cluster.public_endpoint and not options.private:
        raise UsageError(
            f"The API server of {options.name} has no public endpoint.",
            resolution="From a machine in the VPC, give --private.",
        )
    private = options.private
    text = cloud.containers.kubeconfig(cluster.id, private=private, minutes=60)
    return app.connect(text)


def _has_gpu(labels: Mapping[str, str], capacity: Mapping[str, str]) -> bool:
    type_id = labels.get(TYPE_LABEL, "")
    known = catalog.looks_vgpu(type_id) or catalog.looks_whole_gpu(type_id)
    labelled = NAME_LABEL in labels or MEM_LABEL in labels
    return known or labelled or GPU in capacity or GPU_MEMORY in capacity


def _row(verdict: NodeVerdict) -> VerifyRow:
    return VerifyRow(
        node=verdict.node,
        instance_type=verdict.instance_type,
        zone=verdict.zone,
        rungs=tuple(_rung(verdict, rung) for rung in verdict.rungs),
    )


def _rung(verdict: NodeVerdict, rung: ladder.Rung) -> Rung:
    words: dict[bool | None, Verdict] = {True: "passed", False: "failed", None: "skipped"}
    return Rung(
        name=rung.name,
        verdict=words[rung.passed],
        value=verdict.gpu if rung.name == "gpu" and rung.passed is not None else "",
        message=rung.message,
        remedy=rung.remedy if rung.passed is False else "",
    )


def _error(verdicts: list[NodeVerdict], failed: list[NodeVerdict]) -> VerificationFailed | None:
    if not verdicts:
        return VerificationFailed(
            "The cluster has no GPU node.",
            resolution="ackgpu describe shows its pools; ackgpu create goes on making them.",
        )
    if not failed:
        return None
    noun = "node is" if len(failed) == 1 else "nodes are"
    return VerificationFailed(f"{len(failed)} of {len(verdicts)} GPU {noun} not usable.")
