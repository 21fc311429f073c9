"""JUnit XML, which every CI system shows: checks as test cases."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

from ackgpu import flag
from ackgpu.errors import LocalError
from ackgpu.redaction import redacted
from ackgpu.render.results import shown_as
from ackgpu.render.verdicts import CheckList, CheckRow, VerifyResult

# XML 1.0 has no way to write these, not even escaped.
EMULATED = "yes: nothing is billed, and times are emulated"
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_of(part: CheckList | VerifyResult, *, emulated: bool = False) -> str:
    """The document: a suite for the checks, or a suite for each node with a case for each check.

    One of an emulated cluster says so in a property of each suite.

    Failed is a failure, unknown an error, skipped is skipped; a warning passes and is printed.
    """
    root = ET.Element("testsuites", name="ackgpu")
    if isinstance(part, CheckList):
        _suite(root, part.title, part.checks)
    else:
        for node in part.nodes:
            _suite(root, node.node, [shown_as(CheckRow, rung) for rung in node.rungs])
        ways = [shown_as(CheckRow, row, name=f"{row.name}, {row.way}") for row in part.network]
        if ways:
            _suite(root, "network", ways)
    for suite in root if emulated else ():
        properties = ET.Element("properties")
        ET.SubElement(properties, "property", name="emulated", value=EMULATED)
        suite.insert(0, properties)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def write_junit(path: Path, part: CheckList | VerifyResult, *, emulated: bool = False) -> None:
    """Write the document; raises :class:`~ackgpu.errors.LocalError` where ``path`` refuses it."""
    with local_errors(f"The JUnit report {path}", flag.JUNIT, ""):
        path.write_text(redacted(junit_of(part, emulated=emulated)), encoding="utf-8")


@contextmanager
def local_errors(what: str, flag: str, end: str) -> Iterator[None]:
    """Raise LocalError for a file that cannot be written, with a word on the flag that names it."""
    try:
        yield
    except OSError as error:
        raise LocalError(
            f"{what} could not be written: {error.strerror or os.strerror(error.errno or 0)}.",
            resolution=f"Give {flag} a path in a directory that exists and can be written{end}",
        ) from error


def _suite(root: ET.Element, name: str, rows: Iterable[CheckRow]) -> None:
    suite = ET.SubElement(root, "testsuite", name=_clean(name))
    cases = [_case(suite, name, row) for row in rows]
    suite.set("tests", str(len(cases)))
    counted = {"failures": "failed", "errors": "unknown", "skipped": "skipped"}
    for attribute, verdict in counted.items():
        suite.set(attribute, str(cases.count(verdict)))


def _case(suite: ET.Element, suite_name: str, row: CheckRow) -> str:
    case = ET.SubElement(suite, "testcase", classname=_clean(suite_name), name=row.name)
    if row.seconds is not None:
        case.set("time", f"{row.seconds:.3f}")
    message = _clean(row.message)
    match row.verdict:
        case "failed":
            ET.SubElement(case, "failure", message=message).text = _clean(row.remedy)
        case "unknown":
            ET.SubElement(case, "error", message=message).text = _clean(row.remedy)
        case "skipped":
            ET.SubElement(case, "skipped", message=message)
        case "warning":
            ET.SubElement(case, "system-out").text = message
    return row.verdict


def _clean(text: str) -> str:
    return UNPRINTABLE.sub("?", text)
