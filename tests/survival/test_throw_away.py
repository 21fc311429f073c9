"""Clusters for a while: --ttl on everything, gc from any machine, extend and --hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from survival.machine import Machine, remains
from survival.shell import Ended, Shell

from ackgpu.emulator import Emulator

LONG = ("--timeout", "24h")
EXPIRES = "ackgpu:expires-at"
HOUR = 3600.0
TAGGED = ("vpc", "vswitch", "natgateway", "eip", "securitygroup", "cluster", "instance")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell on an account whose hour takes six seconds."""
    with Emulator(speed=600, seed=7) as emulator:
        yield Shell(emulator, tmp_path / "user")


def ok(shell: Shell, *command: str) -> dict:
    ended = shell(*command, "-o", "json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def found(document: dict) -> set[str]:
    return {row["reason"] for row in document["found"]}


def pass_time(shell: Shell, seconds: float) -> None:
    """Everything was made ``seconds`` earlier."""
    with shell.emulator.backend.transaction(write=True) as session:
        for kind in session.kinds(at=shell.emulator.backend.timeline_now(session)):
            for doc in session.find(kind):
                tags = doc.body.get("Tags", {})
                for key in (EXPIRES, "ackgpu:run"):
                    if key in tags:
                        tags[key] = earlier(tags[key], seconds / 600)
                session.put(doc)


def earlier(text: str, seconds: float) -> str:
    instant, dash, rest = text.partition("Z")
    shape = "%Y-%m-%dT%H:%M:%S" if "-" in instant else "%Y%m%dT%H%M%S"
    moved = datetime.strptime(instant, shape).replace(tzinfo=UTC) - timedelta(seconds=seconds)
    return f"{moved:{shape}}{dash}{rest}"


@pytest.mark.long
def test_the_expiry_is_on_everything_that_carries_tags(shell: Shell) -> None:
    ok(shell, "create", "demo", "--ttl", "3h", *LONG)
    backend = shell.emulator.backend
    with backend.transaction() as session:
        now = backend.timeline_now(session)
        ours = {
            kind: [doc.body["Tags"].get(EXPIRES, "") for doc in session.find(kind, at=now)
                   if doc.body["Tags"].get("ackgpu:cluster") == "demo"]
            for kind in TAGGED
        }  # fmt: skip
    assert all(texts and all(texts) for texts in ours.values()), ours


@pytest.mark.long
def test_gc_shows_what_is_expired_and_removes_it_only_when_told_to(shell: Shell) -> None:
    ok(shell, "create", "demo", "--ttl", "10h", *LONG)
    ok(shell, "create", "other", *LONG)
    assert ok(shell, "gc")["found"] == []
    pass_time(shell, 11 * HOUR)
    shell.emulator.requests.clear()
    seen = ok(shell, "gc")
    assert found(seen) == {"expired"}
    assert seen["executed"] is False
    assert shell.emulator.requests.writes() == []
    elsewhere = Shell(shell.emulator, shell.home.parent / "elsewhere")
    assert ok(elsewhere, "gc", "--execute", "-y", *LONG)["executed"] is True
    names = {name for (kind, name) in remains(shell.emulator) if kind == "cluster"}
    assert names == {"other"}


@pytest.mark.long
@pytest.mark.parametrize(("ago", "reasons"), [(60, set()), (600, {"expired"})])
def test_what_expired_within_the_skew_of_clocks_stays(
    shell: Shell, ago: int, reasons: set[str]
) -> None:
    ok(shell, "create", "demo", "--ttl", "10h", *LONG)
    expiry = f"{datetime.now(UTC) - timedelta(seconds=ago):%Y-%m-%dT%H:%M:%SZ}"
    for kind in TAGGED:
        tag(shell, kind, EXPIRES, expiry)
    ended = shell("gc", "-o", "json", env={"ACKGPU_CLOCK_SPEED": "1"})  # gc keeps real time
    assert found(json.loads(ended.out)) == reasons


@pytest.mark.long
def test_orphans_are_networks_whose_cluster_is_gone_and_that_nobody_is_at_work_on(
    shell: Shell,
) -> None:
    shell.emulator.set_faults(
        {"faults": [{"effect": "error", "status": 400, "code": "Odd", "action": "CreateCluster"}]}
    )
    assert shell("create", "demo", *LONG).code == 11
    assert ok(shell, "gc", "--orphans")["found"] == []
    pass_time(shell, 10 * HOUR)
    assert found(ok(shell, "gc", "--orphans")) == {"without a cluster"}
    ok(shell, "gc", "--orphans", "--execute", "-y", *LONG)
    assert not remains(shell.emulator)


@pytest.mark.long
def test_extend_and_hold_keep_it_from_gc(shell: Shell) -> None:
    ok(shell, "create", "demo", "--ttl", "2h", *LONG)
    pass_time(shell, 10 * HOUR)
    assert ok(shell, "extend", "demo", "--ttl", "+100h")["held"] is False
    assert ok(shell, "gc", "--expired")["found"] == []
    pass_time(shell, 200 * HOUR)
    assert ok(shell, "extend", "demo", "--hold")["held"] is True
    for selection in ("--expired", "--older-than=1h", "--orphans"):
        assert ok(shell, "gc", selection)["found"] == []
    assert ok(shell, "extend", "demo", "--ttl", "100h")["held"] is False
    assert ok(shell, "gc", "--expired")["found"] == []
    assert found(ok(shell, "gc", "--older-than", "0s")) == {"older than 0s"}


@pytest.mark.long
def test_what_has_no_expiry_is_not_made_to_end_by_extending_it(shell: Shell) -> None:
    ok(shell, "create", "demo", "--nodes", "0", *LONG)
    refused = shell("extend", "demo", "--ttl", "+2h")
    assert refused.code == 2
    assert "ackgpu extend demo --ttl 2h" in " ".join(refused.err.split())
    assert ok(shell, "list")["clusters"][0]["expires"] is None
    assert ok(shell, "extend", "demo", "--ttl", "2h")["expires"]


@pytest.mark.long
def test_no_lifetime_grows_beyond_the_longest(shell: Shell) -> None:
    ok(shell, "create", "demo", "--nodes", "0", "--ttl", "365d", *LONG)
    before = ok(shell, "list")["clusters"][0]["expires"]
    assert shell("extend", "demo", "--ttl", "+3d").code == 2
    tag(shell, "vpc", EXPIRES, "9999-12-31T23:59:59Z")
    assert shell("extend", "demo", "--ttl", "+2h").code == 2
    ok(shell, "extend", "demo", "--ttl", "2h")
    assert ok(shell, "list")["clusters"][0]["expires"] < before


@pytest.mark.long
def test_gc_looks_in_every_region(shell: Shell) -> None:
    ok(shell, "create", "demo", "-r", "cn-shanghai", "--ttl", "2h", *LONG)
    pass_time(shell, 10 * HOUR)
    assert ok(shell, "gc")["found"] == []
    seen = ok(shell, "gc", "--all-regions")
    assert {row["region"] for row in seen["found"]} == {"cn-shanghai"}


@pytest.mark.long
def test_two_gcs_at_once_do_no_harm(shell: Shell, tmp_path: Path) -> None:
    ok(shell, "create", "demo", "--ttl", "2h", *LONG)
    pass_time(shell, 10 * HOUR)
    both = [Machine(tmp_path / name, shell.emulator.env) for name in ("one", "two")]
    started = [machine.start("gc", "--execute", "-y", *LONG) for machine in both]
    for process in started:
        with process:
            _, err = process.communicate(timeout=100)
        assert process.returncode == 0, err
    assert not remains(shell.emulator)


@pytest.mark.parametrize(
    "command",
    [
        ("extend", "demo"),
        ("extend", "demo", "--ttl", "2h", "--hold"),
        ("extend", "demo", "--ttl", "soon"),
        ("extend", "demo", "--ttl", "0s"),
        ("extend", "demo", "--ttl", "367d"),
        ("extend", "demo", "--ttl", "+999999999d"),
        ("gc", "--older-than", "soon"),
        ("gc", "--older-than", "999999999d"),
        ("gc", "--execute", "--dry-run"),
    ],
)
def test_nonsense_is_refused(shell: Shell, command: tuple[str, ...]) -> None:
    ended: Ended = shell(*command)
    assert ended.code == 2, ended.err


def test_what_does_not_exist_cannot_be_extended(shell: Shell) -> None:
    assert shell("extend", "nothing", "--hold").code == 5


@pytest.mark.long
def test_gc_asks_before_it_removes(shell: Shell) -> None:
    ok(shell, "create", "demo", "--ttl", "2h", *LONG)
    pass_time(shell, 10 * HOUR)
    assert shell("gc", "--execute").code == 2
    assert remains(shell.emulator)


def tag(shell: Shell, kind: str, key: str, value: str) -> None:
    """Somebody tags the resource of that kind in the console."""
    with shell.emulator.backend.transaction(write=True) as session:
        for doc in session.find(kind, at=shell.emulator.backend.timeline_now(session)):
            doc.body["Tags"][key] = value
            session.put(doc)


@pytest.mark.long
def test_a_hold_that_a_person_wrote_is_one(shell: Shell) -> None:
    ok(shell, "create", "demo", "--ttl", "2h", *LONG)
    pass_time(shell, 10 * HOUR)
    tag(shell, "vpc", "ackgpu:hold", "Yes")
    assert ok(shell, "gc")["found"] == []
    tag(shell, "vpc", "ackgpu:hold", "False")
    assert found(ok(shell, "gc")) == {"expired"}


@pytest.mark.long
@pytest.mark.parametrize("command", ["gc", "list"])
def test_an_expiry_that_cannot_be_read_is_reported(shell: Shell, command: str) -> None:
    ok(shell, "create", "demo", "--ttl", "2h", *LONG)
    tag(shell, "cluster", EXPIRES, "soon")
    (warning,) = ok(shell, command)["warnings"]
    assert "demo in cn-hangzhou" in warning
    assert "'soon'" in warning
    assert "extend demo --ttl" in warning
    assert "'soon'" in shell(command).err
    ok(shell, "extend", "demo", "--ttl", "2h")
    assert ok(shell, command)["warnings"] == []


@pytest.mark.long
def test_what_has_an_expiry_that_cannot_be_read_stays(shell: Shell) -> None:
    ok(shell, "create", "demo", "--ttl", "2h", *LONG)
    pass_time(shell, 10 * HOUR)
    tag(shell, "vpc", EXPIRES, "next week")
    seen = ok(shell, "gc")
    assert seen["found"] == []
    assert "'next week'" in seen["warnings"][0]
    assert found(ok(shell, "gc", "--older-than", "0s")) == {"older than 0s"}


def test_a_network_without_a_cluster_has_its_unreadable_expiry_reported(shell: Shell) -> None:
    refusal = {"effect": "error", "status": 400, "code": "Odd", "action": "CreateCluster"}
    shell.emulator.set_faults({"faults": [refusal]})
    assert shell("create", "demo", "--ttl", "2h", *LONG).code == 11
    tag(shell, "vpc", EXPIRES, "soon")
    assert "'soon'" in ok(shell, "list")["warnings"][0]


def protect(shell: Shell, name: str) -> None:
    """Somebody protects the cluster of that name against deletion."""
    with shell.emulator.backend.transaction(write=True) as session:
        for doc in session.find("cluster", at=shell.emulator.backend.timeline_now(session)):
            if doc.name == name:
                doc.body["deletion_protection"] = True
                session.put(doc)


@pytest.mark.long
def test_gc_counts_what_it_removed_and_lists_what_it_did_not(shell: Shell) -> None:
    for name in ("demo", "other"):
        ok(shell, "create", name, "--ttl", "2h", *LONG)
    pass_time(shell, 10 * HOUR)
    protect(shell, "demo")
    ended = shell("gc", "--execute", "-y", *LONG)
    assert ended.code == 6, ended.err
    assert "demo in cn-hangzhou: The cluster demo" in ended.err
    demo, other = ended.out.splitlines()[1:3]
    assert demo.split()[0] == "demo"
    assert demo.endswith(" left")
    assert other.split()[0] == "other"
    assert other.endswith("deleted")
    left = sum(line.startswith("  left  ") for line in ended.out.splitlines())
    assert left > 0
    assert ended.out.endswith(f" resources deleted, {left} left.\n")


@pytest.mark.long
def test_gc_says_of_each_thing_whether_it_is_gone(shell: Shell) -> None:
    ok(shell, "create", "demo", "--ttl", "2h", *LONG)
    pass_time(shell, 10 * HOUR)
    refusal = {"effect": "error", "status": 400, "code": "Odd", "action": "DeleteVpc"}
    shell.emulator.set_faults({"faults": [refusal]})
    ended = shell("gc", "--execute", "-y", "-o", "json", *LONG)
    assert ended.code == 10, ended.err
    document = json.loads(ended.out)
    assert {row["kind"] for row in document["found"] if not row["removed"]} == {"vpc"}
    assert len(document["found"]) > 1
    (warning,), error = document["warnings"], document["error"]
    assert warning == f"demo in cn-hangzhou: {error['message']} ({error['details'][0]})"
    assert {kind for kind, _ in remains(shell.emulator)} == {"vpc", "routetable"}


@pytest.mark.long
def test_gc_passes_on_what_a_deletion_warns_of(shell: Shell) -> None:
    ok(shell, "create", "demo", "--ttl", "2h", *LONG)
    pass_time(shell, 10 * HOUR)
    (shell.home / ".kube" / "config").write_text("{")
    ended = shell("gc", "--execute", "-y", "-o", "json", *LONG)
    assert ended.code == 0, ended.err
    (warning,) = json.loads(ended.out)["warnings"]
    assert warning.startswith("demo in cn-hangzhou: A context demo may be left")


@pytest.mark.long
def test_gc_removes_nothing_of_a_protected_cluster_and_says_so(shell: Shell) -> None:
    ok(shell, "create", "demo", "--ttl", "2h", *LONG)
    pass_time(shell, 10 * HOUR)
    protect(shell, "demo")
    ended = shell("gc", "--execute", "-y", *LONG)
    assert ended.code == 6, ended.err
    assert "\n0 resources deleted, " in ended.out
    assert shell("gc", "--execute", "-y", "-o", "name", *LONG).out == ""
