"""What ACK makes in the account on behalf of a cluster, and how it goes away again.

By default: an internal load balancer for the API server (6443), with a public endpoint another
one and its EIP (6443, 8443, and 22 with SSH), a security group where none is given, a RAM role for
the nodes; with SNAT asked for and no NAT gateway in the VPC, that, an EIP and SNAT entries (ACK
documents on creating managed clusters; names as observed in 2026). Each is kept as a row of
``body["resources"]``: ``kind``, ``id``, ``type`` (as DescribeClusterResources names it),
``logical`` name, ``at`` and ``mode`` (its name in ``delete_options``, or empty).
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import timing
from ackgpu.emulator.ecs.security_groups import make_security_group
from ackgpu.emulator.operation import Call
from ackgpu.emulator.slb.balancers import make_load_balancer
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.eips import make_eip
from ackgpu.emulator.vpc.nat_gateways import make_nat_gateway
from ackgpu.emulator.vpc.snat import make_snat_entry

API_PORT, KONNECTIVITY_PORT, SSH_PORT = 6443, 8443, 22
EIP_BANDWIDTH_MBPS = 100


def owner_tags(cluster_id: str) -> dict[str, str]:
    """The tags of what ACK makes for a cluster."""
    return {"ack.aliyun.com": cluster_id, "kubernetes.do.not.delete": "true"}


def add_resource(cluster: Doc, doc: Doc, named: tuple[str, str], *, mode: str = "") -> None:
    """Note what was made; ``named`` is (resource type, logical name)."""
    cluster.body["resources"].append(
        {
            "kind": doc.kind,
            "id": doc.id,
            "type": named[0],
            "logical": named[1],
            "at": doc.born,
            "mode": mode,
        }
    )


def make_security(call: Call, cluster: Doc) -> None:
    """The cluster's security group, where none is given."""
    if cluster.body["security_group_id"]:
        return
    group = make_security_group(
        call,
        region=cluster.region,
        vpc_id=cluster.scope,
        name=f"alicloud-cs-auto-created-security-group-{cluster.id}",
        tags=owner_tags(cluster.id),
    )
    cluster.body["security_group_id"] = group.id
    add_resource(cluster, group, ("ALIYUN::ECS::SecurityGroup", "k8s_sg"))


def make_worker_role(call: Call, cluster: Doc) -> None:
    """The RAM role that nodes have."""
    name = f"KubernetesWorkerRole-{cluster.body['stack_id']}"
    role = Doc("ramrole", name, name=name, born=call.now)
    role.body = {
        "RoleId": "".join(call.rng.choices("0123456789", k=18)),
        "Description": "Grant ecs with kubernetes worker role.",
        "MaxSessionDuration": 3600,
        "AssumeRolePolicyDocument": (
            '{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":'
            '{"Service":["ecs.aliyuncs.com"]}}],"Version":"1"}'
        ),
        "Policies": {},
        "updated": call.now,
    }
    call.docs.put(role)
    cluster.body["worker_ram_role_name"] = name
    add_resource(cluster, role, ("ALIYUN::RAM::Role", "KubernetesWorkerRole"))


def make_endpoints(call: Call, cluster: Doc, *, public: bool, ssh: bool) -> None:
    """The load balancers of the API server. Their quota may refuse them (see the SLB product)."""
    internal = make_load_balancer(
        call,
        region=cluster.region,
        name=f"ManagedK8SSlbIntranet-{cluster.id}",
        address_type="intranet",
        vpc_id=cluster.scope,
        vswitch_id=cluster.body["vswitch_ids"][0],
        tags=owner_tags(cluster.id),
        ports=(API_PORT,),
        at=call.now + timing.INTERNAL_BALANCER_AFTER,
    )
    add_resource(cluster, internal, ("ALIYUN::SLB::LoadBalancer", "k8s_master_slb"), mode="SLB")
    cluster.body["endpoints"]["intranet"] = _endpoint(internal, internal.body["Address"])
    if public:
        make_public_endpoint(call, cluster, ssh=ssh)


def make_public_endpoint(call: Call, cluster: Doc, *, ssh: bool) -> None:
    """The public load balancer of the API server and its EIP, whose address it has."""
    at = call.now + timing.PUBLIC_BALANCER_AFTER
    balancer = make_load_balancer(
        call,
        region=cluster.region,
        name=f"ManagedK8SSlbInternet-{cluster.id}",
        address_type="internet",
        vpc_id=cluster.scope,
        vswitch_id=cluster.body["vswitch_ids"][0],
        tags=owner_tags(cluster.id),
        ports=(API_PORT, KONNECTIVITY_PORT, *((SSH_PORT,) if ssh else ())),
        at=at,
    )
    eip = make_eip(
        call,
        region=cluster.region,
        name=f"ManagedK8SEip-{cluster.id}",
        bandwidth=EIP_BANDWIDTH_MBPS,
        tags=owner_tags(cluster.id),
        at=at,
        bound_to=balancer.id,
        bound_type="SlbInstance",
    )
    balancer.body["Address"] = eip.body["IpAddress"]
    call.docs.put(balancer)
    named = ("ALIYUN::SLB::LoadBalancer", "k8s_master_slb_internet")
    add_resource(cluster, balancer, named, mode="SLB")
    add_resource(cluster, eip, ("ALIYUN::VPC::EIP", "k8s_master_eip"), mode="SLB")
    cluster.body["endpoints"]["public"] = _endpoint(balancer, eip.body["IpAddress"])


def make_way_out(call: Call, cluster: Doc) -> None:
    """NAT gateway, EIP and SNAT entries, where the VPC has no NAT gateway."""
    gateways = call.docs.find("natgateway", scope=cluster.scope)
    if any(doc.gone is None or doc.gone > call.now for doc in gateways):
        return
    tags = owner_tags(cluster.id)
    vswitch_ids = cluster.body["vswitch_ids"]
    gateway = make_nat_gateway(
        call,
        region=cluster.region,
        vpc_id=cluster.scope,
        vswitch_id=vswitch_ids[0],
        name=f"k8s-for-cs-{cluster.id}",
        tags=tags,
    )
    eip = make_eip(
        call,
        region=cluster.region,
        name=f"k8s-for-cs-{cluster.id}-nat",
        bandwidth=EIP_BANDWIDTH_MBPS,
        tags=tags,
        bound_to=gateway.id,
        bound_type="Nat",
    )
    add_resource(cluster, gateway, ("ALIYUN::VPC::NatGateway", "k8s_nat_gateway"))
    add_resource(cluster, eip, ("ALIYUN::VPC::EIP", "k8s_nat_gateway_eip"))
    for vswitch_id in vswitch_ids:
        entry = make_snat_entry(
            call,
            table_id=gateway.body["SnatTableId"],
            vswitch_id=vswitch_id,
            address=eip.body["IpAddress"],
            at=call.now + timing.SNAT_AFTER,
        )
        add_resource(cluster, entry, ("ALIYUN::VPC::SnatEntry", "k8s_nat_gateway_snat"))


def _endpoint(balancer: Doc, address: str) -> dict[str, Any]:
    return {
        "id": balancer.id,
        "url": f"https://{address}:{API_PORT}",
        "at": balancer.born,
    }
