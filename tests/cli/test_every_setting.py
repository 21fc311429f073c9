"""Each setting of a spec changed in turn, against a cluster that runs: nothing passes unsaid.

What every setting comes to is a conflict that names it (6), a plan that changes something (12), a
warning that names it, or, for what belongs to one run, nothing. A new row of the table needs a
line here.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, NamedTuple

import alibabacloud_vpc20160428.models as vpc_models
import pytest
from alibabacloud_vpc20160428.client import Client as VpcClient
from ruamel.yaml import YAML
from support.cli import Cli

from ackgpu.spec.fields import FIELDS
from tests.cli.machines import ecs_of
from tests.cli.test_networks import own_network
from tests.emulator.net.apis import Api

VGN5I, VGN7I = "ecs.vgn5i-m2.xlarge", "ecs.vgn7i-vws-m4.xlarge"
SPEC: dict[str, Any] = {
    "apiVersion": "ackgpu.dev/v1alpha1",
    "kind": "GpuCluster",
    "metadata": {"name": "demo", "tags": {"team": "graphics"}},
    "lifecycle": {"ttl": "3h"},
    "cluster": {
        "addons": [{"name": "ack-gpu-exporter", "config": "{}", "version": ""}],
        "raw": {"timezone": "Asia/Shanghai"},
    },
    "network": {
        "vswitches": [{"zone": "cn-hangzhou-k", "cidr": "192.168.0.0/24"}],
    },
    "nodePools": [
        {
            "name": "gpu",
            "instanceTypes": [VGN5I],
            "desiredSize": 1,
            "systemDisk": {"category": "cloud_ssd", "size": 120},
            "dataDisks": [{"category": "cloud_ssd", "size": 200}],
            "labels": {"team": "graphics"},
            "taints": [{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}],
            "userData": "#!/bin/sh\necho ours\n",
        },
        {
            "name": "elastic",
            "instanceTypes": [VGN5I],
            "desiredSize": 1,
            "autoScaling": {"enable": True, "min": 1, "max": 3},
            "spot": {"strategy": "SpotWithPriceLimit", "priceLimit": 2.5, "onDemandBase": 1},
            "multiAzPolicy": "COST_OPTIMIZED",
        },
        {
            "name": "paid",
            "instanceTypes": [VGN7I],
            "desiredSize": 0,
            "chargeType": "PrePaid",
            "period": 1,
        },
    ],
    "verify": {"level": "none"},
}
TERWAY: dict[str, Any] = {
    "apiVersion": "ackgpu.dev/v1alpha1",
    "kind": "GpuCluster",
    "metadata": {"name": "demo"},
    "network": {
        "plugin": "terway",
        "vswitches": [{"zone": "cn-hangzhou-k"}, {"zone": "cn-hangzhou-j"}],
        "podVswitches": [{"zone": "cn-hangzhou-k", "cidr": "192.168.16.0/20"}],
    },
    "nodePools": [{"name": "gpu", "instanceTypes": [VGN7I], "desiredSize": 0}],
    "verify": {"level": "none"},
}
GPU, ELASTIC, PAID = "nodePools.0", "nodePools.1", "nodePools.2"


class Other(NamedTuple):
    """A change of the spec, and what must come of it. ``says``: what the answer has to name."""

    changes: dict[str, Any]
    code: int
    says: str = ""


def conflict(where: str, value: Any, says: str) -> Other:
    return Other({where: value}, 6, says)


BUCKET = {
    "driver": "runfile",
    "ossEndpoint": "mine.oss-cn-hangzhou-internal.aliyuncs.com",
    "runfile": "NVIDIA-Linux-x86_64-535.161.08-grid.run",
}
HOME = {"network.vpc.id": "VPC", "network.vswitches": [{"id": "VSWITCH"}]}
OTHERS: dict[str, Other] = {
    "metadata.name": Other({"metadata.name": "other"}, 12),
    "metadata.region": Other(
        {"metadata.region": "cn-shanghai", "network.vswitches": [{"zone": "auto"}]},
        6,
        "already, in cn-hangzhou",
    ),
    "metadata.version": conflict("metadata.version", "1.34", "metadata.version"),
    "metadata.tags": conflict("metadata.tags.team", "sound", "metadata.tags.team"),
    "lifecycle.ttl": conflict("lifecycle.ttl", "5h", "lifecycle.ttl"),
    "lifecycle.deletionProtection": Other(
        {"lifecycle.deletionProtection": True}, 6, "lifecycle.deletionProtection"
    ),
    "cluster.type": conflict("cluster.type", "Kubernetes", "cluster.type"),
    "cluster.spec": conflict("cluster.spec", "ack.pro.xlarge", "cluster.spec"),
    "cluster.endpointPublicAccess": Other(
        {"cluster.endpointPublicAccess": False}, 6, "cluster.endpointPublicAccess"
    ),
    "cluster.domain": conflict("cluster.domain", "gpu.local", "cluster.domain"),
    "cluster.serviceCidr": conflict("cluster.serviceCidr", "172.19.0.0/20", "cluster.serviceCidr"),
    "cluster.addons[].name": conflict(
        "cluster.addons.0.name", "ack-node-problem-detector", "ack-node-problem-detector"
    ),
    "cluster.addons[].version": conflict(
        "cluster.addons.0.version", "v0.0.1", "ack-gpu-exporter.version"
    ),
    "cluster.addons[].config": conflict(
        "cluster.addons.0.config", '{"a": 1}', "ack-gpu-exporter.config"
    ),
    "cluster.addons[].disabled": Other(
        {"cluster.addons.0.disabled": True}, 6, "cluster.addons.ack-gpu-exporter"
    ),
    "cluster.ssh": Other(
        {"cluster.ssh": True, **{f"{pool}.keyPair": "mine" for pool in (GPU, ELASTIC, PAID)}},
        6,
        "keyPair",
    ),
    "cluster.raw": Other({"cluster.raw.audit_log_config": {}}, 0, "cluster.raw.audit_log_config"),
    "network.plugin": conflict("network.plugin", "terway", "network.plugin"),
    "network.podCidr": conflict("network.podCidr", "172.18.0.0/16", "network.podCidr"),
    "network.nodeCidrMask": conflict("network.nodeCidrMask", 25, "network.nodeCidrMask"),
    "network.proxyMode": conflict("network.proxyMode", "iptables", "network.proxyMode"),
    "network.vpc.id": Other(HOME, 6, "network.vpc.id"),
    "network.vpc.cidr": Other(
        {"network.vpc.cidr": "10.0.0.0/8", "network.vswitches.0.cidr": "10.1.0.0/24"},
        6,
        "network.vpc.cidr",
    ),
    "network.vswitches[].id": Other(HOME, 6, "network.vswitches"),
    "network.vswitches[].zone": conflict(
        "network.vswitches.0.zone", "cn-hangzhou-j", "network.vswitches"
    ),
    "network.vswitches[].cidr": conflict(
        "network.vswitches.0.cidr", "192.168.1.0/24", "network.vswitches[cn-hangzhou-k].cidr"
    ),
    "network.nat.create": conflict("network.nat", {"create": False}, "network.nat.create"),
    "network.nat.id": Other(HOME | {"network.nat.id": "NAT"}, 6, "The NAT gateway ngw-"),
    "network.nat.eip.create": Other(
        {"network.nat.eip": {"create": False, "id": "EIP"}}, 6, "network.nat.eip.id"
    ),
    "network.nat.eip.id": conflict("network.nat.eip.id", "EIP", "network.nat.eip.id"),
    "network.nat.eip.bandwidth": conflict(
        "network.nat.eip.bandwidth", 20, "network.nat.eip.bandwidth"
    ),
    "network.securityGroupId": Other(
        HOME | {"network.securityGroupId": "GROUP"}, 6, "network.securityGroupId"
    ),
    "nodePools[].name": conflict(f"{GPU}.name", "renamed", "nodePools[gpu]"),
    "nodePools[].instanceTypes": conflict(
        f"{GPU}.instanceTypes", ["ecs.vgn5i-m4.2xlarge"], "nodePools[gpu].instanceTypes"
    ),
    "nodePools[].desiredSize": conflict(f"{GPU}.desiredSize", 2, "nodePools[gpu].desiredSize"),
    "nodePools[].autoScaling.enable": conflict(
        f"{ELASTIC}.autoScaling", {"enable": False}, "nodePools[elastic].autoScaling.enable"
    ),
    "nodePools[].autoScaling.min": Other({f"{ELASTIC}.autoScaling.min": 0}, 12),
    "nodePools[].autoScaling.max": Other({f"{ELASTIC}.autoScaling.max": 4}, 12),
    "nodePools[].autoScaling.type": conflict(
        f"{ELASTIC}.autoScaling.type", "spot", "nodePools[elastic].autoScaling.type"
    ),
    "nodePools[].systemDisk.category": conflict(
        f"{GPU}.systemDisk.category", "cloud_efficiency", "nodePools[gpu].systemDisk.category"
    ),
    "nodePools[].systemDisk.size": conflict(
        f"{GPU}.systemDisk.size", 200, "nodePools[gpu].systemDisk.size"
    ),
    "nodePools[].dataDisks[].category": conflict(
        f"{GPU}.dataDisks.0.category", "cloud_efficiency", "nodePools[gpu].dataDisks"
    ),
    "nodePools[].dataDisks[].size": conflict(
        f"{GPU}.dataDisks.0.size", 300, "nodePools[gpu].dataDisks"
    ),
    "nodePools[].chargeType": Other(
        {f"{PAID}.chargeType": "PostPaid", f"{PAID}.period": 0}, 6, "nodePools[paid].chargeType"
    ),
    "nodePools[].period": conflict(f"{PAID}.period", 2, "nodePools[paid].period"),
    "nodePools[].autoRenew": Other({f"{PAID}.autoRenew": True}, 6, "nodePools[paid].autoRenew"),
    "nodePools[].spot.strategy": Other(
        {f"{GPU}.spot": {"strategy": "SpotAsPriceGo"}}, 6, "nodePools[gpu].spot.strategy"
    ),
    "nodePools[].spot.priceLimit": conflict(
        f"{ELASTIC}.spot.priceLimit", 3.5, "nodePools[elastic].spot.priceLimit"
    ),
    "nodePools[].spot.onDemandBase": conflict(
        f"{ELASTIC}.spot.onDemandBase", 2, "nodePools[elastic].spot.onDemandBase"
    ),
    "nodePools[].multiAzPolicy": conflict(
        f"{GPU}.multiAzPolicy", "PRIORITY", "nodePools[gpu].multiAzPolicy"
    ),
    "nodePools[].imageType": conflict(f"{GPU}.imageType", "Ubuntu", "nodePools[gpu].imageType"),
    "nodePools[].imageId": conflict(f"{GPU}.imageId", "m-bp1mine", "nodePools[gpu].imageId"),
    "nodePools[].raw": Other(
        {f"{GPU}.raw": {"kubernetes_config": {"cpu_policy": "static"}}}, 0, "nodePools[gpu].raw"
    ),
    "nodePools[].gpu.driver": conflict(f"{GPU}.gpu.driver", "plugin", "nodePools[gpu].gpu.driver"),
    "nodePools[].gpu.ossEndpoint": conflict(f"{GPU}.gpu", BUCKET, "nodePools[gpu].gpu.ossEndpoint"),
    "nodePools[].gpu.runfile": conflict(f"{GPU}.gpu", BUCKET, "nodePools[gpu].gpu.runfile"),
    "nodePools[].keyPair": conflict(f"{GPU}.keyPair", "mine", "nodePools[gpu].keyPair"),
    "nodePools[].labels": conflict(f"{GPU}.labels.team", "sound", "nodePools[gpu].labels.team"),
    "nodePools[].taints[].key": conflict(f"{GPU}.taints.0.key", "own", "nodePools[gpu].taints"),
    "nodePools[].taints[].value": conflict(
        f"{GPU}.taints.0.value", "other", "nodePools[gpu].taints"
    ),
    "nodePools[].taints[].effect": conflict(
        f"{GPU}.taints.0.effect", "NoExecute", "nodePools[gpu].taints"
    ),
    "nodePools[].runtime.name": Other({f"{GPU}.runtime.name": "docker"}, 2, "runtime.name"),
    "nodePools[].runtime.version": conflict(
        f"{GPU}.runtime.version", "2.0.7", "nodePools[gpu].runtime.version"
    ),
    "nodePools[].attach.instanceIds": Other({f"{GPU}.attach.instanceIds": ["i-bp1abcdef"]}, 12),
    "nodePools[].attach.keepInstanceName": Other(
        {f"{GPU}.attach.keepInstanceName": False}, 0, "nodePools[gpu].attach.keepInstanceName"
    ),
    "nodePools[].attach.formatDisk": Other(
        {f"{GPU}.attach.formatDisk": True}, 0, "nodePools[gpu].attach.formatDisk"
    ),
    "nodePools[].userData": conflict(
        f"{GPU}.userData", "#!/bin/sh\necho theirs\n", "nodePools[gpu].userData"
    ),
    "nodePools[].licenseServer": conflict(
        f"{GPU}.licenseServer", "license.example.com:7070", "nodePools[gpu].licenseServer"
    ),
    "gpu.licenseServer": conflict("gpu.licenseServer", "license.example.com:7070", "licenseServer"),
}
OF_TERWAY = {
    "network.podVswitches[].id": Other(
        HOME | {"network.podVswitches": [{"id": "VSWITCH"}]}, 6, "network.podVswitches"
    ),
    "network.podVswitches[].zone": conflict(
        "network.podVswitches.0.zone", "cn-hangzhou-j", "network.podVswitches"
    ),
    "network.podVswitches[].cidr": conflict(
        "network.podVswitches.0.cidr", "192.168.48.0/20", "network.podVswitches[cn-hangzhou-k].cidr"
    ),
}
OF_A_RUN: dict[str, Other] = {
    "lifecycle.onFailure": Other({"lifecycle.onFailure": "rollback"}, 0),
    "lifecycle.timeout": Other({"lifecycle.timeout": "1h"}, 0),
    "lifecycle.maxHourlyPrice": Other({"lifecycle.maxHourlyPrice": 1000}, 0),
    "lifecycle.allowUnknownPrice": Other({"lifecycle.allowUnknownPrice": True}, 0),
    "gpu.expect.fromInstanceTable": Other(
        {"gpu.expect": {"fromInstanceTable": False, "name": "Tesla-P4", "memMiB": ">=1900"}}, 0
    ),
    "gpu.expect.name": Other({"gpu.expect.name": "Tesla-P4"}, 0),
    "gpu.expect.count": Other({"gpu.expect.count": 2}, 0),
    "gpu.expect.memMiB": Other({"gpu.expect.memMiB": ">=1900"}, 0),
    "gpu.sample.image": Other({"gpu.sample.image": "registry.example.com/sample:1"}, 0),
    "gpu.sample.registry": Other({"gpu.sample.registry": "registry.example.com"}, 0),
    "gpu.sample.timeout": Other({"gpu.sample.timeout": "5m"}, 0),
    "verify.level": Other({"verify.level": "labels"}, 0),
    "verify.consecutive": Other({"verify.consecutive": 3}, 0),
}


def changed(spec: dict[str, Any], other: Other, ids: dict[str, str]) -> dict[str, Any]:
    """The spec with the change in it; words in capitals stand for what the account has."""
    document = copy.deepcopy(spec)
    for path, value in other.changes.items():
        node: Any = document
        *parents, last = path.split(".")
        for part in parents:
            node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
        node[last] = _filled(value, ids)
    return document


def _filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_filled(item, ids) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, ids) for key, item in value.items()}
    return ids.get(value, value) if isinstance(value, str) else value


def others_of(cli: Cli) -> dict[str, str]:
    """What somebody else has in the account."""
    vpc_id, vswitch_id = own_network(cli)
    vpc = Api(VpcClient, vpc_models, cli.emulator)
    place = {"VpcId": vpc_id, "VSwitchId": vswitch_id}
    nat_id = str(vpc("CreateNatGateway", NatType="Enhanced", **place)["NatGatewayId"])
    return {
        "VPC": vpc_id,
        "VSWITCH": vswitch_id,
        "NAT": nat_id,
        "EIP": str(vpc("AllocateEipAddress")["AllocationId"]),
        "GROUP": str(ecs_of(cli)("CreateSecurityGroup", VpcId=vpc_id)["SecurityGroupId"]),
    }


def look(cli: Cli, tmp_path: Path, spec: dict[str, Any], cases: dict[str, Other]) -> None:
    path = tmp_path / "cluster.yaml"
    YAML().dump(spec, path)
    assert cli("create", "-f", str(path), "-y").code == 0
    ids = others_of(cli)
    plan = ("plan", "-f", str(path), "--detailed-exitcode", "-o", "json")
    assert cli(*plan).code == 0
    cli.emulator.requests.clear()
    wrong: dict[str, str] = {}
    for key, other in cases.items():
        YAML().dump(changed(spec, other, ids), path)
        ended = cli(*plan)
        if ended.code != other.code or other.says not in ended.out:
            wrong[key] = f"{ended.code}: {ended.out}"
    assert wrong == {}
    assert cli.emulator.requests.writes() == []


def test_every_setting_has_a_line_here() -> None:
    """What belongs to a run is no conflict, and everything else is named."""
    cases = OTHERS | OF_TERWAY | OF_A_RUN
    assert {*cases} == {row.key for row in FIELDS}
    assert {*OF_A_RUN} == {row.key for row in FIELDS if row.compared == "run"}


@pytest.mark.long
def test_no_other_setting_passes_unsaid(cli: Cli, tmp_path: Path) -> None:
    look(cli, tmp_path, SPEC, OTHERS | OF_A_RUN)


def test_no_other_vswitch_of_terways_pods_passes_unsaid(cli: Cli, tmp_path: Path) -> None:
    look(cli, tmp_path, TERWAY, OF_TERWAY)
