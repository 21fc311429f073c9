from __future__ import annotations

from datetime import timedelta

import pytest

from ackgpu import errors
from ackgpu.clock import ManualClock
from ackgpu.cloud.aliyun.cloud import AliyunCloud
from ackgpu.cloud.api import DeleteClusterOptions
from ackgpu.cloud.kube.client import connect
from tests.contract.account import OURS, TYPE, cluster, gateway, network, pool_of

ALL = {"SLB": "delete", "ALB": "delete", "SLS_Data": "delete", "SLS_ControlPlane": "delete"}


def test_a_cluster_runs_and_is_found_by_its_name(cloud: AliyunCloud, clock: ManualClock) -> None:
    vpc, vswitch = network(cloud, clock)
    began = clock.wall()
    made = cluster(cloud, clock, vpc, vswitch)
    found = cloud.containers.cluster(made)
    assert found is not None
    assert (found.name, found.state, found.cluster_spec) == ("demo", "running", "ack.pro.small")
    assert (found.vpc_id, found.vswitch_ids, found.pod_cidr) == (vpc, (vswitch,), "172.20.0.0/16")
    assert OURS.items() <= found.tags.items()
    assert found.public_endpoint.startswith("https://")
    assert found.private_endpoint.startswith("https://")
    assert found.created is not None
    assert abs(found.created - began) < timedelta(seconds=5)
    assert [row.id for row in cloud.containers.clusters(name="demo")] == [made]
    assert [row.id for row in cloud.containers.clusters(region="cn-hangzhou")] == [made]
    assert cloud.containers.clusters(name="dem") == []
    assert cloud.containers.clusters(region="cn-shanghai") == []


def test_a_clusters_history_is_told(cloud: AliyunCloud, clock: ManualClock) -> None:
    made = cluster(cloud, clock, *network(cloud, clock))
    newest = cloud.containers.tasks(made)[0]
    assert (newest.kind, newest.state) == ("cluster_create", "success")
    task = cloud.containers.task(newest.id)
    assert task is not None
    assert task.state == "success"
    assert all(stage.state == "success" for stage in task.stages)
    assert cloud.containers.task("T-" + "0" * 24) is None
    assert cloud.containers.events(made)
    types = {row.type for row in cloud.containers.resources(made) if row.auto_created}
    assert "ALIYUN::SLB::LoadBalancer" in types


def test_what_ack_made_is_seen_from_the_other_products(
    cloud: AliyunCloud, clock: ManualClock
) -> None:
    vpc, vswitch = network(cloud, clock)
    cluster(cloud, clock, vpc, vswitch)
    balancers = cloud.balancers.load_balancers(vpc_id=vpc)
    ports = {row.address_type: cloud.balancers.listener_ports(row.id) for row in balancers}
    assert 6443 in ports["intranet"]
    some = [row.id for row in balancers]
    assert {row.id for row in cloud.balancers.load_balancers(ids=some)} == set(some)


def test_what_is_not_there_is_none(cloud: AliyunCloud) -> None:
    nowhere = "c" + "0" * 32
    assert cloud.containers.cluster(nowhere) is None
    assert cloud.containers.node_pools(nowhere) == []
    assert cloud.containers.delete_cluster(nowhere, DeleteClusterOptions()) == ""


def test_a_pool_joins_scales_and_goes(cloud: AliyunCloud, clock: ManualClock) -> None:
    vpc, vswitch = network(cloud, clock)
    gateway(cloud, clock, vpc, vswitch)
    made = cluster(cloud, clock, vpc, vswitch)
    pool, _ = cloud.containers.create_node_pool(made, pool_of(vswitch))
    clock.advance(15 * 60)
    found = next(row for row in cloud.containers.node_pools(made) if row.id == pool)
    assert (found.name, found.state, found.desired, found.healthy) == ("gpu", "active", 2, 2)
    assert found.instance_types == (TYPE,)
    nodes = cloud.containers.nodes(made, node_pool_id=pool)
    assert len(nodes) == 2
    assert all(node.instance_type == TYPE for node in nodes)
    instances = cloud.compute.instances(vpc_id=vpc)
    assert {row.id for row in instances} == {node.instance_id for node in nodes}

    cloud.containers.set_desired_size(made, pool, 3)
    with pytest.raises(errors.NotYet):
        cloud.containers.set_desired_size(made, pool, 2)
    clock.advance(15 * 60)
    assert len(cloud.containers.nodes(made)) == 3
    after = next(row for row in cloud.containers.node_pools(made) if row.id == pool)
    assert OURS.items() <= after.tags.items()

    assert cloud.containers.delete_node_pool(made, pool)
    clock.advance(15 * 60)
    assert all(row.id != pool for row in cloud.containers.node_pools(made))
    assert cloud.containers.delete_node_pool(made, pool) == ""


