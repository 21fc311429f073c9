from __future__ import annotations

from xml.etree.ElementTree import XML

import pytest
import render_samples as samples

from ackgpu.errors import LocalError
from ackgpu.render.junit import junit_of, write_junit
from ackgpu.render.verdicts import CheckList, CheckRow


def test_each_node_is_a_suite_and_each_rung_a_case():
    root = XML(junit_of(samples.RESULTS["verify"].part))
    good, bad = root.findall("testsuite")
    assert (good.get("tests"), good.get("failures")) == ("5", "0")
    assert (bad.get("tests"), bad.get("failures")) == ("3", "1")
    failure = bad.find("testcase[@name='values']/failure")
    assert "1024MiB" in failure.get("message")
    assert "replace it" in failure.text


def test_checks_are_counted_by_what_came_of_them():
    rows = tuple(
        CheckRow(name=verdict, verdict=verdict, message="why", seconds=1.5)
        for verdict in ("passed", "failed", "unknown", "skipped", "warning")
    )
    root = XML(junit_of(CheckList(title="preflight", checks=rows)))
    suite = root.find("testsuite")
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    assert suite.find("testcase[@name='passed']").get("time") == "1.500"


def test_characters_that_xml_has_no_way_to_write_are_replaced():
    row = CheckRow(name="x", verdict="failed", message='a\x1b[1m <&" \x00 \ud800 训', remedy="\x08")
    root = XML(junit_of(CheckList(title="t\x01", checks=(row,))))
    assert root.find(".//failure").get("message") == 'a?[1m <&" ? ? 训'


def test_the_report_is_written_and_a_path_that_refuses_it_is_named(tmp_path):
    part = samples.RESULTS["preflight"].part
    path = tmp_path / "report.xml"
    write_junit(path, part)
    assert path.read_text(encoding="utf-8") == junit_of(part)
    with pytest.raises(LocalError, match=r"report\.xml"):
        write_junit(tmp_path / "missing" / "report.xml", part)
