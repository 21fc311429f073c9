from __future__ import annotations

import dataclasses
import json

import pytest
import render_samples as samples
from ruamel.yaml import YAML

from ackgpu.errors import AckGpuError, Interrupted, VerificationFailed
from ackgpu.output_forms import DOCUMENTS, OUTPUTS, WRITERS
from ackgpu.printable import visible_escapes
from ackgpu.render.document import document_of
from ackgpu.render.output import fail, present
from ackgpu.render.results import Result
from ackgpu.render.verdicts import CheckCell, VerifyResult, VerifyRow
from ackgpu.streams import Streams

ENVELOPE = {
    "schemaVersion": int,
    "command": str,
    "ok": bool,
    "exitCode": int,
    "error": (dict, type(None)),
    "warnings": list,
    "resources": list,
    "durations": dict,
}
ERROR = {
    "code": str,
    "message": str,
    "resolution": (str, type(None)),
    "requestId": (str, type(None)),
    "details": list,
}
RESOURCE = {"product", "type", "id", "name", "region", "state", "owned", "billable"}


def document(name, **changes):
    streams = Streams.for_tests()
    result = dataclasses.replace(samples.RESULTS[name], **changes)
    code = present(streams, "json", result)
    return json.loads(streams.written()[0]), code


def check_envelope(found):
    assert list(found)[: len(ENVELOPE)] == list(ENVELOPE)
    for key, kind in ENVELOPE.items():
        assert isinstance(found[key], kind), key
    if found["error"]:
        assert set(found["error"]) == set(ERROR)
        for key, kind in ERROR.items():
            assert isinstance(found["error"][key], kind), key


def every_key(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from every_key(item)
    if isinstance(value, list):
        for item in value:
            yield from every_key(item)


@pytest.mark.parametrize("name", sorted(samples.RESULTS))
def test_every_document_has_the_envelope_and_a_part_that_hides_none_of_it(name):
    found, _ = document(name)
    check_envelope(found)
    part = samples.RESULTS[name].part
    assert not {field.name for field in dataclasses.fields(part)} & set(ENVELOPE)
    assert len(found) > len(ENVELOPE)


@pytest.mark.parametrize("name", sorted(samples.RESULTS))
def test_field_names_are_camel_case(name):
    for key in every_key(document(name)[0]):
        assert key[0].islower(), key
        assert key.isalnum(), key


@pytest.mark.parametrize("name", sorted(samples.RESULTS))
def test_yaml_says_the_same_as_json(name):
    streams = Streams.for_tests()
    present(streams, "yaml", samples.RESULTS[name])
    assert YAML(typ="safe", pure=True).load(streams.written()[0]) == document(name)[0]


def test_resources_have_the_fields_of_the_contract():
    found, _ = document("describe")
    assert {frozenset(item) for item in found["resources"]} == {frozenset(RESOURCE)}


def test_what_is_not_known_is_null_and_not_zero():
    quotas = document("check-quota")[0]["quotas"]
    assert quotas[-1]["limit"] is None
    assert document("offers")[0]["offers"][1]["price"]["amount"] is None


def test_instants_are_utc_and_say_so():
    assert document("list")[0]["clusters"][0]["created"] == "2026-11-24T12:00:00Z"


def test_a_plan_with_changes_is_no_error_and_exits_with_its_code():
    found, code = document("plan")
    assert (found["exitCode"], found["error"], code) == (12, None, 12)


def test_a_failed_verification_shows_the_nodes_and_the_error():
    error = VerificationFailed("1 of 2 nodes failed.", resolution="replace the node")
    streams = Streams.for_tests()
    result = dataclasses.replace(samples.RESULTS["verify"], error=error)
    assert present(streams, "table", result) == 9
    out, err = streams.written()
    assert "cn-hangzhou.192.168.0.5" in out
    assert "✗ 1 of 2 nodes failed." in err
    found, code = document("verify", error=error)
    assert (found["ok"], found["exitCode"], found["error"]["code"], code) == (
        False,
        9,
        "VerificationFailed",
        9,
    )
    assert len(found["nodes"]) == 2


@pytest.mark.parametrize("output", sorted(DOCUMENTS))
def test_a_failure_is_one_document_on_stdout_and_a_screen_on_stderr(output):
    streams = Streams.for_tests()
    assert fail(streams, output, "create", samples.NO_STOCK) == 8
    out, err = streams.written()
    found = YAML(typ="safe", pure=True).load(out)
    found.pop("type", None)
    check_envelope(found)
    assert found["error"]["code"] == "OperationDenied.NoStock"
    assert found["error"]["requestId"] in err


@pytest.mark.parametrize("output", ["table", "name"])
def test_a_failure_leaves_stdout_empty_where_no_document_was_asked_for(output):
    streams = Streams.for_tests()
    fail(streams, output, "create", samples.NO_STOCK)
    assert streams.written()[0] == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError("no\nway"), 1),
        (KeyError(), 1),
        (KeyboardInterrupt(), 130),
        (Interrupted("Stopped at a safe point.", signal_number=15), 143),
    ],
)
def test_the_exit_code_is_the_errors_own_and_a_bug_is_1(error, code):
    streams = Streams.for_tests()
    assert fail(streams, "table", "create", error) == code
    assert f"exit {code}" in streams.written()[1]
    is_bug = not isinstance(error, AckGpuError | KeyboardInterrupt)
    assert ("bug" in streams.written()[1]) is is_bug


