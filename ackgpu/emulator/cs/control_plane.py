"""What ACK makes in the account on behalf of a cluster, and how it goes away again.

By default: an internal load balancer for the API server (6443), with a public endpoint an EIP on
it (or, as the doubt ``api_balancers`` is read, on another one with 6443, 8443, and 22 with SSH), a
security group where none is given, a RAM role for the nodes; with SNAT asked for and no NAT gateway
in the VPC, that, an EIP and SNAT entries (ACK documents on creating managed clusters; names as
observed in 2026). Each is kept as a row of
``body["resources"]``: ``kind``, ``id``, ``type`` (as DescribeClusterResources names it),
``logical`` name, ``at`` and ``mode`` (its name in ``delete_options``, or empty).
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import durations
from ackgpu.emulator.ecs.security_groups import make_security_group
from ackgpu.emulator.ecs.security_rules import grant
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.slb.balancers import make_load_balancer
from ackgpu.emulator.store import Doc
from ackgpu.emulator.vpc.eips import bind_eip, make_eip
from ackgpu.emulator.vpc.nat_gateways import make_nat_gateway
from ackgpu.emulator.vpc.snat_entries import make_snat_entry

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
            "at": doc.created_at,
            "mode": mode,
        }
    )


def make_security(call: Call, cluster: Doc) -> None:
    """The cluster's security group, if none is given, with the rules that ACK recommends.

    It is an enterprise group unless the request says otherwise (CreateCluster,
    ``is_enterprise_security_group``; page on security groups of ACK clusters).
    """
    if cluster.body["security_group_id"]:
        return
    group = make_security_group(
        call,
        region=cluster.region,
        vpc_id=cluster.scope,
        name=f"alicloud-cs-auto-created-security-group-{cluster.id}",
        tags=owner_tags(cluster.id),
        kind="enterprise" if cluster.body["is_enterprise_security_group"] else "normal",
    )
    _let_in(call, cluster, group)
    cluster.body["security_group_id"] = group.id
    add_resource(cluster, group, ("ALIYUN::ECS::SecurityGroup", "k8s_sg"))


def _let_in(call: Call, cluster: Doc, group: Doc) -> None:
    """The recommended rules; a given group gets none from ACK."""
    grant(call, group, "ingress", IpProtocol="icmp", SourceCidrIp="0.0.0.0/0")
    blocks = [cluster.body["container_cidr"]] if cluster.body["container_cidr"] else []
    if group.body["SecurityGroupType"] == "normal":
        grant(call, group, "ingress", IpProtocol="all", SourceGroupId=group.id)
    else:
        vpc = call.docs.get("vpc", cluster.scope)
        blocks = [vpc.body["CidrBlock"], *blocks] if vpc else blocks
        grant(call, group, "egress", IpProtocol="all", DestCidrIp="0.0.0.0/0")
    for block in blocks:
        grant(call, group, "ingress", IpProtocol="all", SourceCidrIp=block)


def make_worker_role(call: Call, cluster: Doc) -> None:
    """The RAM role that nodes have."""
    name = f"KubernetesWorkerRole-{cluster.body['stack_id']}"
    role = Doc("ramrole", name, name=name, created_at=call.now)
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
        at=call.now + durations.INTERNAL_BALANCER_AFTER,
    )
    add_resource(cluster, internal, ("ALIYUN::SLB::LoadBalancer", "k8s_master_slb"), mode="SLB")
    cluster.body["endpoints"]["intranet"] = _endpoint(internal)
    if public:
        make_public_endpoint(call, cluster, ssh=ssh)


def make_public_endpoint(call: Call, cluster: Doc, *, ssh: bool, given: Doc | None = None) -> None:
    """The EIP of the API server, on its one load balancer or on a public one of its own.

    ``given``: an EIP of the user's, which is bound and stays theirs.
    """
    at = call.now + durations.PUBLIC_BALANCER_AFTER
    if call.doubt("api_balancers") == "two":
        balancer = _public_balancer(call, cluster, at, ssh=ssh)
    else:
        internal = call.docs.get("loadbalancer", cluster.body["endpoints"]["intranet"]["id"])
        if internal is None:
            raise ApiError("ResourceNotFound.LoadBalancer", "The load balancer does not exist.")
        # One balancer for both (ACK documentation, several
        # pages): the EIP is bound to the private one.
        balancer = internal
    if given is not None:
        bind_eip(call, given, balancer.id, "SlbInstance")
        cluster.body["endpoints"]["public"] = _endpoint(balancer, given)
        return
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
    if balancer.body["AddressType"] == "internet":
        balancer.body["Address"] = eip.body["IpAddress"]
        call.docs.put(balancer)
    add_resource(cluster, eip, ("ALIYUN::VPC::EIP", "k8s_master_eip"), mode="SLB")
    cluster.body["endpoints"]["public"] = _endpoint(balancer, eip)


def _public_balancer(call: Call, cluster: Doc, at: float, *, ssh: bool) -> Doc:
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
    named = ("ALIYUN::SLB::LoadBalancer", "k8s_master_slb_internet")
    add_resource(cluster, balancer, named, mode="SLB")
    return balancer


def make_way_out(call: Call, cluster: Doc) -> None:
    """NAT gateway, EIP and SNAT entries, where the VPC has no NAT gateway."""
    gateways = call.docs.find("natgateway", scope=cluster.scope)
    if any(doc.deleted_at is None or doc.deleted_at > call.now for doc in gateways):
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
            at=call.now + durations.SNAT_AFTER,
        )
        add_resource(cluster, entry, ("ALIYUN::VPC::SnatEntry", "k8s_nat_gateway_snat"))


def _endpoint(balancer: Doc, eip: Doc | None = None) -> dict[str, Any]:
    """The balancer, and the address under which it is reached: its own or an EIP's."""
    address = eip.body["IpAddress"] if eip else balancer.body["Address"]
    return {
        "id": balancer.id,
        "eip_id": eip.id if eip else "",
        "url": f"https://{address}:{API_PORT}",
        "at": (eip or balancer).created_at,
    }
