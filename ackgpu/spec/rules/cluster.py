"""Rules over the cluster as a whole."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib.resources import files

from ackgpu import naming
from ackgpu.spec.durations import MAX_LIFETIME
from ackgpu.spec.fields import sent
from ackgpu.spec.findings import Finding, error, refused, warning
from ackgpu.spec.model import AddonSpec, ClusterSpec
from ackgpu.spec.rules.syntax import did_you_mean, problem_with_image_name, problem_with_server
from ackgpu.spec.versions import AS_WRITTEN

_REGION = re.compile(r"[a-z]{2}-[a-z0-9]+(-[a-z0-9]+)*")
_ZONE = re.compile(r"(?P<region>[a-z]{2}-[a-z]+)-[a-z]|(?P<numbered>[a-z]{2}-[a-z]+-\d)[a-z]")
_MEMORY = re.compile(r"(>=|<=)?\d{1,9}")
# The page on lightweight GPU workloads asks for this or later.
_OLDEST_VERSION = (1, 14, 8)
# A resource takes 20 tags; five are kept for ackgpu's own.
_MAX_TAGS = 15
_MAX_POOLS = {"ack.standard": 10}
_MAX_POOLS_PRO = 100
_BASIC_NODES = 10
_DOCUMENTED_NODES = 100
# ACK documentation, quotas and limits: what an increase can reach.
_HIGHEST_NODES = {"flannel": 1_000, "terway-eniip": 15_000}
# Fields of CreateCluster that keys of the spec fill, and those keys.
_OWNED_FIELDS = {
    "name": "metadata.name",
    "region_id": "metadata.region",
    "kubernetes_version": "metadata.version",
    "tags": "metadata.tags",
    "deletion_protection": "lifecycle.deletionProtection",
    "cluster_type": "cluster.type",
    "cluster_spec": "cluster.spec",
    "endpoint_public_access": "cluster.endpointPublicAccess",
    "addons": "cluster.addons",
    "ssh_flags": "cluster.ssh",
    "container_cidr": "network.podCidr",
    "node_cidr_mask": "network.nodeCidrMask",
    "vpcid": "network.vpc",
    "vswitch_ids": "network.vswitches",
    "zone_ids": "network.vswitches",
    "pod_vswitch_ids": "network.podVswitches",
    "security_group_id": "network.securityGroupId",
    "snat_entry": "network.nat",
    "nodepools": "nodePools",
    "num_of_nodes": "nodePools",
    "client_token": "",
    **{row.api: row.key for row in sent(pool=False)},
}


def check_name(spec: ClusterSpec) -> Iterator[Finding]:
    """The name is one that ACK takes."""
    yield from refused("metadata.name", naming.problem_with_cluster_name(spec.name))


def check_region(spec: ClusterSpec) -> Iterator[Finding]:
    """The region looks like one; whether it exists is asked of the cloud."""
    zone = _ZONE.fullmatch(spec.region)
    if zone:
        region = zone["region"] or zone["numbered"]
        yield error("metadata.region", f"{spec.region!r} is a zone; its region is {region!r}")
    elif not _REGION.fullmatch(spec.region):
        yield error("metadata.region", f"{spec.region!r} is not a region such as cn-hangzhou")


def check_tags(spec: ClusterSpec) -> Iterator[Finding]:
    """The user's tags fit every product that carries them."""
    if len(spec.metadata.tags) > _MAX_TAGS:
        yield error("metadata.tags", f"{len(spec.metadata.tags)} tags: at most {_MAX_TAGS} fit")
    for key, value in spec.metadata.tags.items():
        yield from refused(f"metadata.tags.{key}", naming.problem_with_tag(key, value))


def check_version(spec: ClusterSpec) -> Iterator[Finding]:
    """The version is ``auto`` or one that schedules vGPUs; ACK says which it still creates."""
    version = spec.metadata.version
    if version == "auto":
        return
    match = AS_WRITTEN.fullmatch(version)
    if not match:
        yield error("metadata.version", f"{version!r} is not auto, 1.34, 1.34.1 or 1.34.1-aliyun.1")
        return
    numbers = tuple(int(number) for number in match.groups() if number)
    if numbers < _OLDEST_VERSION[: len(numbers)]:
        yield error("metadata.version", f"{version} is too old: vGPU nodes need 1.14.8 or later")


def check_cluster_type(spec: ClusterSpec) -> Iterator[Finding]:
    """Dedicated clusters can be written down; new ones have been closed since 2024-08."""
    if spec.cluster.type == "Kubernetes":
        yield warning(
            "cluster.type",
            "ACK has created no new dedicated clusters since 2024-08-21: create will refuse this; "
            "ManagedKubernetes is open",
        )


def check_cluster_size(spec: ClusterSpec) -> Iterator[Finding]:
    """The control plane holds the nodes.

    The 100 are documented for Pro in 2020 and can be raised: check-quota asks the account.
    """
    nodes = spec.most_nodes
    highest = _HIGHEST_NODES[spec.network.plugin]
    if spec.cluster.spec == "ack.standard" and nodes > _BASIC_NODES:
        yield error(
            "cluster.spec",
            f"a Basic cluster holds {_BASIC_NODES} nodes and {nodes} are requested; "
            "ack.pro.small holds more",
        )
    elif nodes > highest:
        yield error("nodePools", f"{nodes} nodes: {spec.network.plugin} ends at {highest}")
    elif nodes > _DOCUMENTED_NODES:
        yield warning(
            "nodePools",
            f"{nodes} nodes are more than the documented {_DOCUMENTED_NODES} of a cluster; "
            "check-quota tells what this account has",
        )


