"""What the cloud says by a code, or by its words alone, and what whole commands make of it."""

from __future__ import annotations

from typing import Any

import pytest
from support.cli import Cli

POOL = "CreateClusterNodePool"


def spoil(cli: Cli, *faults: dict[str, Any]) -> None:
    cli.emulator.set_faults({"faults": list(faults)})


def asked(cli: Cli, action: str) -> int:
    return sum(entry.action == action for entry in cli.emulator.requests)


@pytest.mark.long
@pytest.mark.parametrize("code", ["LackResource", "OperationFailed.NoAvailableResource"])
def test_stock_that_a_pools_task_lacks_sends_it_to_the_next_zone(cli: Cli, code: str) -> None:
    spoil(cli, {"kind": "pool_failed", "code": code, "message": "none left"})
    ended = cli("create", "demo", "--no-verify", "-o", "json")
    assert ended.code == 8
    error = ended.json["error"]
    assert error["code"] == "NoCapacity"
    assert len(error["details"]) > 1
    assert all(line.endswith(code) for line in error["details"])


@pytest.mark.long
def test_a_type_that_the_account_may_not_buy_asks_for_a_ticket_and_no_other_zone(cli: Cli) -> None:
    code = "RecommendEmpty.InstanceTypeNotAuthorized"
    spoil(cli, {"kind": "pool_failed", "code": code, "message": "not authorized"})
    ended = cli("create", "demo", "--no-verify", "-o", "json")
    assert ended.code == 11
    assert ended.json["error"]["code"] == code
    assert "ticket" in ended.json["error"]["resolution"]
    assert asked(cli, POOL) == 1


UPDATING = "cannot operate cluster where state is updating"
PASSES: dict[str, list[tuple[str, str]]] = {
    POOL: [("InvalidClusterStatus.Forbidden", "m"), ("Odd", UPDATING), ("400", UPDATING)],
    "AllocateEipAddress": [("FrequentPurchase.EIP", "m")],
    "CreateVpc": [
        ("Operation.Conflict", "m"),
        ("OperationFailed.QueryCenIpv6Status", "m"),
        ("InternalError", "m"),
    ],
    "CreateVSwitch": [("VPC_TASK_CONFLICT", "m")],
    "CreateNatGateway": [
        ("TaskConflict.AssociateGlobalAccelerationInstance", "m"),
        ("OperationFailure.OperationFailed", "m"),
    ],
    "CreateSnatEntry": [("OperationFailed.NatGwRouteInMiddleStatus", "m")],
    "AssociateEipAddress": [
        ("InvalidStatus.EcsStatusNotSupport", "m"),
        ("InvalidStatus.EniStatusNotSupport", "m"),
        ("InvalidStatus.InstanceHasBandWidth", "m"),
        ("InvalidOperation.Conflict", "m"),
    ],
}
"""How calls of a create may be refused, one after the other, and go through in the end."""


@pytest.mark.long
def test_what_passes_is_waited_out(cli: Cli) -> None:
    spoil(
        cli,
        *(
            {
                "effect": "error",
                "status": 400,
                "action": action,
                "calls": [index],
                "code": code,
                "message": message,
            }
            for action, refusals in PASSES.items()
            for index, (code, message) in enumerate(refusals, start=1)
        ),
    )
    cli.ok("create", "demo", "--no-verify")
    assert {action: asked(cli, action) - 1 for action in PASSES} == {
        action: len(refusals) for action, refusals in PASSES.items()
    }


@pytest.mark.long
def test_a_200_with_an_internal_error_is_read_again(cli: Cli) -> None:
    spoil(cli, {"effect": "error_in_ok", "code": "InternalError", "action": "D*", "calls": [1, 3]})
    cli.ok("create", "demo", "--no-verify")


@pytest.mark.long
def test_without_a_single_code_a_cluster_is_made_and_removed(cli: Cli) -> None:
    """The refusals that a life meets on its way are known by their words and statuses alone."""
    spoil(cli, {"effect": "codeless"})
    cli.ok("create", "demo", "--no-verify")
    cli.ok("delete", "demo", "--yes")
    refusals = [entry for entry in cli.emulator.requests if entry.status >= 400]
    assert refusals
    assert not cli.account()


@pytest.mark.long
def test_a_failed_cluster_gives_a_code_that_explain_knows(cli: Cli) -> None:
    spoil(cli, {"kind": "cluster_failed", "stage": 2, "message": "the stack rolled back"})
    error = cli("create", "demo", "--no-verify", "-o", "json").json["error"]
    assert error["code"] == "TaskFailed"
    assert "the stack rolled back" in error["message"]
    assert cli.ok("explain", error["code"], "-o", "json").json["exitsWith"] == 11


def test_a_bare_status_is_not_explained_as_something_else(cli: Cli) -> None:
    explained = cli.ok("explain", "400", "-o", "json").json
    assert "role" not in explained["cause"]
    assert explained["becomes"] == "CloudError"
