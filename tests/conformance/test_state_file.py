"""The state file outlives a kill at any moment, and two processes may have it open at once."""

from __future__ import annotations

import http.client
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.store import Doc, Transaction
from tests.conformance.life import VGPU, ZONE
from tests.conformance.serving import Wire, announced, start

NODES = 4


def settled(wire: Wire, action: str, key: str, **parameters: str) -> str:
    """Make a thing of VPC and read until it is Available."""
    made = wire.rpc("vpc", f"Create{action}", **parameters)[1][key]
    plural = {"Vpc": "Vpcs", "VSwitch": "VSwitches"}[action]
    while True:
        _, found = wire.rpc("vpc", f"Describe{plural}", **{key: made})
        if found[plural][action][0]["Status"] == "Available":
            return str(made)


def cluster_of(wire: Wire) -> tuple[str, str]:
    """A running cluster; its id and its vSwitch's."""
    vpc_id = settled(wire, "Vpc", "VpcId", CidrBlock="192.168.0.0/16")
    place = {"VpcId": vpc_id, "ZoneId": ZONE, "CidrBlock": "192.168.0.0/20"}
    vswitch_id = settled(wire, "VSwitch", "VSwitchId", **place)
    body = {
        "name": "demo",
        "cluster_type": "ManagedKubernetes",
        "cluster_spec": "ack.pro.small",
        "region_id": "cn-hangzhou",
        "vpcid": vpc_id,
        "vswitch_ids": [vswitch_id],
        "container_cidr": "172.20.0.0/16",
        "service_cidr": "172.21.0.0/20",
        "snat_entry": False,
        "addons": [{"name": "flannel"}],
    }
    _, made = wire.cs("CreateCluster", "POST", "/clusters", body)
    path = f"/clusters/{made['cluster_id']}"
    while wire.cs("DescribeClusterDetail", "GET", path)[1]["state"] != "running":
        pass
    return made["cluster_id"], vswitch_id


def ask_pools(wire: Wire, cluster_id: str, vswitch_id: str, acknowledged: list[str]) -> None:
    """Ask for one pool after the other until the server is gone."""
    group = {
        "instance_types": [VGPU],
        "vswitch_ids": [vswitch_id],
        "system_disk_category": "cloud_efficiency",
        "system_disk_size": 120,
        "desired_size": NODES,
    }
    for number in range(20):
        body = {"nodepool_info": {"name": f"p{number}"}, "scaling_group": group}
        path = f"/clusters/{cluster_id}/nodepools"
        try:
            _, made = wire.cs("CreateClusterNodePool", "POST", path, body)
        except (OSError, http.client.HTTPException):
            return
        acknowledged.append(made["nodepool_id"])


def parts(session: Transaction, node: Doc) -> dict[str, bool]:
    """What a node consists of, and whether it is there."""
    instance = session.get("instance", node.body["instance_id"])
    enis = session.find("eni", scope=instance.body["VSwitchId"]) if instance else []
    routes = session.find("route")
    return {
        "instance": instance is not None,
        "disk": len(session.find("disk", scope=node.body["instance_id"])) == 1,
        "eni": [eni.body["InstanceId"] for eni in enis].count(node.body["instance_id"]) == 1,
        "route": any(route.body["NextHopId"] == node.body["instance_id"] for route in routes),
        "pool": session.get("nodepool", node.body["nodepool_id"]) is not None,
    }


@pytest.mark.long
@pytest.mark.parametrize("answers", [1, 3, 5])
def test_a_kill_leaves_every_pool_whole_or_absent(tmp_path: Path, answers: int) -> None:
    acknowledged: list[str] = []
    process = start(tmp_path)
    with announced(process) as endpoint:
        wire = Wire(endpoint)
        made = cluster_of(wire)
        client = threading.Thread(target=ask_pools, args=(wire, *made, acknowledged))
        client.start()
        while len(acknowledged) < answers and client.is_alive():
            client.join(0.01)
        process.kill()
        client.join()
        wire.close()
    with (
        Emulator(tmp_path, clock=ManualClock()) as emulator,
        emulator.backend.transaction() as session,
    ):
        pools = [pool.id for pool in session.find("nodepool")]
        nodes = session.find("node")
        broken = [parts(session, node) for node in nodes]
    assert set(acknowledged) <= set(pools)
    assert len(pools) - len(acknowledged) in {0, 1}
    assert len(nodes) == NODES * len(pools)
    assert [each for each in broken if not all(each.values())] == []


def make_vpcs(endpoint: str, prefix: str, answers: list[tuple[int, Any]]) -> None:
    """Ask for ten VPCs; the last answer is to a request that the other process gets as well."""
    wire = Wire(endpoint)
    same = {"CidrBlock": "10.0.0.0/8", "VpcName": "same", "ClientToken": "the-same"}
    answers.append(wire.rpc("vpc", "CreateVpc", **same))
    for number in range(9):
        name = f"{prefix}-{number}"
        answers.append(wire.rpc("vpc", "CreateVpc", CidrBlock="10.0.0.0/8", VpcName=name))
    wire.close()


@pytest.mark.long
def test_two_processes_share_a_state_file(tmp_path: Path) -> None:
    answers: dict[str, list[tuple[int, Any]]] = {"one": [], "two": []}
    with ExitStack() as stack:
        processes = [start(tmp_path), start(tmp_path)]  # both make the file, at the same time
        endpoints = [stack.enter_context(announced(process)) for process in processes]
        clients = [
            threading.Thread(target=make_vpcs, args=(endpoint, name, answers[name]))
            for endpoint, name in zip(endpoints, answers, strict=True)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        shown = []
        for endpoint in endpoints:
            wire = Wire(endpoint)
            rows = wire.rpc("vpc", "DescribeVpcs", PageSize="50")[1]["Vpcs"]["Vpc"]
            shown.append(sorted(row["VpcId"] for row in rows))
            wire.close()
    assert shown[0] == shown[1]
    made = [body["VpcId"] for each in answers.values() for status, body in each if status == 200]
    refused = {body["Code"] for each in answers.values() for status, body in each if status != 200}
    assert answers["one"][0][1]["VpcId"] == answers["two"][0][1]["VpcId"]
    assert sorted(set(made)) == shown[0]
    assert len(shown[0]) == 10
    assert refused == {"QuotaExceeded.Vpc"}
