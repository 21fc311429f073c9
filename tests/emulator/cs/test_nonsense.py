"""Requests that make no sense are refused; none makes the emulator fail."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.cs.ack import Ack

JUNK: tuple[Any, ...] = (None, 3, -1, "x", "", True, [], {}, [1], [{}], [None], {"key": 1})


def spoiled(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The request with each member, at two levels, replaced by each piece of junk."""
    found = []
    for key, value in request.items():
        found += [request | {key: junk} for junk in JUNK]
        if isinstance(value, dict):
            inner = [value | {name: junk} for name in value for junk in JUNK]
            found += [request | {key: changed} for changed in inner]
    return found


def outcome(ack: Ack, action: str, method: str, path: str, body: Any) -> str:
    try:
        ack.raw(action, method, path, body)
    except Exception as error:  # noqa: BLE001 -- the SDK's classes differ
        return str(getattr(error, "code", error))
    return "done"


CLUSTER = {
    "tags": [], "addons": [], "nodepools": [], "maintenance_window": {"enable": True},
    "operation_policy": {}, "rrsa_config": {"enabled": True}, "extra_sans": [],
    "security_group_id": "", "node_cidr_mask": "26", "proxy_mode": "ipvs", "ip_stack": "ipv4",
    "kubernetes_version": "1.34", "snat_entry": False, "num_of_nodes": 0,
}  # fmt: skip
POOL = {
    "kubernetes_config": {"labels": [], "taints": [], "unschedulable": False, "user_data": ""},
    "auto_scaling": {"enable": False, "min_instances": 0, "max_instances": 0, "type": "gpu"},
    "management": {"enable": False},
    "node_config": {},
    "count": 0,
}


@pytest.mark.long
def test_no_cluster_request_makes_it_fail(clock: ManualClock) -> None:
    plenty = dict.fromkeys(("clusters", "balancers", "security_groups", "eips"), 10_000)
    with Emulator(clock=clock, seed=1, scenario={"limits": plenty}) as emulator:
        ack = Ack(emulator, clock)
        ack.make_network()
        given = ack.cluster_request()
        checked = ("vswitch_ids", "container_cidr", "service_cidr", "addons", "cluster_spec")
        changes = spoiled(CLUSTER | {key: given[key] for key in checked})
        codes = set()
        for number, change in enumerate(changes):
            own = {
                "name": f"n{number}",
                "container_cidr": f"10.{number // 16}.{number % 16 * 16}.0/20",
            }
            codes.add(outcome(ack, "CreateCluster", "POST", "/clusters", given | own | change))
    assert "InternalError" not in codes
    assert {"done", "InvalidParameter", "EmptyCIDR", "InvalidCIDR"} <= codes


@pytest.mark.long
@pytest.mark.parametrize(
    ("action", "method"), [("CreateClusterNodePool", "POST"), ("ModifyClusterNodePool", "PUT")]
)
def test_no_pool_request_makes_it_fail(ack: Ack, action: str, method: str) -> None:
    cluster_id = ack.make_cluster()
    pool_id = ack.make_pool(cluster_id, name="first", nodes=0)
    path = f"/clusters/{cluster_id}/nodepools"
    if method == "PUT":
        path += f"/{pool_id}"
    extra = {"tags": [], "data_disks": [], "system_disk_categories": [], "key_pair": ""}
    request = ack.pool_request(name="second", nodes=0, **extra) | POOL
    codes = set()
    for body in spoiled(request):
        codes.add(outcome(ack, action, method, path, body))
        ack.clock.advance(100)
    assert "InternalError" not in codes
    assert {"done", "InvalidParameter"} <= codes


@pytest.mark.parametrize(
    ("action", "method", "path"),
    [
        ("ModifyCluster", "PUT", "/api/v2/clusters/{0}"),
        ("ModifyClusterTags", "POST", "/clusters/{0}/tags"),
        ("UpgradeCluster", "POST", "/api/v2/clusters/{0}/upgrade"),
        ("InstallClusterAddons", "POST", "/clusters/{0}/components/install"),
        ("UpgradeClusterAddons", "POST", "/clusters/{0}/components/upgrade"),
        ("UnInstallClusterAddons", "POST", "/clusters/{0}/components/uninstall"),
        ("AttachInstances", "POST", "/clusters/{0}/attach"),
        ("DeleteClusterNodes", "POST", "/clusters/{0}/nodes"),
        ("RunClusterCheck", "POST", "/clusters/{0}/checks"),
        ("TagResources", "PUT", "/tags"),
        ("CheckServiceRole", "POST", "/ram/check-service-role"),
    ],
)
def test_no_body_makes_it_fail(ack: Ack, action: str, method: str, path: str) -> None:
    cluster_id = ack.make_cluster()
    for body in (*JUNK, {"nodes": [3]}, {"instances": "i"}, {"tags": {}}, {"timezone": 3}):
        assert outcome(ack, action, method, path.format(cluster_id), body) != "InternalError", body


@pytest.mark.parametrize("junk", [[], {}, [1], {"key": 1}])
@pytest.mark.parametrize("key", ["name", "region_id", "vpcid"])
def test_a_list_or_object_for_a_required_text_is_refused(ack: Ack, key: str, junk: Any) -> None:
    code = outcome(ack, "CreateCluster", "POST", "/clusters", ack.cluster_request(**{key: junk}))
    assert code not in {"done", "InternalError"}
