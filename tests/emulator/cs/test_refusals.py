"""What CreateCluster refuses, and how."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.cs.ack import ZONE, Ack


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "-bad"}, "InvalidParameter.Name"),
        ({"cluster_type": "ExternalKubernetes"}, "InvalidParameter.ClusterType"),
        ({"cluster_type": "Kubernetes"}, "QuotaExceeded.DedicatedCluster"),
        ({"cluster_spec": "ack.huge"}, "InvalidParameter.ClusterSpec"),
        ({"profile": "Edge"}, "InvalidParameter.Profile"),
        ({"kubernetes_version": "1.14.8-aliyun.1"}, "InvalidParameter.KubernetesVersion"),
        ({"proxy_mode": "carrier-pigeon"}, "InvalidParameter.ProxyMode"),
        ({"vpcid": "vpc-nowhere"}, "InvalidVpcId.NotFound"),
        ({"region_id": "cn-shanghai"}, "InvalidVpcId.NotFound"),
        ({"vswitch_ids": ["vsw-nowhere"]}, "InvalidVSwitchId.NotFound"),
        ({"security_group_id": "sg-nowhere"}, "InvalidSecurityGroupId.NotFound"),
        ({"service_cidr": None}, "EmptyCIDR"),
        ({"container_cidr": None}, "EmptyCIDR"),
        ({"container_cidr": "172.20.0.1/16"}, "InvalidCIDR"),
        ({"container_cidr": "8.8.0.0/16"}, "InvalidCIDR"),
        ({"container_cidr": "192.168.0.0/18"}, "InvalidCIDR"),
        ({"service_cidr": "192.168.240.0/20"}, "InvalidCIDR"),
        ({"service_cidr": "172.20.16.0/20"}, "InvalidCIDR"),
        ({"service_cidr": "172.21.0.0/29"}, "InvalidCIDR"),
        ({"node_cidr_mask": "8"}, "InvalidParameter.NodeCidrMask"),
        ({"container_cidr": "172.20.0.0/26", "node_cidr_mask": "24"}, "InvalidCIDR"),
        ({"addons": [{"name": "terway-eniip"}]}, "InvalidPodVswitchIds"),
    ],
)
def test_create_cluster_refuses(ack: Ack, changes: dict[str, Any], code: str) -> None:
    refused = ack.error("CreateCluster", **ack.cluster_request(**changes))
    assert refused.code == code
    assert refused.status_code == 400
    assert ack("DescribeClustersV1")["clusters"] == []


def test_several_findings_come_at_once(ack: Ack) -> None:
    request = ack.cluster_request(container_cidr=None, service_cidr="192.168.0.0/20")
    data = ack.error("CreateCluster", **request).data
    assert data["code"] == "EmptyCIDR"
    assert [row["code"] for row in data["data"]] == ["EmptyCIDR", "InvalidCIDR"]
    assert data["message"] == data["data"][0]["message"]


def test_one_finding_comes_without_a_list(ack: Ack) -> None:
    assert "data" not in ack.error("CreateCluster", **ack.cluster_request(cluster_spec="no")).data


def test_a_name_is_taken_once_in_the_account(ack: Ack) -> None:
    ack.ask_cluster()
    request = ack.cluster_request(container_cidr="172.30.0.0/16")
    assert ack.refusal("CreateCluster", **request) == ("ErrorClusterNameAlreadyExist", 400)


def test_pod_cidrs_of_clusters_in_one_vpc_must_not_overlap(ack: Ack) -> None:
    ack.ask_cluster()
    request = ack.cluster_request(name="other", container_cidr="172.20.128.0/17")
    assert ack.refusal("CreateCluster", **request)[0] == "InvalidCIDR"


def test_a_vswitch_of_another_vpc_is_refused(ack: Ack) -> None:
    here, there = ack.vpc_id, ack.vswitch_id
    ack.make_network(cidr="192.168.0.0/16")
    request = ack.cluster_request(vpcid=here)
    assert ack.refusal("CreateCluster", **request)[0] == "InvalidVSwitchId.NotFound"
    assert there != ack.vswitch_id


def test_terway_needs_no_pod_cidr(ack: Ack) -> None:
    config = f'{{"PodVswitchId":{{"{ZONE}":["{ack.vswitch_id}"]}}}}'
    cluster_id = ack.make_cluster(
        container_cidr=None, addons=[{"name": "terway-eniip", "config": config}]
    )
    cluster = ack.detail(cluster_id)
    assert cluster["container_cidr"] == ""
    assert cluster["parameters"]["Network"] == "Terway"


@pytest.mark.parametrize("way", ["auto_mode", "pod_vswitch_ids"])
def test_pod_vswitches_or_automatic_mode_without_addons_mean_terway(ack: Ack, way: str) -> None:
    value = {"auto_mode": {"enable": True}, "pod_vswitch_ids": [ack.vswitch_id]}[way]
    cluster_id = ack.make_cluster(container_cidr=None, addons=None, **{way: value})
    cluster = ack.detail(cluster_id)
    assert (cluster["state"], cluster["container_cidr"]) == ("running", "")
    assert json.loads(cluster["meta_data"])["Capabilities"]["Network"] == "terway-eniip"


def test_a_pod_cidr_without_addons_means_flannel(ack: Ack) -> None:
    cluster_id = ack.make_cluster(addons=None, cluster_spec="ack.standard", snat_entry=True)
    assert ack.detail(cluster_id)["parameters"]["Network"] == "Flannel"


def test_an_ill_typed_field_is_refused_in_the_words_of_the_service(ack: Ack) -> None:
    with pytest.raises(Exception, match=r"expected=string, got=number, field=name"):
        ack.raw("CreateCluster", "POST", "/clusters", ack.cluster_request(name=3))


@pytest.mark.parametrize("missing", ["name", "cluster_type", "vpcid", "vswitch_ids"])
def test_a_missing_field_is_refused(ack: Ack, missing: str) -> None:
    request = ack.cluster_request(**{missing: None})
    assert ack.error("CreateCluster", **request).status_code == 400
    assert ack("DescribeClustersV1")["clusters"] == []


def test_an_unknown_cluster_is_not_found(ack: Ack) -> None:
    assert ack.refusal("DescribeClusterDetail", "c0") == ("ErrorClusterNotFound", 404)
    assert ack.refusal("DeleteCluster", "c0") == ("ErrorClusterNotFound", 404)
    assert ack.refusal("DescribeTaskInfo", "T-0") == ("ErrorTaskNotFound", 404)


@pytest.mark.parametrize(
    ("role", "code"),
    [
        ("AliyunCSManagedKubernetesRole", "ErrManagedKuberneteRoleNotAttach"),
        ("AliyunCSManagedNetworkRole", "ErrManagedAddonRoleNotAttach"),
        ("AliyunCSKubernetesAuditRole", "ErrKubernetesAuditRoleNotAttach"),
    ],
)
def test_a_missing_service_role_is_refused(clock: ManualClock, role: str, code: str) -> None:
    with Emulator(clock=clock, seed=1, scenario={"missing_roles": [role]}) as emulator:
        ack = Ack(emulator, clock)
        ack.make_network()
        refused = ack.error("CreateCluster", **ack.cluster_request())
        assert refused.code == code
        assert role in refused.message


@pytest.mark.parametrize(
    ("limits", "code"),
    [({"clusters": 0}, "QuotaExceeded.Cluster")],
)
def test_the_quota_of_clusters_is_held(
    clock: ManualClock, limits: dict[str, int], code: str
) -> None:
    with Emulator(clock=clock, seed=1, scenario={"limits": limits}) as emulator:
        ack = Ack(emulator, clock)
        ack.make_network()
        assert ack.refusal("CreateCluster", **ack.cluster_request()) == (code, 403)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"balancers": 0}, "OperationForbidden.QuotaLimit"),
        ({"security_groups": 0}, "QuotaExceed.SecurityGroup"),
        ({"eips": 0}, "QuotaExceeded.Eip"),
    ],
)
def test_a_quota_of_another_product_fails_the_cluster_later(
    clock: ManualClock, limits: dict[str, int], code: str
) -> None:
    with Emulator(clock=clock, seed=1, scenario={"limits": limits}) as emulator:
        ack = Ack(emulator, clock)
        ack.make_network()
        cluster_id, task_id = ack.ask_cluster(endpoint_public_access=True)
        clock.advance(70)
        assert ack.detail(cluster_id)["state"] == "failed"
        task = ack.task(task_id)
        assert task["state"] == "fail"
        assert task["error"]["code"] == code
        ack("DeleteCluster", cluster_id)
        clock.advance(200)
        assert ack.balancers() == {}
        groups = ack.ecs("DescribeSecurityGroups", VpcId=ack.vpc_id)
        assert groups["SecurityGroups"]["SecurityGroup"] == []
