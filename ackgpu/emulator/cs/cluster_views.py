"""How a cluster is shown: keys, types and embedded JSON as observed on the real service in 2026.

What was not supplied reads back as there: an empty time zone, a maintenance window that is off.
"""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from typing import Any

from ackgpu.emulator.cs import instants
from ackgpu.emulator.cs.addon_docs import installed
from ackgpu.emulator.cs.tables import runtime_version, versions
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import seen_tags
from ackgpu.emulator.shared.lifecycle import state_at
from ackgpu.emulator.store import Doc

LEAN = (
    "cluster_domain", "cluster_id", "cluster_spec", "cluster_type", "container_cidr", "created",
    "current_version", "deletion_protection", "init_version", "ip_stack", "name", "next_version",
    "profile", "proxy_mode", "region_id", "resource_group_id", "security_group_id",
    "service_cidr", "size", "state", "tags", "timezone", "updated", "vpc_id", "vswitch_ids",
)  # fmt: skip
CLASSIC = (
    "cluster_id", "cluster_type", "created", "current_version", "deletion_protection",
    "docker_version", "external_loadbalancer_id", "init_version", "master_url", "meta_data",
    "name", "network_mode", "private_zone", "profile", "region_id", "resource_group_id",
    "security_group_id", "size", "state", "subnet_cidr", "tags", "updated", "vpc_id",
    "vswitch_id", "worker_ram_role_name", "zone_id",
)  # fmt: skip

DROPPED = frozenset(
    {
        "docker_version", "external_loadbalancer_id", "network_mode", "parameters", "private_zone",
        "subnet_cidr", "vswitch_id", "zone_id",
    }
)  # fmt: skip
"""What DescribeClusterDetail is announced to drop (announcement on ACK API parameter changes)."""


def version_of(call: Call, cluster: Doc) -> str:
    """The Kubernetes version that the cluster runs now."""
    return state_at(cluster.body["versions"], call.now)


def next_version(version: str) -> str:
    """The version that it can be upgraded to; empty where it is up to date."""
    for known in versions():
        if known["version"] == version:
            return str((known["upgradable_versions"] or [""])[0])
    return ""


def row(call: Call, cluster: Doc) -> dict[str, Any]:
    """A row of DescribeClustersV1."""
    body = cluster.body
    endpoints = _endpoints(call, cluster)
    version = version_of(call, cluster)
    return {
        "cluster_domain": body["cluster_domain"],
        "cluster_id": cluster.id,
        "cluster_spec": body["cluster_spec"],
        "cluster_type": body["cluster_type"],
        "container_cidr": body["container_cidr"],
        "created": instants.china_time(call, cluster.created_at),
        "current_version": version,
        "deletion_protection": body["deletion_protection"],
        "docker_version": "",
        "external_loadbalancer_id": _balancer_id(endpoints),
        "init_version": body["init_version"],
        "ip_stack": body["ip_stack"],
        "maintenance_window": {"enable": False, "weekly_period": ""} | body["maintenance_window"],
        "master_url": _master_url(call, endpoints),
        "meta_data": _meta_data(call, cluster),
        "name": cluster.name,
        "network_mode": "vpc",
        "next_version": next_version(version),
        "operation_policy": body["operation_policy"],
        "private_zone": False,
        "profile": body["profile"],
        "proxy_mode": body["proxy_mode"],
        "region_id": cluster.region,
        "resource_group_id": body["resource_group_id"],
        "security_group_id": body["security_group_id"],
        "service_cidr": body["service_cidr"],
        "size": call.docs.count("node", at=call.now, scope=cluster.id),
        "state": call.state(cluster),
        "subnet_cidr": body["container_cidr"],
        "tags": [{"key": key, "value": value} for key, value in seen_tags(call, cluster).items()],
        "timezone": body["timezone"],
        "updated": instants.china_time(call, _updated(call, cluster)),
        "vpc_id": cluster.scope,
        "vswitch_id": ",".join(body["vswitch_ids"]),
        "vswitch_ids": body["vswitch_ids"],
        "worker_ram_role_name": body["worker_ram_role_name"],
        "zone_id": body["zone_id"],
    }


def detail(call: Call, cluster: Doc) -> dict[str, Any]:
    """A cluster as DescribeClusterDetail answers it.

    Without ``auto_mode`` where none was asked for: Terraform's provider replaces a cluster that
    has one which its configuration does not have.
    """
    given = {key: cluster.body.get(key) for key in ("auto_mode", "extra_sans")}
    whole = (
        row(call, cluster)
        | {
            "node_cidr_mask": cluster.body["node_cidr_mask"],
            "parameters": _parameters(call, cluster),
            "rrsa_config": _rrsa(call, cluster),
        }
        | {key: value for key, value in given.items() if value}
    )
    absent = DROPPED if call.doubt("dropped_fields") == "absent" else frozenset()
    return {key: value for key, value in whole.items() if key not in absent}


