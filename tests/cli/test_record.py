"""--record: every call in a file that can be passed on."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli
from support.credentials import new_role, new_user, profile

from ackgpu.emulator.account import ACCOUNT_ID

Rows = list[dict[str, Any]]


def read(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text().splitlines()]


def called(rows: Rows, call: str) -> dict[str, Any]:
    return next(row for row in rows if row.get("call") == call)


@pytest.mark.long
def test_a_life_is_recorded_call_by_call(cli: Cli, tmp_path: Path) -> None:
    for words in (
        ("create", "demo"),
        ("verify", "demo", "--level", "cuda"),
        ("delete", "demo", "-y"),
    ):
        cli.emulator.requests.clear()
        file = tmp_path / f"{words[0]}.jsonl"
        cli.ok(*words, "--record", str(file))
        head, *calls = read(file)
        assert head["command"].startswith(words[0])
        assert "Read it before you pass it on" in head["holds"]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        of_cloud = [row["call"] for row in calls if row["service"] != "kubernetes"]
        assert len(of_cloud) == len(cli.emulator.requests)
        if words[0] != "delete":
            assert any(row["call"] == "GET /api/v1/nodes" for row in calls)


@pytest.mark.long
def test_ids_are_replaced_the_same_by_the_same_and_names_stay(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    cli.ok("create", "demo", "--record", str(file))
    rows, text, account = read(file), file.read_text(), cli.account()
    made = called(rows, "CreateVpc")["answer"]["VpcId"]
    assert made == "vpc-0001"
    assert called(rows, "CreateVSwitch")["sent"]["VpcId"] == made
    assert called(rows, "CreateVpc")["sent"]["VpcName"] == "ackgpu-demo-vpc"
    real = [identifier for ids in account.values() for identifier in ids]
    requests = [entry.request_id for entry in cli.emulator.requests]
    assert [word for word in (*real, *requests, ACCOUNT_ID) if word in text] == []
    public = re.findall(r"\b(?:\d{1,3}\.){3}\d{1,3}\b", text)
    assert [ip for ip in public if ip.startswith(("47.", "8.", "39.", "120."))] == []


@pytest.mark.long
def test_no_secret_is_in_a_record(cli: Cli, tmp_path: Path) -> None:
    key_id, secret = new_user(cli.emulator)
    keys = {"access_key_id": key_id, "access_key_secret": secret}
    profile(cli.home, mode="RamRoleArn", **keys, ram_role_arn=new_role(cli.emulator))
    file, password = tmp_path / "record.jsonl", tmp_path / "password"
    password.write_text("Aa1-PLANTED-nodes")
    cli.ok("create", "demo", "-p", "p", "--record", str(file))
    text = file.read_text()
    cli.ok("kubeconfig", "write", "demo", "--record", str(file))
    text += file.read_text()
    add = ("nodepool", "add", "demo", "extra", "--password-file", str(password))
    cli.ok(*add, "--record", str(file))
    text += file.read_text()
    cli.ok("nodepool", "attach", "demo", "gpu", "--instance-id", cli.account()["instance"][0],
           "--mode", "manual", "--dry-run", "--record", str(file))  # fmt: skip
    text += file.read_text()
    with cli.emulator.backend.transaction() as session:
        tokens = session.find("ststoken")
    assert tokens
    hidden = [value for doc in tokens for value in (
        doc.id, doc.body["AccessKeySecret"], doc.body["SecurityToken"],
    )]  # fmt: skip
    hidden += [key_id, secret, "PLANTED", "client-key-data", "PRIVATE KEY", "Signature"]
    assert [word for word in hidden if word in text] == []
    assert called(read(file), "GetCallerIdentity")


def test_a_reply_that_was_lost_is_recorded_as_such(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    lost = {"effect": "lost_reply", "action": "DescribeVpcs", "calls": [1]}
    cli.emulator.set_faults({"faults": [lost]})
    cli("list", "--record", str(file))
    answers = [row["status"] for row in read(file) if row.get("call") == "DescribeVpcs"]
    assert answers == [None, 200]


def test_a_refusal_is_recorded_with_its_answer(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    odd = {"effect": "error", "action": "DescribeVpcs", "status": 400, "code": "Odd"}
    cli.emulator.set_faults({"faults": [odd]})
    assert cli("--record", str(file), "list").code == 11
    row = called(read(file), "DescribeVpcs")
    assert (row["status"], row["answer"]["Code"]) == (400, "Odd")


@pytest.mark.parametrize("path", ["/no/such/directory/file", "/"])
def test_a_record_that_cannot_be_written_is_told_before_anything_is_called(
    cli: Cli, path: str
) -> None:
    cli.emulator.requests.clear()
    ended = cli("list", "--record", path)
    assert ended.code == 2
    assert f"--record {path}: it cannot be written" in ended.err
    assert len(cli.emulator.requests) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_a_full_disk_stops_nothing_and_the_record_is_called_incomplete(cli: Cli) -> None:
    ended = cli.ok("list", "--record", "/dev/full")
    assert "--record /dev/full is not complete" in ended.err
    assert "No space left on device" in ended.err
