"""The report of ``verify``: one page of HTML that needs nothing from elsewhere.

It holds no script, loads no font and no picture, and forbids the browser to fetch anything. Its
colours follow the reader's light or dark setting, and say nothing that the words do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files
from pathlib import Path

from ackgpu import flag
from ackgpu.redaction import redacted
from ackgpu.render.junit import local_errors
from ackgpu.render.report_drawings import Bar, ResourceBox, timeline, topology
from ackgpu.render.verdicts import CheckCell, SampleRow, Verdict, VerifyResult, VerifyRow
from ackgpu.render.words import count, duration

NODES_SHOWN = 50
"""With more nodes than this, the good ones are folded away."""
SIGNS: dict[Verdict, tuple[str, str]] = {
    "passed": ("✓", "passed"),
    "failed": ("✗", "failed"),
    "warning": ("!", "warning"),
    "unknown": ("?", "unknown"),
    "skipped": ("·", "not reached"),
}
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """What the page shows. Without a cluster of ackgpu's, ``bars`` and ``region`` are not there.

    ``facts`` are label and value. ``bars`` is the timeline of the create, ``region`` the topology.
    ``about_bars`` says which run the timeline is of.
    """

    verified: VerifyResult
    written: datetime
    facts: tuple[tuple[str, str], ...] = ()
    bars: tuple[Bar, ...] = ()
    about_bars: str = ""
    region: ResourceBox | None = None


def write_report(path: Path, report: ReportPage) -> None:
    """Write the page; raises :class:`~ackgpu.errors.LocalError` where ``path`` refuses it."""
    with local_errors(f"The report {path}", flag.REPORT, "."):
        path.write_text(redacted(page(report)), encoding="utf-8")


def page(report: ReportPage) -> str:
    """The page."""
    part = report.verified
    title = f"{escape(part.cluster_name)}: GPU verification"
    sections = [_headline(report), _nodes(part)]
    if report.bars:
        sections.append(section("Timeline of the create", timeline(report.bars),
                                 report.about_bars))  # fmt: skip
    if report.region is not None:
        sections.append(section("What was made", topology(report.region)))
    return framed(title, sections)


def framed(title: str, sections: Iterable[str]) -> str:
    """A page of these sections, which are markup, as is ``title``."""
    style = files("ackgpu.render").joinpath("report.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(sections)
        + "\n</main>\n</body>\n</html>\n"
    )


def section(title: str, body: str, lead: str = "") -> str:
    """A part of the page under a title; ``body`` is markup, the rest is text."""
    about = f'<p class="lead">{escape(lead)}</p>' if lead else ""
    return f"<section>\n<h2>{escape(title)}</h2>\n{about}{body}\n</section>"


def _headline(report: ReportPage) -> str:
    part = report.verified
    good = sum(row.ok for row in part.nodes)
    verdict: Verdict = "passed" if part.nodes and good == len(part.nodes) else "failed"
    sign, _ = SIGNS[verdict]
    total = count(len(part.nodes), "GPU node")
    facts = [
        *report.facts,
        ("Level", part.level),
        ("Passes in a row", str(part.passes)),
        ("Took", duration(part.seconds)),
        ("Written", f"{report.written:%Y-%m-%d %H:%M:%S} UTC"),
    ]
    return (
        f'<header class="{verdict}">\n<h1><span class="sign">{sign}</span> '
        f"{escape(part.cluster_name)}</h1>\n"
        f'<p class="verdict">{good:,} of {total} verified</p>\n{facts_list(facts)}\n</header>'
    )


def facts_list(facts: Iterable[tuple[str, str]]) -> str:
    """Labels and values, those that have one."""
    rows = (f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts if v)
    return f'<dl class="facts">{"".join(rows)}</dl>'


def _nodes(part: VerifyResult) -> str:
    if not part.nodes:
        return section("Nodes", "<p>The cluster has no GPU node.</p>")
    broken = [row for row in part.nodes if not row.ok]
    good = [row for row in part.nodes if row.ok]
    if len(part.nodes) <= NODES_SHOWN:
        return section("Nodes", _ladders(part.rungs, [*broken, *good]))
    body = _ladders(part.rungs, broken) if broken else ""
    summary = f"<summary>{count(len(good), 'node')} passed every check</summary>"
    body += f"<details>{summary}{_ladders(part.rungs, good)}</details>"
    return section("Nodes", body)


def _ladders(names: tuple[str, ...], rows: Iterable[VerifyRow]) -> str:
    return "\n".join(_node(names, row) for row in rows)


def _node(names: tuple[str, ...], row: VerifyRow) -> str:
    rungs = {rung.name: rung for rung in row.rungs}
    steps = "".join(_step(name, rungs.get(name)) for name in names)
    where = " · ".join(filter(None, (row.instance_type, row.zone, row.instance_id)))
    troubles = "".join(
        _trouble(rung) for rung in row.rungs if rung.verdict in {"failed", "unknown"}
    )
    inner = _labels(row.labels) + (_sample(row.sample) if row.sample else "")
    more = (
        f"<details><summary>Labels{' and sample' if row.sample else ''}</summary>{inner}</details>"
    )
    return (
        f'<article class="node {"good" if row.ok else "broken"}">\n'
        f'<h3>{escape(row.node)}</h3><p class="where">{escape(where)}</p>\n'
        f'<ol class="ladder">{steps}</ol>\n{troubles}{more if inner else ""}\n</article>'
    )


def _step(name: str, rung: CheckCell | None) -> str:
    verdict: Verdict = rung.verdict if rung else "skipped"
    sign, word = SIGNS[verdict]
    value = f" {escape(rung.value)}" if rung and rung.value else ""
    return (
        f'<li class="{verdict}"><span class="sign" aria-hidden="true">{sign}</span> '
        f'{escape(name)}{value}<span class="unseen"> {word}</span></li>'
    )


def _trouble(rung: CheckCell) -> str:
    remedy = f'<p class="remedy">→ {escape(rung.remedy)}</p>' if rung.remedy else ""
    sign, _ = SIGNS[rung.verdict]
    return (
        f'<div class="trouble {rung.verdict}"><p>{sign} <strong>{escape(rung.name)}</strong>: '
        f"{escape(rung.message)}</p>{remedy}</div>"
    )


def _labels(labels: Mapping[str, str]) -> str:
    rows = (
        f'<tr><th scope="row">{escape(key)}</th><td>{escape(value)}</td></tr>'
        for key, value in labels.items()
    )
    return f'<table class="labels"><tbody>{"".join(rows)}</tbody></table>' if labels else ""


def _sample(sample: SampleRow) -> str:
    facts = [
        ("GPU", sample.gpu),
        ("Memory", sample.memory),
        ("Driver", sample.driver),
        ("CUDA of the driver", sample.cuda),
        ("CUDA of the image", sample.toolkit),
        ("vGPU licence", sample.license),
        ("Program", sample.program),
        ("Image", sample.image_digest or sample.image),
    ]
    output = f"<pre>{escape(sample.output)}</pre>" if sample.output else ""
    return facts_list(facts) + output
