"""``diagnose`` reads what Auto Scaling says of pools whose nodes do not come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli, cli_on

from ackgpu.emulator.ess.activities import KIND
from ackgpu.emulator.store import Doc
from tests.cli.policies import as_user_of, generated

ESS = "DescribeScalingActivities"
NO_TASKS = {"effect": "error", "action": "DescribeClusterTasks", "code": "Forbidden", "status": 403}
"""With it the reason is told by Auto Scaling and nobody else."""
CODES = {
    "out-of-stock": ("OperationDenied.NoStock", "ackgpu offers"),
    "quota": ("QuotaExceed.ElasticQuota", "ackgpu check-quota"),
    "no-address": ("QuotaExceeded.PrivateIpAddress", "aliyun vpc DescribeVSwitchAttributes"),
    "access-denied": ("Forbidden.RAM", "ackgpu policy generate --for create"),
    "scaling-failed": ("ErrorUnheardOf", "ackgpu explain ErrorUnheardOf"),
}

Shell = partial[AbstractContextManager[Cli]]


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell on an account with such faults and other options."""
    return partial(cli_on, tmp_path / "user", capsys)


@pytest.fixture
def cli(shell: Shell) -> Iterator[Cli]:
    """A shell in which a cluster of one GPU node stands."""
    with shell() as made:
        made.ok("create", "demo", "--nodes", "1")
        yield made


def refused_pool(code: str = "OperationDenied.NoStock") -> dict[str, Any]:
    return {"kind": "pool_failed", "pool": "gpu", "code": code, "message": "it was refused"}


def grow(cli: Cli, *more: dict[str, Any], code: str = "OperationDenied.NoStock") -> None:
    """Let the pool fail to grow; ``more`` are the faults that stay."""
    cli.emulator.set_faults({"faults": [refused_pool(code)]})
    assert cli("nodepool", "scale", "demo", "gpu", "--nodes", "2").code
    cli.emulator.set_faults({"faults": [*more]})


def diagnose(cli: Cli, **how: Any) -> dict[str, Any]:
    ended = cli("diagnose", "demo", "-o", "json", **how)
    assert ended.code == 0, ended.err
    return ended.json


def asked(cli: Cli) -> list[str]:
    return [entry.action for entry in cli.emulator.requests if entry.action == ESS]


@pytest.mark.long
@pytest.mark.parametrize("cause", CODES)
def test_auto_scaling_tells_by_itself_why_nodes_do_not_come(cli: Cli, cause: str) -> None:
    code, command = CODES[cause]
    grow(cli, NO_TASKS, code=code)
    document = diagnose(cli)
    first = document["causes"][0]
    assert first["id"] == cause, document
    assert first["commands"][0].startswith(command)
    assert any(line.startswith("Auto Scaling ") and "it was refused" in line
               for line in first["evidence"])  # fmt: skip
    assert [row["what"] for row in document["notSeen"]] == ["tasks"]


@pytest.mark.long
@pytest.mark.parametrize("reason", ["told", "quoted"])
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_it_does_so_however_activities_are_listed_and_told(
    shell: Shell, order: str, reason: str
) -> None:
    doubts = {"activity_order": order, "activity_reason": reason}
    with shell(scenario={"doubts": doubts}) as cli:
        cli.ok("create", "demo", "--nodes", "1")
        grow(cli, NO_TASKS)
        assert diagnose(cli)["causes"][0]["id"] == "out-of-stock"


@pytest.mark.long
def test_the_evidence_is_beside_that_of_the_task(cli: Cli) -> None:
    grow(cli)
    first = diagnose(cli)["causes"][0]
    assert first["id"] == "out-of-stock"
    starts = [line.partition(" ")[0] for line in first["evidence"]]
    assert starts[:2] == ["task", "Auto"]


@pytest.mark.long
def test_nobody_is_asked_about_pools_that_have_their_nodes(cli: Cli) -> None:
    assert diagnose(cli)["causes"] == []
    assert asked(cli) == []


@pytest.mark.long
def test_a_failure_that_a_later_activity_mended_is_no_cause(cli: Cli) -> None:
    grow(cli, NO_TASKS)
    cli.ok("nodepool", "scale", "demo", "gpu", "--nodes", "3")
    cli.emulator.set_faults({"faults": [NO_TASKS, {"kind": "node_not_ready", "node": 0}]})
    found = diagnose(cli)["causes"]
    assert "out-of-stock" not in [cause["id"] for cause in found]


