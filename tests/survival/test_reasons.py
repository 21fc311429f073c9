"""What went wrong is told with its reason, what remains is told, and it can be taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from survival.machine import NAME, put_in_state, remains
from survival.shell import Ended, Shell

from ackgpu.emulator import Emulator

LONG = ("--timeout", "24h")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell on an empty account."""
    with Emulator(speed=500, seed=7) as emulator:
        yield Shell(emulator, tmp_path / "user")


def spoilt(shell: Shell, *flags: str, **fault: Any) -> Ended:
    shell.emulator.set_faults({"faults": [fault]})
    ended = shell("create", NAME, *LONG, *flags)
    shell.emulator.set_faults(None)
    return ended


def clean_up(shell: Shell) -> None:
    ended = shell("delete", NAME, "-y", *LONG)
    assert ended.code == 0, ended.err
    assert not remains(shell.emulator)


@pytest.mark.long
def test_a_cluster_that_failed_says_at_which_stage_and_why(shell: Shell) -> None:
    ended = spoilt(shell, kind="cluster_failed", stage=2, message="the stack rolled back")
    assert ended.code == 11
    assert "the stack rolled back" in ended.err
    assert "stage: Create control plane: fail" in ended.err
    assert f"ackgpu delete {NAME}" in ended.err
    assert "goes on from here" not in ended.err
    again = shell("create", NAME, *LONG)
    assert again.code == 11
    assert f"`ackgpu delete {NAME}` removes what exists" in again.err
    assert "None" not in ended.err
    clean_up(shell)


def test_another_machine_is_told_the_reason_as_well(shell: Shell) -> None:
    spoilt(shell, kind="cluster_failed", stage=2, message="the stack rolled back")
    elsewhere = Shell(shell.emulator, shell.home.parent / "elsewhere")
    ended = elsewhere("create", NAME, *LONG)
    assert ended.code == 11
    assert "the stack rolled back" in ended.err
    assert "stage: Create control plane: fail" in ended.err


@pytest.mark.long
def test_a_pool_without_nodes_says_what_the_scaling_activity_said(shell: Shell) -> None:
    ended = spoilt(shell, kind="pool_failed", code="InsufficientBalance.CreditPay", message="poor")
    assert ended.code == 11
    assert "poor" in ended.err
    assert "InsufficientBalance.CreditPay" in ended.err
    clean_up(shell)


@pytest.mark.long
def test_another_machine_is_told_at_once_that_a_node_never_joined(shell: Shell) -> None:
    here = spoilt(shell, kind="node_never_joins", count=1)
    elsewhere = Shell(shell.emulator, shell.home.parent / "elsewhere")
    ended = elsewhere("create", NAME, *LONG)
    assert ended.code == here.code == 11
    assert "SNAT" in ended.err


@pytest.mark.long
def test_a_node_that_never_joins_is_named_with_what_to_look_at(shell: Shell) -> None:
    ended = spoilt(shell, kind="node_never_joins", count=1)
    assert ended.code == 11
    assert "1 of 2" in ended.err
    assert "SNAT" in ended.err
    clean_up(shell)


@pytest.mark.long
def test_a_node_that_never_turns_ready_is_named_with_its_reason(shell: Shell) -> None:
    ended = spoilt(shell, kind="node_not_ready", count=1)
    assert ended.code == 11
    assert "1 of 2" in ended.err
    clean_up(shell)


@pytest.mark.long
def test_keep_leaves_what_stands_and_the_same_command_goes_on(shell: Shell) -> None:
    refusal = {"effect": "error", "status": 400, "code": "Odd", "action": "CreateClusterNodePool"}
    assert spoilt(shell, **refusal).code == 11
    shell.emulator.requests.clear()
    ended = shell("create", NAME, *LONG)
    assert ended.code == 0, ended.err
    made = [entry.action for entry in shell.emulator.requests.writes()]
    assert made == ["CreateClusterNodePool"]
    clean_up(shell)


@pytest.mark.long
def test_rollback_removes_what_this_run_made(shell: Shell) -> None:
    refusal = {"effect": "error", "status": 400, "code": "Odd", "action": "CreateClusterNodePool"}
    ended = spoilt(shell, "--on-failure", "rollback", **refusal)
    assert ended.code == 11
    assert "Odd" in ended.err
    assert not remains(shell.emulator)


@pytest.mark.long
@pytest.mark.parametrize(
    "fault", [{"kind": "stock_out", "announced": False}, {"kind": "pool_failed"}], ids=str
)
def test_rollback_removes_what_was_made_for_zones_that_were_sold_out(
    shell: Shell, fault: dict[str, Any]
) -> None:
    ended = spoilt(shell, "--on-failure", "rollback", **fault)
    assert ended.code == 8
    assert not remains(shell.emulator)