def test_resizing_a_pool_keeps_everything_else(cloud: AliyunCloud, clock: ManualClock) -> None:
    vpc, vswitch = network(cloud, clock)
    gateway(cloud, clock, vpc, vswitch)
    made = cluster(cloud, clock, vpc, vswitch)
    pool, _ = cloud.containers.create_node_pool(made, pool_of(vswitch))
    clock.advance(15 * 60)
    before = cloud.containers.node_pools(made)
    cloud.containers.set_desired_size(made, pool, 2)
    clock.advance(15 * 60)
    assert cloud.containers.node_pools(made) == before


def test_the_kubeconfig_reaches_the_nodes(cloud: AliyunCloud, clock: ManualClock) -> None:
    vpc, vswitch = network(cloud, clock)
    gateway(cloud, clock, vpc, vswitch)
    made = cluster(cloud, clock, vpc, vswitch)
    cloud.containers.create_node_pool(made, pool_of(vswitch))
    clock.advance(30 * 60)
    text = cloud.containers.kubeconfig(made, private=False, minutes=60)
    kube = connect(text, clock=clock)
    nodes = kube.nodes()
    assert len(nodes) == 2
    assert all(node.ready and node.allocatable["nvidia.com/gpu"] == "1" for node in nodes)


def test_a_cluster_goes_with_what_ack_made(cloud: AliyunCloud, clock: ManualClock) -> None:
    vpc, vswitch = network(cloud, clock)
    made = cluster(cloud, clock, vpc, vswitch)
    assert cloud.containers.delete_cluster(made, DeleteClusterOptions(modes=ALL))
    found = cloud.containers.cluster(made)
    assert found is not None
    assert found.state == "deleting"
    clock.advance(20 * 60)
    assert cloud.containers.cluster(made) is None
    assert cloud.balancers.load_balancers(vpc_id=vpc) == []


def test_a_name_that_is_taken_is_a_conflict(cloud: AliyunCloud, clock: ManualClock) -> None:
    vpc, vswitch = network(cloud, clock)
    gateway(cloud, clock, vpc, vswitch)
    made = cluster(cloud, clock, vpc, vswitch)
    cloud.containers.create_node_pool(made, pool_of(vswitch))
    clock.advance(15 * 60)
    with pytest.raises(errors.AlreadyExists):
        cloud.containers.create_node_pool(made, pool_of(vswitch))


def test_tags_are_added_to_a_cluster(cloud: AliyunCloud, clock: ManualClock) -> None:
    made = cluster(cloud, clock, *network(cloud, clock))
    before = cloud.containers.cluster(made)
    cloud.containers.set_tags(made, {"expires": "soon"})
    after = cloud.containers.cluster(made)
    assert before is not None
    assert after is not None
    assert after.tags == {**before.tags, "expires": "soon"}


def test_versions_come_newest_first(cloud: AliyunCloud) -> None:
    found = [row.version for row in cloud.containers.versions()]
    numbers = [tuple(map(int, version.split("-")[0].split("."))) for version in found]
    assert numbers == sorted(numbers, reverse=True)
    assert len(found) >= 2


def test_limits_and_roles_are_told(cloud: AliyunCloud) -> None:
    limits = cloud.containers.user_quota()
    assert limits["cluster_quota"] == 50
    role = "AliyunCSManagedKubernetesRole"
    assert cloud.containers.missing_roles([role]) == []