def _rrsa(call: Call, cluster: Doc) -> dict[str, Any]:
    """Roles for service accounts: with its OpenID Connect provider where it is on."""
    if not cluster.body["rrsa_enabled"]:
        return {"enabled": False}
    name = f"ack-rrsa-{cluster.id}"
    issuer = f"https://oidc-ack-{cluster.region}.oss-{cluster.region}.aliyuncs.com/{cluster.id}"
    return {
        "audience": "sts.aliyuncs.com",
        "enabled": True,
        "issuer": issuer,
        "jwks_url": f"{issuer}/keys",
        "max_oidc_token_expiration": "12h",
        "oidc_arn": f"acs:ram::{call.caller.account_id}:oidc-provider/{name}",
        "oidc_name": name,
        "open_api_configuration_url": f"{issuer}/.well-known/openid-configuration",
    }


def region_row(call: Call, cluster: Doc) -> dict[str, Any]:
    """A row of DescribeClustersForRegion."""
    full = row(call, cluster)
    return {key: full[key] for key in LEAN}


def classic_row(call: Call, cluster: Doc) -> dict[str, Any]:
    """A row of the deprecated DescribeClusters."""
    full = row(call, cluster)
    return {key: full[key] for key in CLASSIC}


def _endpoints(call: Call, cluster: Doc) -> dict[str, dict[str, Any]]:
    """The endpoints that exist by now, by ``intranet`` and ``public``."""
    return {
        kind: endpoint
        for kind, endpoint in cluster.body["endpoints"].items()
        if endpoint["at"] <= call.now
    }


def _balancer_id(endpoints: dict[str, dict[str, Any]]) -> str:
    chosen = endpoints.get("public") or endpoints.get("intranet")
    return str(chosen["id"]) if chosen else ""


def _master_url(call: Call, endpoints: dict[str, dict[str, Any]]) -> str:
    """A JSON text; without a public endpoint its address is empty (documented example).

    The public one is the server that kubeconfigs name, so that a client which builds its own can
    reach it: the EIP's address is nowhere.
    """
    return _compact(_addresses(call, endpoints)) if endpoints else ""


def endpoints_view(call: Call, cluster: Doc) -> dict[str, str]:
    """The addresses of the cluster's API server, as DescribeClusterEndpoints answers them."""
    return _addresses(call, _endpoints(call, cluster))


def _addresses(call: Call, endpoints: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {
        "api_server_endpoint": call.kube_endpoint if "public" in endpoints else "",
        "intranet_api_server_endpoint": endpoints.get("intranet", {}).get("url", ""),
    }


def _meta_data(call: Call, cluster: Doc) -> str:
    body, version = cluster.body, version_of(call, cluster)
    addons = installed(call, cluster)
    vpc = call.docs.get("vpc", cluster.scope)
    data = {
        "Addons": [{"name": doc.name, "version": doc.body["version"]} for doc in addons],
        "AuditProjectName": "",
        "Capabilities": {
            "AnyAZ": True,
            "CSI": True,
            "CpuPolicy": True,
            "DeploymentSet": True,
            "EnterpriseSecurityGroup": True,
            "Network": body["network"] if body["network"] == "Flannel" else "terway-eniip",
            "NodeCIDRMask": body["node_cidr_mask"],
            "NodeNameMode": True,
            "ProxyMode": body["proxy_mode"],
            "PublicSLB": body["public"],
            "RamRoleType": "restricted",
            "Taint": True,
            "UserData": True,
        },
        "ClusterDomain": body["cluster_domain"],
        "ExtraCertSAN": body["extra_sans"],
        "IPStack": body["ip_stack"],
        "ImageType": "AliyunLinux3ContainerOptimized",
        "KubernetesVersion": version,
        "MultiAZ": False,
        "NextVersion": next_version(version),
        "OSType": "Linux",
        "Platform": "AliyunLinux",
        "RRSAConfig": _rrsa(call, cluster),
        "ResourceGroupId": body["resource_group_id"],
        "Runtime": "containerd",
        "RuntimeVersion": runtime_version(),
        "ServiceCIDR": body["service_cidr"],
        "SubClass": "default",
        "VSwitchIds": body["vswitch_ids"],
        "VpcCidr": vpc.body["CidrBlock"] if vpc else "",
    }
    versioned = {f"{doc.name}Version": doc.body["version"] for doc in addons}
    return _compact(data | versioned)


def _parameters(call: Call, cluster: Doc) -> dict[str, str]:
    """The parameters of the ROS stack: strings all of them."""
    body = cluster.body
    internal = body["endpoints"].get("intranet", {}).get("url", "")
    return {
        "ALIYUN::Region": cluster.region,
        "ALIYUN::StackId": body["stack_id"],
        "ALIYUN::StackName": f"k8s-for-cs-{cluster.id}",
        "ClusterDns": str(IPv4Network(body["service_cidr"])[10]),
        "ContainerCIDR": body["container_cidr"],
        "Eip": str(body["public"]),
        "IPStack": body["ip_stack"],
        "KubernetesVersion": version_of(call, cluster),
        "MasterSLBPrivateIP": internal.removeprefix("https://").partition(":")[0],
        "Network": body["network"],
        "NumOfNodes": "0",
        "ProxyMode": body["proxy_mode"],
        "SNatEntry": str(body["snat_entry"]),
        "ServiceCIDR": body["service_cidr"],
        "WorkerLoginPassword": "******",
    }


def _updated(call: Call, cluster: Doc) -> float:
    entered = [float(at) for at, _ in cluster.body["phases"] if at <= call.now]
    return max([*entered, float(cluster.body["updated"])])


def _compact(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
