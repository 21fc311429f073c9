"""What ``diagnose`` found: the causes with their evidence, then what could not be seen."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.render.causes import Cause, DiagnosisResult, Likelihood
from ackgpu.render.layout import DONE, Block, Span, line, point
from ackgpu.render.words import count, duration

STYLES: dict[Likelihood, str] = {"certain": "red", "very likely": "red", "possible": "yellow"}
NODES_NAMED = 3
INDENT = "     "


def diagnosis(part: DiagnosisResult) -> list[Block]:
    """Each cause as a numbered paragraph; its commands on their own lines."""
    looked = count(len(part.looked_at), "probe")
    subject = Span(f"diagnose {part.cluster_name} {part.node}".rstrip(), "bold")
    blocks: list[Block] = [line(subject, f" · {looked}, {duration(part.seconds)}"), line()]
    for number, cause in enumerate(part.causes, 1):
        blocks += [*_cause(number, cause), line()]
    if not part.causes:
        found = "nothing wrong was found" if not part.not_seen else "nothing wrong in what was seen"
        blocks.append(point(Span(f"{DONE} ", "green"), found))
    for unseen in part.not_seen:
        blocks.append(point(Span("  not seen  ", "dim"), f"{unseen.what}: {unseen.why}"))
        if unseen.remedy:
            blocks.append(point(Span("            → ", "cyan"), unseen.remedy))
    return blocks


def _cause(number: int, cause: Cause) -> Iterator[Block]:
    likelihood = Span(f"{cause.likelihood}: ", STYLES[cause.likelihood])
    yield point(f"  {number}  ", likelihood, Span(f"{cause.title}{_where(cause)}", "bold"))
    for said in cause.evidence:
        yield point(INDENT, said)
    for command in cause.commands:
        yield point(Span(f"{INDENT}→ ", "cyan"), command)
    if cause.note:
        yield point(f"{INDENT}  ", cause.note)


def _where(cause: Cause) -> str:
    """On which nodes; of many their number."""
    if not cause.nodes:
        return ""
    few = len(cause.nodes) <= NODES_NAMED
    return f" ({', '.join(cause.nodes) if few else count(len(cause.nodes), 'node')})"
