"""delete: what it says it will do, what it leaves alone, and what it says became of everything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from survival.machine import NAME, put_in_state, remains, things
from survival.shell import Shell

from ackgpu.emulator import Emulator
from ackgpu.emulator.slb.balancers import make_load_balancer
from ackgpu.emulator.store import Doc

LONG = ("--timeout", "24h")
KINDS = frozenset(
    {
        "vpc", "vswitch", "eip", "natgateway", "securitygroup", "snat", "cluster", "loadbalancer",
        "instance",
    }
)  # fmt: skip


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell on an empty account."""
    with Emulator(speed=600, seed=7) as emulator:
        yield Shell(emulator, tmp_path / "user")


def test_a_dry_run_names_everything_and_changes_nothing(shell: Shell) -> None:
    made(shell)
    before = things(shell.emulator)
    shell.emulator.requests.clear()
    said = document(shell, "delete", NAME, "--dry-run")
    ids = {doc.id for kind in KINDS - {"instance"} for doc in alive(shell, kind)}
    told = " ".join(said["removes"])
    assert [id_ for id_ in ids if id_ not in told] == []
    assert shell.emulator.requests.writes() == []
    assert things(shell.emulator) >= before


@pytest.mark.long
def test_the_receipt_says_where_everything_is(shell: Shell) -> None:
    made(shell)
    ids = {doc.id for kind in KINDS for doc in alive(shell, kind)}
    receipt = document(shell, "delete", NAME, "-y", *LONG)
    assert ids == {resource["id"] for resource in receipt["gone"]}
    assert receipt["left"] == receipt["retained"] == []
    assert {resource["type"] for resource in receipt["unread"]} == {"Stack", "Project", "Role"}


@pytest.mark.long
def test_what_is_retained_stays_with_all_that_it_needs_and_the_receipt_says_why(
    shell: Shell,
) -> None:
    made(shell)
    gateway = alive(shell, "natgateway")[0].id
    receipt = document(shell, "delete", NAME, "-y", "--retain", gateway, *LONG)
    why = {row["resource"]["id"]: row["why"] for row in receipt["retained"]}
    assert why.pop(gateway) == "--retain"
    assert set(why.values()) == {"what is retained needs it"}
    assert {doc.id for doc in alive(shell, "vpc")} <= set(why)
    assert alive(shell, "cluster") == []
    document(shell, "delete", NAME, "-y", *LONG)
    assert not remains(shell.emulator)


@pytest.mark.long
def test_load_balancers_of_services_are_seen_before_and_gone_after(shell: Shell) -> None:
    made(shell)
    balancer = service_balancer(shell, alive(shell, "cluster")[0].id)
    assert balancer in " ".join(document(shell, "delete", NAME, "--dry-run")["removes"])
    receipt = document(shell, "delete", NAME, "-y", *LONG)
    assert balancer in {resource["id"] for resource in receipt["gone"]}
    assert not remains(shell.emulator)


@pytest.mark.long
def test_load_balancers_that_outlived_their_cluster_are_found_and_removed(shell: Shell) -> None:
    made(shell)
    cluster = alive(shell, "cluster")[0].id
    document(shell, "delete", NAME, "-y", "--retain", alive(shell, "vpc")[0].id, *LONG)
    balancer = service_balancer(shell, cluster)
    receipt = document(shell, "delete", NAME, "-y", *LONG)
    assert balancer in {resource["id"] for resource in receipt["gone"]}
    assert not remains(shell.emulator)


@pytest.mark.long
def test_a_load_balancer_of_somebody_else_stays_and_holds_the_vpc(shell: Shell) -> None:
    made(shell)
    balancer = service_balancer(shell, "", tags={"team": "web"}, intranet=True)
    ended = shell("delete", NAME, "-y", "-o", "json", "--timeout", "30m")
    assert ended.code == 10
    assert [doc.id for doc in alive(shell, "loadbalancer")] == [balancer]
    assert alive(shell, "vpc")


@pytest.mark.long
@pytest.mark.parametrize("state", ["initial", "running", "failed", "delete_failed", "unavailable"])
def test_a_cluster_goes_from_any_state(shell: Shell, state: str) -> None:
    made(shell)
    put_in_state(shell.emulator, "cluster", state)
    document(shell, "delete", NAME, "-y", *LONG)
    assert not remains(shell.emulator)