@pytest.mark.long
def test_a_rollback_that_does_not_finish_tells_what_is_left(shell: Shell) -> None:
    refusals = [
        {"effect": "error", "status": 400, "code": "Odd", "action": action}
        for action in ("CreateClusterNodePool", "DeleteVpc")
    ]
    shell.emulator.set_faults({"faults": refusals})
    ended = shell("create", NAME, "--on-failure", "rollback", *LONG)
    assert ended.code == 11
    assert "The rollback did not finish" in ended.err
    (left,) = (line.strip() for line in ended.err.splitlines() if "left: " in line)
    assert left.startswith("left: Vpc vpc-")
    assert "`ackgpu delete demo` removes what is left." in ended.err
    shell.emulator.set_faults(None)
    clean_up(shell)


@pytest.mark.long
def test_expired_credentials_stop_it_safely_and_new_ones_go_on(shell: Shell) -> None:
    shell.emulator.set_faults(
        {
            "faults": [
                {
                    "effect": "error",
                    "status": 400,
                    "code": "InvalidSecurityToken.Expired",
                    "action": "DescribeClusterDetail",
                    "calls": list(range(2, 400)),
                }
            ]
        }
    )
    ended = shell("create", NAME, *LONG)
    assert ended.code == 4
    assert f"ackgpu create {NAME}" in ended.err
    shell.emulator.set_faults(None)
    ended = shell("create", NAME, *LONG)
    assert ended.code == 0, ended.err
    clean_up(shell)


@pytest.mark.long
def test_a_wait_says_what_was_still_pending(shell: Shell) -> None:
    ended = shell("create", NAME, "--no-wait", *LONG)
    assert ended.code == 0, ended.err
    ended = shell("wait", NAME, "--for", "cluster", "--timeout", "1m", "-o", "json")
    assert ended.code == 7
    error = json.loads(ended.out)["error"]
    assert "still pending" in error["message"]
    clean_up(shell)


@pytest.mark.long
def test_a_wait_ends_where_a_pool_has_failed_and_says_why(shell: Shell) -> None:
    spoilt(shell, kind="pool_failed", code="InsufficientBalance.CreditPay", message="poor")
    ended = shell("wait", NAME, "--for", "nodes")
    assert ended.code == 11
    assert "poor" in ended.err


@pytest.mark.long
def test_a_look_at_a_pool_whose_node_never_joined_leaves_no_journal(shell: Shell) -> None:
    spoilt(shell, kind="node_never_joins", count=1)
    elsewhere = Shell(shell.emulator, shell.home.parent / "elsewhere")
    ended = elsewhere("create", NAME, *LONG)
    assert ended.code == 11
    assert list(elsewhere.home.rglob("journal.jsonl")) == []


@pytest.mark.long
def test_a_wait_names_the_pools_own_failure_and_not_the_newest_task(shell: Shell) -> None:
    poor = {"kind": "pool_failed", "code": "InsufficientBalance.CreditPay", "message": "poor"}
    spoilt(shell, "--kubernetes-version", "1.34", **poor)
    upgraded = shell("upgrade", NAME, "-y", *LONG)
    assert upgraded.code == 0, upgraded.err
    ended = shell("wait", NAME, "--for", "nodes")
    assert ended.code == 11
    assert "poor" in ended.err


@pytest.mark.long
def test_a_wait_for_the_end_of_a_failed_deletion_says_so(shell: Shell) -> None:
    assert shell("create", NAME, *LONG).code == 0
    shell.emulator.set_faults({"faults": [{"kind": "delete_failed"}]})
    assert shell("delete", NAME, "-y", "--no-wait", *LONG).code == 0
    ended = shell("wait", NAME, "--for", "deleted")
    assert ended.code == 11
    assert f"ackgpu delete {NAME}" in ended.err
    clean_up(shell)


@pytest.mark.long
def test_a_wait_goes_on_through_states_that_nobody_knows_with_a_warning(shell: Shell) -> None:
    assert shell("create", NAME, *LONG).code == 0
    put_in_state(shell.emulator, "cluster", "pondering")
    ended = shell("wait", NAME, "--for", "cluster", "--timeout", "10m")
    assert ended.code == 7
    assert "pondering" in ended.err
    put_in_state(shell.emulator, "cluster", "running")
    put_in_state(shell.emulator, "nodepool", "musing")
    ended = shell("wait", NAME, "--for", "nodes", "--timeout", "10m")
    assert ended.code == 7
    assert "musing" in ended.err