def test_escape_sequences_in_a_cloud_message_do_not_reach_the_terminal():
    streams = Streams.for_tests(terminal=True, color="never")
    fail(streams, "table", "create", VerificationFailed("bad \x1b[2J\x07 thing", details=["\x1bc"]))
    assert not set(streams.written()[1]) & {"\x1b", "\x07"}


def test_jsonl_ends_with_the_result():
    streams = Streams.for_tests()
    present(streams, "jsonl", samples.RESULTS["list"])
    (line,) = streams.written()[0].splitlines()
    assert json.loads(line)["type"] == "Result"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("list", "demo\n训练\n"),
        ("list-empty", ""),
        ("verify", "cn-hangzhou.192.168.0.4\n"),
        ("check-quota", "EIPs\n"),
        ("offers", "ecs.vgn5i-m2.xlarge\necs.vgn7i-vws-m4.xlarge\n"),
        ("plan", "vpc\nvswitch k\n"),
    ],
)
def test_names_are_one_a_line(name, expected):
    streams = Streams.for_tests()
    present(streams, "name", samples.RESULTS[name])
    assert streams.written()[0] == expected


def test_a_manifest_is_written_as_it_is():
    streams = Streams.for_tests(terminal=True)
    present(streams, "table", samples.RESULTS["manifest"])
    assert streams.written() == ("kind: Pod\n\tx\n", "")


def test_warnings_go_to_stderr():
    streams = Streams.for_tests()
    present(streams, "json", samples.RESULTS["preflight"])
    out, err = streams.written()
    assert json.loads(out)["warnings"] == ["stock not read"]
    assert err == "! stock not read\n"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("number", [0, 1, 100, 101, 250])
def test_thousands_of_rows_are_written_one_by_one_and_read_the_same(encoding, number):
    words = 'größer "quoted" \\ \x07 \x85 \u202e {} [] \n\t'
    rung = CheckCell(name="gpu", verdict="failed", value="0/1", message=words, remedy="")
    row = VerifyRow(node="n", instance_type="", zone="", rungs=(rung,), labels={"ä": words})
    rows = tuple(dataclasses.replace(row, node=f"n{index}") for index in range(number))
    part = VerifyResult(cluster_name="c", level="labels", rungs=("gpu",), nodes=rows, seconds=1.5)
    result = Result(command="verify", part=part, warnings=('"nodes": []',))
    streams = Streams.for_tests(encoding=encoding)
    present(streams, "json", result)
    ascii_only = encoding == "ascii"
    whole = json.dumps(document_of(result), ensure_ascii=ascii_only, indent=2)
    assert streams.written()[0] == visible_escapes(whole) + "\n"


def test_every_form_of_a_document_has_its_writer() -> None:
    assert set(WRITERS) == DOCUMENTS
    assert set(OUTPUTS) - DOCUMENTS == {"table", "name"}
