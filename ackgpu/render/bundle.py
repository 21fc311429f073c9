"""The bundle of ``diagnose``: the causes and all that was read, as one page by itself.

It is made to be handed on: what only may be a secret is taken out of everything on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path

from ackgpu import flag
from ackgpu.printable import printable
from ackgpu.private_file import write_private
from ackgpu.redaction import scrubbed
from ackgpu.render.causes import Cause, DiagnosisResult, NotSeen
from ackgpu.render.junit import local_errors
from ackgpu.render.report import facts_list, framed, section
from ackgpu.render.words import count, duration


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Something that was read: a table with a header, or a text as it is."""

    title: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What the page shows: the diagnosis, facts as label and value, and what was read."""

    diagnosis: DiagnosisResult
    written: datetime
    facts: tuple[tuple[str, str], ...]
    readings: tuple[Reading, ...]


def write_bundle_page(path: Path, bundle: Bundle) -> None:
    """Write the page only for its owner; raises LocalError if ``path`` refuses it."""
    with local_errors(f"The bundle {path}", flag.BUNDLE, "."), write_private(path) as file:
        file.write(page(bundle))


def page(bundle: Bundle) -> str:
    """The page."""
    part = bundle.diagnosis
    sections = [_headline(bundle), _causes(part.causes)]
    if part.not_seen:
        sections.append(section("Not seen", _not_seen(part.not_seen)))
    readings = "\n".join(_reading(reading) for reading in bundle.readings)
    sections.append(section("What was read", readings))
    return framed(f"{_safe(part.cluster_name)}: diagnosis", sections)


def _safe(text: str) -> str:
    return escape(printable(scrubbed(text), lines=True))


def _headline(bundle: Bundle) -> str:
    part = bundle.diagnosis
    verdict, sign = ("failed", "✗") if part.causes else ("passed", "✓")
    found = count(len(part.causes), "cause") if part.causes else "nothing wrong was found"
    facts = [
        *((label, scrubbed(value)) for label, value in bundle.facts),
        ("State", part.state),
        ("Node", part.node),
        ("Took", duration(part.seconds)),
        ("Written", f"{bundle.written:%Y-%m-%d %H:%M:%S} UTC"),
    ]
    return (
        f'<header class="{verdict}">\n<h1><span class="sign">{sign}</span> '
        f"{_safe(part.cluster_name)}</h1>\n"
        f'<p class="verdict">{found}</p>\n{facts_list(facts)}\n</header>'
    )


def _causes(causes: Sequence[Cause]) -> str:
    if not causes:
        return section("Causes", "<p>Nothing wrong was found in what could be read.</p>")
    return section("Causes", "\n".join(_cause(number, one) for number, one in enumerate(causes, 1)))


def _cause(number: int, cause: Cause) -> str:
    kind = "unknown" if cause.likelihood == "possible" else "failed"
    nodes = f'<p class="where">{_safe(", ".join(cause.nodes))}</p>' if cause.nodes else ""
    said = "".join(f"<p>{_safe(line)}</p>" for line in cause.evidence)
    commands = f"<pre>{_safe(chr(10).join(cause.commands))}</pre>" if cause.commands else ""
    note = f'<p class="lead">{_safe(cause.note)}</p>' if cause.note else ""
    return (
        f'<article class="node broken">\n<h3>{number}. {_safe(cause.title)}</h3>{nodes}'
        f'<div class="trouble {kind}"><p><strong>{cause.likelihood}</strong></p>{said}</div>'
        f"{commands}{note}</article>"
    )


def _not_seen(rows: Iterable[NotSeen]) -> str:
    lines = (
        f'<p><strong>{_safe(row.what)}</strong>: {_safe(row.why)}</p><p class="lead">'
        f"{_safe(row.remedy)}</p>"
        for row in rows
    )
    return "".join(lines)


def _reading(reading: Reading) -> str:
    title = f"{_safe(reading.title)}"
    if reading.text:
        body = f"<pre>{_safe(reading.text)}</pre>"
    elif reading.rows:
        title = f"{title} ({len(reading.rows):,})"
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in reading.header)
        rows = "".join(_row(row) for row in reading.rows)
        body = f'<table class="labels"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    else:
        title, body = f"{title} (none)", ""
    return f"<details><summary>{title}</summary>{body}</details>"


def _row(cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<td>{_safe(cell)}</td>' for cell in cells)}</tr>"