@pytest.mark.long
def test_given_resources_are_never_touched(tmp_path: Path) -> None:
    resources = [
        {"name": "net", "action": "vpc.CreateVpc", "parameters": {"CidrBlock": "10.0.0.0/8"}},
        {"name": "sw", "action": "vpc.CreateVSwitch",
         "parameters": {"VpcId": "${net.VpcId}", "ZoneId": "cn-hangzhou-k",
                        "CidrBlock": "10.0.0.0/16"}},
    ]  # fmt: skip
    with Emulator(speed=600, seed=7, scenario={"resources": resources}) as emulator:
        shell = Shell(emulator, tmp_path / "user")
        vpc, vswitch = alive(shell, "vpc")[0], alive(shell, "vswitch")[0]
        ended = shell("create", NAME, "--vpc-id", vpc.id, "--vswitch-id", vswitch.id, *LONG)
        assert ended.code == 0, ended.err
        document(shell, "delete", NAME, "-y", *LONG)
        assert [doc.body for doc in alive(shell, "vpc")] == [vpc.body]
        left = {kind for kind, _ in remains(emulator)}
        assert left == {"vpc", "vswitch", "routetable"}


def made(shell: Shell) -> None:
    ended = shell("create", NAME, *LONG)
    assert ended.code == 0, ended.err


def document(shell: Shell, *command: str) -> dict:
    ended = shell(*command, "-o", "json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def alive(shell: Shell, kind: str) -> list[Doc]:
    backend = shell.emulator.backend
    with backend.transaction() as session:
        return session.find(kind, at=backend.timeline_now(session))


def service_balancer(
    shell: Shell, cluster: str, *, tags: dict[str, str] | None = None, intranet: bool = False
) -> str:
    backend = shell.emulator.backend
    vpc, vswitch = alive(shell, "vpc")[0].id, alive(shell, "vswitch")
    with backend.transaction(write=True) as session:
        call = backend.internal_call(session, "CreateLoadBalancer", region="cn-hangzhou")
        doc = make_load_balancer(
            call,
            region="cn-hangzhou",
            name="a-service",
            address_type="intranet" if intranet else "internet",
            vpc_id=vpc,
            vswitch_id=vswitch[0].id if intranet else "",
            tags=tags or {"ack.aliyun.com": cluster},
            ports=(80,),
        )
        return doc.id


@pytest.mark.long
def test_subscriptions_are_left_with_their_ids_and_what_to_do(shell: Shell) -> None:
    ended = shell("create", NAME, "--charge-type", "PrePaid", "--period", "1", "-y", *LONG)
    assert ended.code == 0, ended.err
    instances = {doc.id for doc in alive(shell, "instance")}
    ended = shell("delete", NAME, "-y", "-o", "json", *LONG)
    assert ended.code == 10
    receipt = json.loads(ended.out)
    assert instances <= {resource["id"] for resource in receipt["left"]}
    assert alive(shell, "cluster") == []
    assert "subscription" in ended.err


@pytest.mark.long
def test_a_retained_instance_stays_with_its_network_and_the_others_go(shell: Shell) -> None:
    made(shell)
    kept, gone = (doc.id for doc in alive(shell, "instance"))
    receipt = document(shell, "delete", NAME, "-y", "--retain", kept, *LONG)
    assert [doc.id for doc in alive(shell, "instance")] == [kept]
    assert gone in {resource["id"] for resource in receipt["gone"]}
    assert kept in {row["resource"]["id"] for row in receipt["retained"]}
    assert alive(shell, "cluster") == []
    document(shell, "delete", NAME, "-y", *LONG)
    assert not remains(shell.emulator)


@pytest.mark.long
def test_a_group_that_went_with_the_cluster_is_not_left_beside_a_subscription(
    tmp_path: Path,
) -> None:
    doubts = {"given_group": "deleted"}
    with Emulator(speed=600, seed=7, scenario={"doubts": doubts}) as emulator:
        shell = Shell(emulator, tmp_path / "user")
        ended = shell("create", NAME, "--charge-type", "PrePaid", "--period", "1", "-y", *LONG)
        assert ended.code == 0, ended.err
        ended = shell("delete", NAME, "-y", "-o", "json", *LONG)
        assert ended.code == 10
        assert alive(shell, "securitygroup") == []
        receipt = json.loads(ended.out)
        types = {side: {row["type"] for row in receipt[side]} for side in ("left", "gone")}
        assert "SecurityGroup" in types["gone"]
        assert "SecurityGroup" not in types["left"]
        assert {"Instance", "VSwitch", "Vpc"} <= types["left"]
        assert "SecurityGroup" not in str(receipt["error"]["details"])