def check_pool_count(spec: ClusterSpec) -> Iterator[Finding]:
    """There is a pool, and no more than the control plane takes."""
    count = len(spec.node_pools)
    most = _MAX_POOLS.get(spec.cluster.spec, _MAX_POOLS_PRO)
    if not count:
        yield error("nodePools", "a GPU cluster needs at least one node pool")
    if count > most:
        yield error("nodePools", f"{count} node pools: {spec.cluster.spec} takes {most}")
    for name, times in Counter(pool.name for pool in spec.node_pools).items():
        if times > 1:
            yield error("nodePools", f"{times} node pools are named {name!r}")


def check_ssh(spec: ClusterSpec) -> Iterator[Finding]:
    """SSH is opened only where a key pair lets somebody in."""
    if not spec.cluster.ssh:
        return
    for index, pool in enumerate(spec.node_pools):
        if not pool.key_pair:
            yield error(f"nodePools[{index}].keyPair", "cluster.ssh needs a key pair on each pool")
    yield warning(
        "cluster.ssh",
        "managed clusters ignore it (ACK documentation): nodes get the key pair, no port opens",
    )


def check_addons(spec: ClusterSpec) -> Iterator[Finding]:
    """Addons are named once, do not fight the network plugin, and carry JSON."""
    names = Counter(addon.name for addon in spec.cluster.addons)
    for index, addon in enumerate(spec.cluster.addons):
        key = f"cluster.addons[{index}]"
        if names[addon.name] > 1:
            yield error(f"{key}.name", f"{addon.name!r} is named {names[addon.name]} times")
        if _is_other_plugin(addon, spec):
            yield error(f"{key}.name", f"{addon.name!r} contradicts network.plugin")
        if addon.config and not _is_json_object(addon.config):
            yield error(f"{key}.config", "must be the text of a JSON object")


def check_raw(spec: ClusterSpec) -> Iterator[Finding]:
    """``raw`` adds fields of CreateCluster and does not reach around the spec.

    SLB instances made with a cluster are pay-as-you-go only (page on lightweight GPU workloads).
    """
    for field, value in spec.cluster.raw.items():
        key = f"cluster.raw.{field}"
        if field in _OWNED_FIELDS:
            owner = _OWNED_FIELDS[field] or "ackgpu itself"
            yield error(key, f"this field is set by {owner}")
        elif "password" in field:
            yield error(key, "passwords have no place in a file: use a pool's keyPair")
        elif field == "charge_type" and value != "PostPaid":
            yield error(key, "SLB instances made with a cluster are pay-as-you-go (PostPaid) only")
        elif (instead := _instead_of(field)) is not None:
            what = f": use {instead}" if instead else ", and nothing takes its place"
            yield warning(key, f"ACK ignores or refuses this field since 2026{what}")
        elif field not in (known := _create_cluster_fields()):
            hint = did_you_mean(field, known)
            yield warning(key, f"CreateCluster is not known to have this field{hint}")


def check_lifecycle(spec: ClusterSpec) -> Iterator[Finding]:
    """Durations and money are within reason."""
    durations = (
        ("lifecycle.timeout", spec.lifecycle.timeout),
        ("lifecycle.ttl", spec.lifecycle.ttl),
        ("gpu.sample.timeout", spec.gpu.sample.timeout),
    )
    for key, seconds in durations:
        if seconds is not None and not 0 < seconds <= MAX_LIFETIME:
            yield error(key, "must be longer than nothing and at most 366d")
    price = spec.lifecycle.max_hourly_price
    if price is not None and not 0 < price < float("inf"):
        yield error("lifecycle.maxHourlyPrice", "must be a price above 0")


def check_expectations(spec: ClusterSpec) -> Iterator[Finding]:
    """What verification is told to expect can be checked, and can be true."""
    expect = spec.gpu.expect
    if spec.verify.consecutive < 1:
        yield error("verify.consecutive", "at least one look is needed")
    if expect.count < 1:
        yield error("gpu.expect.count", "a GPU node shows at least one GPU")
    if expect.mem_mib and not _MEMORY.fullmatch(expect.mem_mib):
        yield error("gpu.expect.memMiB", f"{expect.mem_mib!r} is not 2048, >=1900 or <=4096")
    if not expect.from_instance_table and not (expect.name or expect.mem_mib):
        yield error("gpu.expect", "without fromInstanceTable a name or memMiB must be given")
    if spec.gpu.license_server:
        yield from refused("gpu.licenseServer", problem_with_server(spec.gpu.license_server))


def check_sample(spec: ClusterSpec) -> Iterator[Finding]:
    """The sample's image has a name that can be pulled, and so has one of its registry."""
    sample = spec.gpu.sample
    yield from refused("gpu.sample.image", problem_with_image_name(sample.image))
    if sample.registry and problem_with_image_name(f"{sample.registry.rstrip('/')}/nvidia/cuda"):
        yield error(
            "gpu.sample.registry",
            f"{sample.registry!r} is no host of a registry, such as registry.example.com:5000",
        )


def _is_other_plugin(addon: AddonSpec, spec: ClusterSpec) -> bool:
    is_flannel = addon.name in {"flannel", "kube-flannel-ds"}
    is_terway = addon.name.startswith("terway")
    return is_terway if spec.network.is_flannel else is_flannel


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _instead_of(field: str) -> str | None:
    """What takes the place of a deprecated field, empty for nothing; None of one that is not."""
    path = files("ackgpu.spec").joinpath("data/deprecated_fields.toml")
    rows: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["instead"]
    return next((what for name, what in rows.items() if fnmatchcase(field, name)), None)


def _create_cluster_fields() -> list[str]:
    path = files("ackgpu.spec").joinpath("data/create_cluster_fields.txt")
    return path.read_text(encoding="utf-8").split()


RULES = tuple(rule for name, rule in [*vars().items()] if name.startswith("check_"))
