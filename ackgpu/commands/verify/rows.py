"""Verdicts as ``verify`` shows them: a row a node, and each warning once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

from ackgpu.commands.verify.sample_run import sample_row
from ackgpu.render.verdicts import CheckCell, VerifyRow
from ackgpu.session import Session
from ackgpu.spec.catalog import COUNT_LABEL, MEM_LABEL, NAME_LABEL
from ackgpu.steps import gpu_checks as ladder
from ackgpu.steps.gpu_checks import NodeVerdict
from ackgpu.steps.sample_trial import SampleOutcome

SHOWN_LABELS = (NAME_LABEL, MEM_LABEL, COUNT_LABEL, ladder.SCHEDULE_LABEL, ladder.POOL_LABEL)
NAMED_NODES = 3


def row_of(
    session: Session, verdict: NodeVerdict, outcome: SampleOutcome | None, *, named: bool
) -> VerifyRow:
    """A node's row. ``named``: the cluster was given by name, so that commands can name it."""
    return VerifyRow(
        node=verdict.node,
        instance_type=verdict.instance_type,
        zone=verdict.labels.get(ladder.ZONE_LABEL, ""),
        rungs=tuple(_rung(session, verdict, rung, named=named) for rung in verdict.rungs),
        instance_id=verdict.instance_id,
        labels={key: verdict.labels[key] for key in SHOWN_LABELS if key in verdict.labels},
        sample=sample_row(outcome) if outcome is not None else None,
    )


@cache
def _passed(name: str, value: str) -> CheckCell:
    """The check that passed: the same for each of thousands of nodes."""
    return CheckCell(name=name, verdict="passed", value=value)


def _rung(
    session: Session, verdict: NodeVerdict, rung: ladder.NodeCheck, *, named: bool
) -> CheckCell:
    reached = rung.verdict != "skipped"
    if rung.verdict == "passed":
        return _passed(rung.name, verdict.gpu if rung.name == "gpu" else "")
    remedy = "; ".join(filter(None, (rung.remedy, rung.by_name if named else "")))
    return CheckCell(
        name=rung.name,
        verdict=rung.verdict,
        value=verdict.gpu if rung.name == "gpu" and reached else "",
        message=rung.message,
        remedy=session.completed(remedy) if rung.verdict in {"failed", "unknown"} else "",
    )


def warnings_of(verdicts: Sequence[NodeVerdict]) -> tuple[str, ...]:
    """Each warning once, with the nodes that it is of, or their number where there are many."""
    times = Counter(warning for verdict in verdicts for warning in verdict.warnings)
    said = []
    for warning, number in times.items():
        nodes = [verdict.node for verdict in verdicts if warning in verdict.warnings]
        of = ", ".join(nodes) if number <= NAMED_NODES else f"{number:,} nodes"
        said.append(f"{of}: {warning}")
    return tuple(said)
