"""What Container Service refuses in a request for a cluster: everything at once.

With several findings the answer carries all of them in ``data``; the first is the answer's own
code (seen in public issue threads). Codes that nobody published are spelt like those that are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from ackgpu.emulator.cs.addon_docs import NETWORK, real_name
from ackgpu.emulator.cs.lookup import flag, number, objects, part, text, texts
from ackgpu.emulator.cs.roles import cluster_refusals
from ackgpu.emulator.cs.tables import creatable_versions
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared import catalog, limits
from ackgpu.emulator.store import Doc

NAME = re.compile(r"[a-zA-Z0-9\u4e00-\u9fff][a-zA-Z0-9_\-\u4e00-\u9fff]{0,62}")
SPECS = {"ack.standard", "ack.pro.small", "ack.pro.xlarge", "ack.pro.2xlarge", "ack.pro.4xlarge"}
PROFILES = {"Default"}
PROXY_MODES = {"iptables", "ipvs", "nftables"}
MAX_VSWITCHES = 5
NODE_MASKS = range(24, 29)
SERVICE_PREFIX = 24
"""The longest prefix of a service CIDR (page on planning CIDR blocks)."""
Finding = tuple[str, str]


def check_cluster(call: Call, region: str, body: dict[str, Any]) -> None:
    """Raise what is wrong with the request, or return."""
    findings = list(_findings(call, region, body))
    if not findings:
        _check_quota(call, region)
        return
    code, message = findings[0]
    data = [{"code": each, "message": why} for each, why in findings]
    raise ApiError(code, message, extra={"data": data} if len(data) > 1 else None)


def check_name(call: Call, name: str) -> None:
    """Raise why a cluster cannot have this name, or return."""
    for code, message in _name(call, name):
        raise ApiError(code, message)


def kubernetes_version(asked: str) -> str:
    """The version that is requested; the newest creatable one where none is.

    A short form such as ``1.34`` stands for its newest patch. Empty where there is none.
    """
    offered = creatable_versions()
    if not asked:
        return offered[0]
    exact = [version for version in offered if version in {asked, f"{asked}-aliyun.1"}]
    short = [version for version in offered if version.startswith(f"{asked}.")]
    return (exact or short or [""])[0]


def network_of(body: dict[str, Any]) -> str:
    """Flannel or Terway: as the add-ons say; without one, by what else the request brings.

    The vendor's own CLI sends no add-ons: a pod CIDR means Flannel, and without one pod vSwitches
    or automatic mode mean Terway. Its suite passed on the real cloud in 2026-08.
    """
    names = {text(row, "name") for row in objects(body, "addons")}
    if any(name.startswith("terway") for name in names):
        return "Terway"
    named = any(real_name(name) == NETWORK["Flannel"] for name in names)
    by_vswitches = bool(texts(body, "pod_vswitch_ids")) or is_automatic(body)
    if by_vswitches and not named and not text(body, "container_cidr"):
        return "Terway"
    return "Flannel"


def is_automatic(body: dict[str, Any]) -> bool:
    """Whether automatic mode is requested: ACK manages the nodes, and chooses their network."""
    return flag(part(body, "auto_mode"), "enable")


def _findings(call: Call, region: str, body: dict[str, Any]) -> Iterator[Finding]:
    yield from _identity(call, region, body)
    yield from _kind(call, body)
    yield from cluster_refusals(call)
    vpc_id = text(body, "vpcid")
    vpc = call.docs.get("vpc", vpc_id)
    if vpc is None or not vpc.alive(call.now) or vpc.region != region:
        yield "InvalidVpcId.NotFound", f"vpc {vpc_id} is not found in {region}"
        return
    yield from _vswitches(call, vpc, texts(body, "vswitch_ids"))
    yield from _group(call, vpc, body)
    yield from _cidrs(call, vpc, body)
    if number(body, "num_of_nodes") < 0:
        yield "InvalidParameter.NumOfNodes", "num_of_nodes must not be negative"


def _identity(call: Call, region: str, body: dict[str, Any]) -> Iterator[Finding]:
    yield from _name(call, text(body, "name"))
    if region not in {row["id"] for row in catalog.regions(call.settings)}:
        yield "InvalidRegionId.NotFound", f"region {region} does not exist"


def _name(call: Call, name: str) -> Iterator[Finding]:
    """Names are unique in the account, unless the doubt ``cluster_names`` is read otherwise."""
    if not NAME.fullmatch(name):
        yield "InvalidParameter.Name", f"cluster name {name!r} is not valid"
    if call.doubt("cluster_names") == "free":
        return
    for cluster in call.docs.find("cluster", name=name):
        if cluster.deleted_at is None or cluster.deleted_at > call.now:
            message = f"cluster name {name} already exist in your clusters"
            yield "ErrorClusterNameAlreadyExist", message
            return


def _kind(call: Call, body: dict[str, Any]) -> Iterator[Finding]:
    """Dedicated clusters are closed to new ones since 2024-08 (page on dedicated clusters).

    A scenario's limit ``dedicated_clusters`` lets one be made all the same, as an old one that is
    there already; the instances of its control plane are not emulated.
    """
    kind, spec = text(body, "cluster_type"), text(body, "cluster_spec")
    if kind == "Kubernetes" and not call.settings.get("limits", {}).get("dedicated_clusters"):
        message = "ACK dedicated clusters can no longer be created: the quota is 0"
        yield "QuotaExceeded.DedicatedCluster", message
    elif kind not in {"Kubernetes", "ManagedKubernetes"}:
        yield "InvalidParameter.ClusterType", f"cluster_type {kind!r} is not supported"
    if spec and spec not in SPECS:
        yield "InvalidParameter.ClusterSpec", f"cluster_spec {spec} is not supported"
    if (text(body, "profile") or "Default") not in PROFILES:
        yield "InvalidParameter.Profile", "only the profile Default is offered"
    asked = text(body, "kubernetes_version")
    if not kubernetes_version(asked):
        yield "InvalidParameter.KubernetesVersion", f"version {asked} cannot be created"
    if (text(body, "proxy_mode") or "ipvs") not in PROXY_MODES:
        yield "InvalidParameter.ProxyMode", "proxy_mode is not supported"


def _vswitches(call: Call, vpc: Doc, vswitch_ids: list[str]) -> Iterator[Finding]:
    if not 1 <= len(vswitch_ids) <= MAX_VSWITCHES:
        yield "InvalidVSwitch.Count", "1 to 5 vSwitches must be given"
    for vswitch_id in vswitch_ids:
        vswitch = call.docs.get("vswitch", vswitch_id)
        if vswitch is None or not vswitch.alive(call.now) or vswitch.scope != vpc.id:
            yield "InvalidVSwitchId.NotFound", f"vswitch {vswitch_id} is not found in vpc {vpc.id}"


def _group(call: Call, vpc: Doc, body: dict[str, Any]) -> Iterator[Finding]:
    group_id = text(body, "security_group_id")
    if not group_id:
        return
    group = call.docs.get("securitygroup", group_id)
    if group is None or not group.alive(call.now) or group.scope != vpc.id:
        message = f"security group {group_id} is not found in vpc {vpc.id}"
        yield "InvalidSecurityGroupId.NotFound", message
    if body.get("is_enterprise_security_group"):
        message = "security_group_id and is_enterprise_security_group exclude each other"
        yield "InvalidParameter.SecurityGroup", message


def _cidrs(call: Call, vpc: Doc, body: dict[str, Any]) -> Iterator[Finding]:
    flannel = network_of(body) == "Flannel"
    pods, services = text(body, "container_cidr"), text(body, "service_cidr")
    if not services or (flannel and not pods):
        yield "EmptyCIDR", "pod or service cidr is empty"
    if not flannel and not is_automatic(body) and not _pod_vswitches(body):
        yield "InvalidPodVswitchIds", "terway needs pod vswitches"
    found = {"vpc": _network(str(vpc.body["CidrBlock"]))}
    for label, cidr in (("pod", pods if flannel else ""), ("service", services)):
        if not cidr:
            continue
        network = _network(cidr)
        small = label == "service" and network is not None and network.prefixlen > SERVICE_PREFIX
        if network is None or not network.is_private or small:
            yield "InvalidCIDR", f"{label} cidr {cidr} is not valid"
        found[label] = network
    if flannel and found.get("pod"):
        found |= _other_pods(call, vpc)
        yield from _mask(found["pod"], body)
    yield from _overlaps(found)


def _overlaps(found: dict[str, IPv4Network | None]) -> Iterator[Finding]:
    for label in ("pod", "service"):
        mine = found.get(label)
        for other, network in found.items():
            if mine is None or network is None or (label, other) in {
                ("pod", "pod"), ("service", "service"), ("service", "pod"),
            }:  # fmt: skip
                continue
            if mine.overlaps(network):
                yield "InvalidCIDR", f"{label} cidr {mine} overlaps {other} cidr {network}"


def _mask(pods: IPv4Network | None, body: dict[str, Any]) -> Iterator[Finding]:
    mask = text(body, "node_cidr_mask") or "26"
    if not mask.isdecimal() or int(mask) not in NODE_MASKS:
        yield "InvalidParameter.NodeCidrMask", f"node_cidr_mask {mask} must be 24 to 28"
    elif pods is not None and int(mask) < pods.prefixlen:
        yield "InvalidCIDR", f"pod cidr {pods} holds no node of mask {mask}"


def _other_pods(call: Call, vpc: Doc) -> dict[str, IPv4Network | None]:
    """The pod CIDRs of the other clusters in the VPC: their routes share its table."""
    others = call.docs.find("cluster", at=call.now, scope=vpc.id)
    return {
        f"cluster {other.id} pod": _network(other.body["container_cidr"])
        for other in others
        if other.body["network"] == "Flannel"
    }


def _pod_vswitches(body: dict[str, Any]) -> bool:
    configured = [text(row, "config") for row in objects(body, "addons")]
    return bool(texts(body, "pod_vswitch_ids")) or any("PodVswitchId" in row for row in configured)


def _network(cidr: str) -> IPv4Network | None:
    try:
        return IPv4Network(cidr)
    except ValueError:
        return None


def _check_quota(call: Call, region: str) -> None:
    """50 clusters an account (quota page of 2020; today's differs by edition). Code unconfirmed."""
    used = [
        cluster
        for cluster in call.docs.find("cluster")
        if cluster.deleted_at is None or cluster.deleted_at > call.now
    ]
    limits.refuse_over(call, "clusters", len(used), region=region)
