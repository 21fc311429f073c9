"""Clusters: their birth, how they read back, and how they are listed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from tests.emulator.cs.ack import CREATED, REGION, ZONE, Ack


def test_a_cluster_is_initial_until_its_control_plane_runs(ack: Ack, clock: ManualClock) -> None:
    cluster_id, task_id = ack.ask_cluster()
    assert ack.detail(cluster_id)["state"] == "initial"
    clock.advance(355)
    assert ack.detail(cluster_id)["state"] == "initial"
    assert ack.task(task_id)["state"] == "running"
    clock.advance(10)
    assert ack.detail(cluster_id)["state"] == "running"
    assert ack.task(task_id)["state"] == "success"


def test_ids_have_the_forms_of_the_real_ones(ack: Ack) -> None:
    cluster_id, task_id = ack.ask_cluster()
    assert cluster_id[0] == "c"
    assert len(cluster_id) == 33
    assert int(cluster_id[1:], 16)
    assert task_id.startswith("T-")
    assert len(task_id) == 26


def test_the_stages_of_the_creation_pass_one_after_the_other(ack: Ack, clock: ManualClock) -> None:
    _, task_id = ack.ask_cluster()
    seen = []
    for _ in range(8):
        task = ack.task(task_id)
        seen.append([stage["state"] for stage in task["stages"]])
        clock.advance(50)
    assert seen[0] == ["running", "initial", "initial", "initial"]
    assert seen[2] == ["success", "running", "initial", "initial"]
    assert seen[-1] == ["success", "success", "success", "running"]
    assert ack.task(task_id)["current_stage"] == ""


def test_reading_changes_nothing(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    assert ack.detail(cluster_id) == ack.detail(cluster_id)
    with ack.emulator.backend.transaction() as session:
        before = session.count("task", at=1e9)
    ack("DescribeClustersV1")
    ack("DescribeClusterResources", cluster_id)
    ack("DescribeClusterUserKubeconfig", cluster_id)
    with ack.emulator.backend.transaction() as session:
        assert session.count("task", at=1e9) == before


def test_what_was_supplied_reads_back(ack: Ack) -> None:
    cluster_id = ack.make_cluster(
        kubernetes_version="1.34.10-aliyun.1",
        node_cidr_mask="25",
        proxy_mode="iptables",
        deletion_protection=True,
        tags=[{"key": "env", "value": "test"}],
    )
    cluster = ack.detail(cluster_id)
    assert cluster["name"] == "demo"
    assert cluster["current_version"] == cluster["init_version"] == "1.34.10-aliyun.1"
    assert cluster["node_cidr_mask"] == "25"
    assert cluster["proxy_mode"] == "iptables"
    assert cluster["deletion_protection"] is True
    assert cluster["container_cidr"] == cluster["subnet_cidr"] == "172.20.0.0/16"
    assert cluster["vswitch_id"] == ack.vswitch_id
    assert cluster["vswitch_ids"] == [ack.vswitch_id]
    assert {"key": "env", "value": "test"} in cluster["tags"]
    assert {"key": "ack.aliyun.com", "value": cluster_id} in cluster["tags"]


def test_what_was_not_supplied_reads_back_as_the_service_has_it(ack: Ack) -> None:
    cluster = ack.detail(ack.make_cluster(cluster_spec=None))
    assert cluster["timezone"] == ""
    assert cluster["maintenance_window"] == {"enable": False, "weekly_period": ""}
    assert cluster["cluster_spec"] == "ack.standard"
    assert cluster["node_cidr_mask"] == "26"
    assert cluster["deletion_protection"] is False
    assert cluster["current_version"] == "1.36.2-aliyun.1"
    assert cluster["next_version"] == ""


def test_embedded_documents_are_json_texts(ack: Ack) -> None:
    cluster = ack.detail(ack.make_cluster(endpoint_public_access=True))
    urls = json.loads(cluster["master_url"])
    assert set(urls) == {"api_server_endpoint", "intranet_api_server_endpoint"}
    meta = json.loads(cluster["meta_data"])
    addons = {row["name"] for row in meta["Addons"]}
    assert {"kube-flannel-ds", "ack-nvidia-device-plugin", "coredns"} <= addons
    assert meta["Capabilities"]["Network"] == "Flannel"
    assert meta["KubernetesVersion"] == cluster["current_version"]
    assert all(isinstance(value, str) for value in cluster["parameters"].values())


def test_times_are_chinese_whatever_the_region(ack: Ack) -> None:
    cluster = ack.detail(ack.make_cluster())
    assert cluster["created"] == "2026-11-24T08:00:10+08:00"
    assert cluster["updated"] == "2026-11-24T08:06:10+08:00"


def test_the_internal_balancer_and_the_security_group_are_made(ack: Ack) -> None:
    cluster = ack.detail(cluster_id := ack.make_cluster())
    balancer = ack.balancers()[f"ManagedK8SSlbIntranet-{cluster_id}"]
    assert balancer["AddressType"] == "intranet"
    assert json.loads(cluster["master_url"]) == {
        "api_server_endpoint": "",
        "intranet_api_server_endpoint": f"https://{balancer['Address']}:6443",
    }
    assert cluster["external_loadbalancer_id"] == balancer["LoadBalancerId"]
    groups = ack.ecs("DescribeSecurityGroups", VpcId=ack.vpc_id)["SecurityGroups"]["SecurityGroup"]
    assert [group["SecurityGroupId"] for group in groups] == [cluster["security_group_id"]]
    assert groups[0]["SecurityGroupName"].endswith(cluster_id)


def test_a_public_endpoint_is_an_eip_on_the_private_balancer(ack: Ack) -> None:
    cluster_id = ack.make_cluster(endpoint_public_access=True, ssh_flags=True)
    (balancer,) = ack.balancers().values()
    assert (balancer["AddressType"], balancer["Address"]) == ("intranet", "192.168.0.1")
    shown = ack.slb("DescribeLoadBalancerAttribute", LoadBalancerId=balancer["LoadBalancerId"])
    assert shown["ListenerPorts"]["ListenerPort"] == [6443], "SSH is ignored"
    (eip,) = ack.vpc("DescribeEipAddresses")["EipAddresses"]["EipAddress"]
    assert (eip["InstanceId"], eip["InstanceType"]) == (balancer["LoadBalancerId"], "SlbInstance")
    url = json.loads(ack.detail(cluster_id)["master_url"])["api_server_endpoint"]
    assert url == ack.emulator.kube_endpoint


def test_a_security_group_that_is_given_is_used(ack: Ack) -> None:
    group_id = ack.ecs("CreateSecurityGroup", VpcId=ack.vpc_id)["SecurityGroupId"]
    cluster_id = ack.make_cluster(security_group_id=group_id)
    assert ack.detail(cluster_id)["security_group_id"] == group_id
    found = ack.ecs("DescribeSecurityGroups", VpcId=ack.vpc_id)["SecurityGroups"]["SecurityGroup"]
    assert len(found) == 1


def test_snat_makes_a_way_out_where_the_vpc_has_none(ack: Ack) -> None:
    ack.make_cluster(snat_entry=True)
    (gateway,) = ack.vpc("DescribeNatGateways", VpcId=ack.vpc_id)["NatGateways"]["NatGateway"]
    table_id = gateway["SnatTableIds"]["SnatTableId"][0]
    entries = ack.vpc("DescribeSnatTableEntries", SnatTableId=table_id)["SnatTableEntries"]
    assert [row["SourceVSwitchId"] for row in entries["SnatTableEntry"]] == [ack.vswitch_id]


def test_snat_makes_nothing_where_the_vpc_has_a_gateway(ack: Ack) -> None:
    given = ack.vpc(
        "CreateNatGateway", VpcId=ack.vpc_id, VSwitchId=ack.vswitch_id, NatType="Enhanced"
    )
    ack.make_cluster(snat_entry=True)
    gateways = ack.vpc("DescribeNatGateways", VpcId=ack.vpc_id)["NatGateways"]["NatGateway"]
    assert [row["NatGatewayId"] for row in gateways] == [given["NatGatewayId"]]
    assert ack.vpc("DescribeEipAddresses")["TotalCount"] == 0


def test_a_pool_in_the_request_is_made_when_the_control_plane_runs(
    ack: Ack, clock: ManualClock
) -> None:
    cluster_id = ack.make_cluster(nodepools=[ack.pool_request(nodes=1)])
    (pool,) = ack("DescribeClusterNodePools", cluster_id)["nodepools"]
    assert pool["nodepool_info"]["name"] == "gpu"
    clock.advance(300)
    assert ack.detail(cluster_id)["size"] == 1


def test_lists_name_the_cluster_in_their_own_ways(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    for action, path in (("DescribeClustersV1", ()), ("DescribeClustersForRegion", (REGION,))):
        page = ack(action, *path, name="dem")
        assert [row["cluster_id"] for row in page["clusters"]] == [cluster_id]
        assert page["page_info"] == {"page_number": 1, "page_size": 10, "total_count": 1}
    assert "meta_data" not in page["clusters"][0]
    (row,) = ack("DescribeClusters")
    assert row["cluster_id"] == cluster_id


def test_a_row_of_a_regions_list_has_what_is_published(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    (row,) = ack("DescribeClustersForRegion", REGION)["clusters"]
    assert sorted(row) == [
        "cluster_domain", "cluster_id", "cluster_spec", "cluster_type", "container_cidr", "created",
        "current_version", "deletion_protection", "init_version", "ip_stack", "name",
        "next_version", "profile", "proxy_mode", "region_id", "resource_group_id",
        "security_group_id", "service_cidr", "size", "state", "tags", "timezone", "updated",
        "vpc_id", "vswitch_ids",
    ]  # fmt: skip
    assert {"key", "value"} == set(row["tags"][0])
    detail = ack.detail(cluster_id)
    assert {"master_url", "meta_data", "node_cidr_mask", *row} <= set(detail)


@pytest.mark.parametrize(
    ("key", "other"),
    [
        ("cluster_id", "c1"),
        ("cluster_type", "Kubernetes"),
        ("cluster_spec", "ack.standard"),
        ("profile", "Edge"),
        ("name", "else"),
    ],
)
def test_a_regions_list_is_narrowed(ack: Ack, key: str, other: str) -> None:
    ack.make_cluster()
    (row,) = ack("DescribeClustersForRegion", REGION)["clusters"]
    assert ack("DescribeClustersForRegion", REGION, **{key: row[key]})["clusters"] == [row]
    assert ack("DescribeClustersForRegion", REGION, **{key: other})["clusters"] == []


def test_an_empty_page_is_an_empty_list(ack: Ack) -> None:
    page = ack("DescribeClustersV1", name="nothing")
    assert page == {
        "clusters": [],
        "page_info": {"page_number": 1, "page_size": 10, "total_count": 0},
    }


def test_clusters_come_in_pages(ack: Ack, clock: ManualClock) -> None:
    for number in range(3):
        ack.ask_cluster(name=f"demo-{number}", container_cidr=f"172.{16 + number}.0.0/16")
        clock.advance(1)
    page = ack("DescribeClustersV1", page_size=2, page_number=2)
    assert [row["name"] for row in page["clusters"]] == ["demo-0"]
    assert page["page_info"]["total_count"] == 3


def test_the_region_narrows_the_list(ack: Ack) -> None:
    ack.make_cluster()
    assert ack("DescribeClustersV1", region_id="cn-shanghai")["clusters"] == []
    assert len(ack("DescribeClustersV1", region_id=REGION)["clusters"]) == 1


def test_a_client_token_makes_a_repeat_harmless(ack: Ack, clock: ManualClock) -> None:
    first = ack("CreateCluster", **ack.cluster_request(client_token="once"))
    clock.advance(CREATED)
    again = ack("CreateCluster", **ack.cluster_request(client_token="once"))
    assert again["cluster_id"] == first["cluster_id"]
    assert len(ack("DescribeClustersV1")["clusters"]) == 1


def test_events_and_logs_tell_the_story(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    events = ack("DescribeClusterEvents", cluster_id)["events"]
    assert events[0]["data"]["reason"] == "Succeeded"
    assert {event["type"] for event in events} == {"cluster_create"}
    assert ack("DescribeEvents", cluster_id=cluster_id)["events"] == events
    assert ack("DescribeEventsForRegion", REGION)["events"] == events
    logs = ack("DescribeClusterLogs", cluster_id)
    assert logs[0]["cluster_log"] == "Start to prepare cloud resources"


def test_tasks_are_listed_newest_first(ack: Ack) -> None:
    cluster_id, task_id = ack.ask_cluster()
    ack.clock.advance(CREATED)
    _, pool_task = ack.ask_pool(cluster_id)
    page = ack("DescribeClusterTasks", cluster_id)
    assert [row["task_id"] for row in page["tasks"]] == [pool_task, task_id]
    assert page["page_info"]["total_count"] == 2


def test_resources_say_what_a_deletion_will_do(ack: Ack) -> None:
    cluster_id = ack.make_cluster(endpoint_public_access=True)
    rows = {row["instance_id"]: row for row in ack("DescribeClusterResources", cluster_id)}
    for balancer in ack.balancers().values():
        row = rows[balancer["LoadBalancerId"]]
        assert row["resource_type"] == "ALIYUN::SLB::LoadBalancer"
        assert row["delete_behavior"] == {"changeable": True, "delete_by_default": True}
        assert json.loads(row["resource_info"])["PhysicalId"] == balancer["LoadBalancerId"]
    assert rows[ack.vpc_id]["delete_behavior"]["delete_by_default"] is False
    assert rows[ack.vpc_id]["creator_type"] == "user"
    assert rows[f"k8s-log-{cluster_id}"]["delete_behavior"]["delete_by_default"] is False


def test_events_come_by_token_as_well(ack: Ack) -> None:
    cluster_id = ack.make_cluster()
    whole = ack("DescribeClusterEvents", cluster_id)["events"]
    read, token = [], ""
    while True:
        query = {"next_token": token} if token else {}
        page = ack("DescribeClusterEvents", cluster_id, max_results=2, **query)
        read += page["events"]
        token = page["next_token"]
        if not token:
            break
    assert read == whole
    assert len(whole) == 5


def test_a_cluster_is_in_the_same_resource_group_as_its_vpc(ack: Ack) -> None:
    cluster = ack.detail(ack.make_cluster())
    vpc = ack.vpc("DescribeVpcAttribute", VpcId=cluster["vpc_id"])
    assert cluster["resource_group_id"] == vpc["ResourceGroupId"] != ""


@pytest.mark.parametrize("public", [True, False])
def test_the_endpoints_are_those_of_the_master_url(ack: Ack, *, public: bool) -> None:
    cluster_id = ack.make_cluster(endpoint_public_access=public)
    endpoints = ack.raw("DescribeClusterEndpoints", "GET", f"/clusters/{cluster_id}/endpoints")
    assert endpoints == json.loads(ack.detail(cluster_id)["master_url"])
    assert bool(endpoints["api_server_endpoint"]) is public
    assert endpoints["intranet_api_server_endpoint"].endswith(":6443")


def test_the_meta_data_has_what_terraforms_provider_reads_there(ack: Ack) -> None:
    asked = {"extra_sans": ["a.example.com"], "rrsa_config": {"enabled": True}}
    cluster = ack.detail(ack.make_cluster(**asked))
    meta = json.loads(cluster["meta_data"])
    assert meta["ExtraCertSAN"] == ["a.example.com"]
    assert meta["RRSAConfig"] == cluster["rrsa_config"]
    assert meta["RRSAConfig"]["oidc_name"].startswith("ack-rrsa-")


@pytest.mark.parametrize("asked", [None, {"enable": True}])
def test_auto_mode_is_shown_where_it_was_asked_for(ack: Ack, asked: Any) -> None:
    assert ack.detail(ack.make_cluster(auto_mode=asked)).get("auto_mode") == asked


def test_a_cluster_as_terraforms_provider_asks_for_it_reads_back_so(ack: Ack) -> None:
    pods = json.dumps({"PodVswitchId": json.dumps({ZONE: [ack.vswitch_id]})})
    cluster = ack.detail(
        ack.make_cluster(
            container_cidr=None,
            addons=[{"name": "terway-eniip", "config": pods}],
            pod_vswitch_ids=[ack.vswitch_id],
            node_cidr_mask="24",
            custom_san="a.example.com, 192.168.1.1",
            enable_rrsa=True,
        )
    )
    assert cluster["node_cidr_mask"] == "24"
    assert cluster["extra_sans"] == ["a.example.com", "192.168.1.1"]
    assert cluster["rrsa_config"]["enabled"] is True
