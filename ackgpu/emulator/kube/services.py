"""Services: cluster addresses, and the CLB that ACK makes for one of type LoadBalancer.

That CLB is the account's own resource: deleting the cluster leaves it behind unless its Service
was deleted first, as on the real service.
"""

from __future__ import annotations

import copy
import ipaddress

from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.kube.defaults import apply_defaults
from ackgpu.emulator.kube.object_store import store_again
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.resources import by_plural
from ackgpu.emulator.kube.state import ClusterState, StoredObject, Told, brought_entry
from ackgpu.emulator.shared.tables import table
from ackgpu.emulator.store import Doc

BALANCER_AFTER = 8.0  # seconds until the cloud controller has made the CLB and says its address
INTRANET = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type"
FIRST_NODE_PORT, NODE_PORTS = 30000, 2768
SINGLE_STACK: Obj = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}


def complete_service(state: ClusterState, before: Obj, obj: Obj) -> None:
    """The cluster address and node ports of a Service; those ``before`` are kept."""
    spec = obj["spec"]
    if spec["type"] == "ExternalName":
        return
    for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if field in before:
            spec.setdefault(field, before[field])
    spec.setdefault("clusterIP", _free_address(state))
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    for field, value in SINGLE_STACK.items():
        spec.setdefault(field, value)
    if spec["type"] == "ClusterIP":
        return
    known = {row["port"]: row.get("nodePort") for row in before.get("ports") or []}
    for row in spec["ports"]:
        chosen = known.get(row["port"]) or FIRST_NODE_PORT + state.rng.randrange(NODE_PORTS)
        row.setdefault("nodePort", chosen)


def service_network(state: ClusterState) -> ipaddress.IPv4Network:
    """The range of the cluster addresses."""
    body = state.cluster.body
    return ipaddress.IPv4Network(str(body.get("service_cidr") or "172.16.0.0/20"))


def _free_address(state: ClusterState) -> str:
    network = service_network(state)
    taken = {entry.object["spec"].get("clusterIP") for entry in state.entries("services")}
    while True:
        number = state.rng.randrange(16, network.num_addresses - 1)
        address = str(network[number])
        if address not in taken:
            return address


def follow_service(state: ClusterState, doc: Doc) -> None:
    """Make the CLB that a Service of type LoadBalancer asks for, once; release it otherwise.

    Where the cloud refuses, the Service keeps waiting, and the next write to it tries again.
    """
    obj = doc.body["object"]
    wants = obj["spec"].get("type") == "LoadBalancer" and doc.deleted_at is None
    if not wants:
        release_balancer(state, doc)
        return
    if "balancer" in doc.body:
        return
    try:
        balancer = _make_balancer(state, obj)
    except ApiError as refusal:
        doc.body["refused"] = f"{refusal.code}: {refusal.message}"
    else:
        doc.body["balancer"] = {"id": balancer.id, "address": balancer.body["Address"]}
    store_again(state, doc)


def _make_balancer(state: ClusterState, obj: Obj) -> Doc:
    from ackgpu.emulator.slb.balancers import make_load_balancer

    region = state.cluster.region
    annotations = obj["metadata"].get("annotations") or {}
    kind = annotations.get(INTRANET, "internet")
    vswitches = state.cluster.body.get("vswitch_ids") or [""]
    name = f"a{obj['metadata']['uid'].replace('-', '')}"[:32]
    return make_load_balancer(
        state.backend.internal_call(state.session, "CreateLoadBalancer", region=region),
        region=region,
        name=name,
        address_type=kind,
        vpc_id=state.cluster.scope,
        vswitch_id=vswitches[0] if kind == "intranet" else "",
        tags={"kubernetes.do.not.delete": name, "ack.aliyun.com": state.id},
        ports=tuple(int(row["port"]) for row in obj["spec"]["ports"]),
        at=state.now,
    )


def release_balancer(state: ClusterState, doc: Doc) -> None:
    """Delete the CLB of a Service that has one."""
    from ackgpu.emulator.slb.balancers import remove_load_balancer

    made = doc.body.pop("balancer", None)
    balancer = state.session.get("loadbalancer", made["id"]) if made else None
    if balancer is not None and balancer.alive(state.now):
        region = state.cluster.region
        call = state.backend.internal_call(state.session, "DeleteLoadBalancer", region=region)
        remove_load_balancer(call, balancer)
    if made:
        store_again(state, doc)


def status(state: ClusterState, doc: Doc) -> Told:
    """The address of a Service's CLB, once it has one."""
    made, at = doc.body.get("balancer"), float(doc.created_at) + BALANCER_AFTER
    if not made or at > state.now:
        return None, {"loadBalancer": {}}
    return at, {"loadBalancer": {"ingress": [{"ip": made["address"], "ipMode": "VIP"}]}}


def system_services(state: ClusterState) -> list[StoredObject]:
    """The Services of every cluster; their tables say which address of its range each has."""
    rows = []
    for obj in copy.deepcopy(table("kube/system")["services"]):
        apply_defaults(by_plural("services"), obj)
        spec = obj["spec"]
        spec["clusterIP"] = str(service_network(state)[spec["clusterIP"]])
        spec |= {"clusterIPs": [spec["clusterIP"]], **SINGLE_STACK}
        rows.append(brought_entry(state, obj))
    return rows
