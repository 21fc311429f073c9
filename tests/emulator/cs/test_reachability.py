"""Who reaches whom in a cluster, by the rules of its security groups."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.emulator import reachability
from ackgpu.emulator.reachability import Traffic
from tests.emulator.cs.ack import ZONE, Ack

PODS, VPC = "172.20.0.0/16", "192.168.0.0/16"
DNS = Traffic("UDP", 53)
ICMP = Traffic("ICMP")
WEB = Traffic("TCP", 8080)


def group(ack: Ack, kind: str = "normal") -> str:
    made = ack.ecs("CreateSecurityGroup", VpcId=ack.vpc_id, SecurityGroupType=kind)
    return str(made["SecurityGroupId"])


def let_in(ack: Ack, group_id: str, **rule: Any) -> None:
    permission = {"IpProtocol": "all", "PortRange": "-1/-1"} | rule
    ack.ecs("AuthorizeSecurityGroup", SecurityGroupId=group_id, Permissions=[permission])


def let_out(ack: Ack, group_id: str, **rule: Any) -> None:
    permission = {"IpProtocol": "all", "PortRange": "-1/-1"} | rule
    ack.ecs("AuthorizeSecurityGroupEgress", SecurityGroupId=group_id, Permissions=[permission])


def two_nodes(ack: Ack, **changes: Any) -> str:
    """A cluster of two nodes; its id."""
    group_of_pool = changes.pop("pool_group", None)
    cluster_id = ack.make_cluster(**changes)
    ack.make_pool(cluster_id, **({"security_group_ids": [group_of_pool]} if group_of_pool else {}))
    return cluster_id


def pods(ack: Ack, cluster_id: str, traffic: Traffic, *, same_node: bool = False) -> str:
    with ack.emulator.backend.transaction() as docs:
        cluster = docs.get("cluster", cluster_id)
        nodes = docs.find("node", scope=cluster_id)
        assert cluster is not None
        ends = (nodes[0], nodes[0 if same_node else 1])
        return reachability.between_pods(docs, cluster, ends, traffic)


def terway(ack: Ack) -> dict[str, Any]:
    config = f'{{"PodVswitchId":{{"{ZONE}":["{ack.vswitch_id}"]}}}}'
    return {"container_cidr": None, "addons": [{"name": "terway-eniip", "config": config}]}


@pytest.mark.parametrize("traffic", [DNS, ICMP, WEB])
@pytest.mark.parametrize("kind", ["enterprise", "normal"])
def test_the_group_that_ack_makes_lets_pods_reach_each_other(
    ack: Ack, kind: str, traffic: Traffic
) -> None:
    asked = {} if kind == "enterprise" else {"is_enterprise_security_group": False}
    cluster_id = two_nodes(ack, **asked)
    assert pods(ack, cluster_id, traffic) == ""
    made = ack.detail(cluster_id)["security_group_id"]
    (row,) = ack.ecs("DescribeSecurityGroups", SecurityGroupId=made)["SecurityGroups"][
        "SecurityGroup"
    ]
    assert row["SecurityGroupType"] == kind


def test_a_given_group_gets_no_rules_so_that_flannels_pods_are_cut_off(ack: Ack) -> None:
    given = group(ack)
    cluster_id = two_nodes(ack, security_group_id=given)
    assert [row["node_status"] for row in ack.nodes(cluster_id)] == ["Ready"] * 2
    assert pods(ack, cluster_id, DNS, same_node=True) == ""
    found = pods(ack, cluster_id, DNS)
    assert found == f"security group {given} lets no UDP 53 in from 172.20.0.2"
    let_in(ack, given, SourceCidrIp=PODS)
    assert pods(ack, cluster_id, DNS) == ""


def test_a_rule_for_the_group_itself_does_not_match_flannels_pods(ack: Ack) -> None:
    given = group(ack)
    let_in(ack, given, SourceGroupId=given)
    assert pods(ack, two_nodes(ack, security_group_id=given), WEB) != ""


def test_terways_pods_are_members_of_the_group(ack: Ack) -> None:
    given = group(ack)
    cluster_id = two_nodes(ack, security_group_id=given, **terway(ack))
    assert pods(ack, cluster_id, WEB) == ""


def test_ports_priorities_and_refusals_count(ack: Ack) -> None:
    given = group(ack)
    cluster_id = two_nodes(ack, security_group_id=given)
    let_in(ack, given, IpProtocol="tcp", PortRange="8000/8100", SourceCidrIp=PODS)
    assert pods(ack, cluster_id, WEB) == ""
    assert pods(ack, cluster_id, Traffic("TCP", 9000)) != ""
    assert pods(ack, cluster_id, DNS) != ""
    let_in(ack, given, SourceCidrIp=PODS, Policy="drop")
    assert pods(ack, cluster_id, WEB) != "", "of equal priority the refusal counts"


@pytest.mark.parametrize("way", ["in", "out", "open"])
def test_an_enterprise_group_without_rules_keeps_nodes_from_the_api_server(
    ack: Ack, way: str
) -> None:
    given = group(ack, "enterprise")
    if way in {"in", "open"}:
        let_in(ack, given, SourceCidrIp=VPC)
    if way in {"out", "open"}:
        let_out(ack, given, DestCidrIp="0.0.0.0/0")
    cluster_id = two_nodes(ack, security_group_id=given)
    joined = [doc["t_join"] is not None for doc in ack.node_docs(cluster_id)]
    assert joined == [way == "open"] * 2


def test_nodes_in_another_group_never_join_unless_the_clusters_lets_them_in(ack: Ack) -> None:
    first, second = group(ack), group(ack)
    cluster_id = two_nodes(ack, security_group_id=first, pool_group=second)
    ack.clock.advance(600)
    nodes = ack.nodes(cluster_id)
    assert {row["node_status"] for row in nodes} == {"Unknown"}
    assert "did not join" in nodes[0]["error_message"]
    let_in(ack, first, IpProtocol="tcp", PortRange="6443/6443", SourceGroupId=second)
    ack("ScaleClusterNodePool", cluster_id, nodes[0]["nodepool_id"], count=1)
    ack.clock.advance(300)
    states = sorted(row["node_status"] for row in ack.nodes(cluster_id))
    assert states == ["Ready", "Unknown", "Unknown"]