@pytest.mark.long
def test_a_pool_that_scales_by_itself_is_told_of_though_it_lacks_nothing(cli: Cli) -> None:
    bounds = ("--autoscaling", "--min", "1", "--max", "3")
    grow(cli, NO_TASKS)
    cli.ok("nodepool", "scale", "demo", "gpu", "--nodes", "1", "--yes")
    cli.ok("nodepool", "update", "demo", "gpu", *bounds, "--yes")
    (cause,) = diagnose(cli)["causes"]
    assert (cause["id"], cause["likelihood"]) == ("out-of-stock", "possible")
    assert not [line for line in cause["commands"] if "nodepool scale" in line]


REJECTED = {
    "You cannot launch a new scaling activity during the cooldown period.": None,
    "The current status of the specified scaling group does not support this action.": (
        "scaling-group-off"
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("message", REJECTED)
def test_what_was_rejected_counts_only_if_there_is_something_to_mend(
    cli: Cli, message: str
) -> None:
    grow(cli, NO_TASKS)
    with cli.emulator.backend.transaction() as session:
        (*_, old) = session.find(KIND)
        body = old.body | {"error": ["IncorrectScalingGroupStatus", message]}
        body["phases"] = [[old.created_at, "Rejected"]]
        old.created_at -= 120
        old.body["error"] = None
        old.body["phases"] = [[old.created_at, "Successful"]]
        session.put(old)
        at = old.created_at + 120
        session.put(Doc(KIND, "asa-r", old.region, old.scope, created_at=at, body=body))
    ids = [cause["id"] for cause in diagnose(cli)["causes"]]
    assert ids == ([REJECTED[message]] if REJECTED[message] else [])


@pytest.mark.long
def test_what_a_sleeper_s_nodes_come_back_by_is_wake(cli: Cli) -> None:
    cli.ok("sleep", "demo", "-y")
    cli.emulator.set_faults({"faults": [refused_pool()]})
    assert cli("wake", "demo").code == 8
    cli.emulator.set_faults({"faults": []})
    first = diagnose(cli)["causes"][0]
    assert first["id"] == "out-of-stock"
    assert first["commands"][-1] == "ackgpu wake demo"
    cli.ok("wake", "demo")
    assert diagnose(cli)["causes"] == []


FAULTS = {
    "refused": {"effect": "error", "action": ESS, "code": "Forbidden.RAM", "status": 403},
    "unknown": {"effect": "error", "action": ESS, "code": "InvalidAction.NotFound", "status": 404},
    "down": {"effect": "error", "product": "ess", "code": "ServiceUnavailable", "status": 503,
             "times": 100_000},
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_without_it_the_rest_is_looked_at_and_it_is_not_seen(cli: Cli, fault: str) -> None:
    grow(cli, FAULTS[fault])
    document = diagnose(cli)
    assert document["causes"][0]["id"] == "out-of-stock"
    (unseen,) = document["notSeen"]
    assert unseen["what"] == "scaling activities of gpu"
    assert unseen["why"]


@pytest.mark.long
def test_the_policy_has_the_action_and_without_it_the_row_names_it(shell: Shell) -> None:
    with shell(enforce_ram=True) as cli:
        cli.ok("create", "demo", "--nodes", "1")
        grow(cli)
        enough = generated(cli, "diagnose")
        assert f"ess:{ESS}" in enough
        assert diagnose(cli, env=as_user_of(cli, enough))["notSeen"] == []
        some = [action for action in enough if not action.startswith("ess:")]
        (unseen,) = diagnose(cli, env=as_user_of(cli, some))["notSeen"]
        assert f"RAM does not allow ess:{ESS}" in unseen["why"]
        assert "ackgpu policy generate --for diagnose" in unseen["remedy"]


@pytest.mark.long
def test_the_bundle_has_the_activities(cli: Cli) -> None:
    grow(cli)
    cli.ok("diagnose", "demo", "--bundle", str(cli.home / "demo.html"))
    page = (cli.home / "demo.html").read_text()
    assert "Scaling activities of gpu" in page
    assert "asa-" in page


def test_an_installation_without_its_sdk_looks_at_the_rest(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(cli)
    for name in [each for each in sys.modules if each.startswith("alibabacloud_ess")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "alibabacloud_ess20220222", None)
    document = diagnose(cli)
    assert document["causes"][0]["id"] == "out-of-stock"
    (unseen,) = document["notSeen"]
    assert "alibabacloud-ess20220222" in unseen["why"]
