"""What follows one by one from something else: from a node, a Service's address, a group served."""

from __future__ import annotations

from ackgpu.emulator.kube.custom import resources_of
from ackgpu.emulator.kube.nodes import facts, node_uid
from ackgpu.emulator.kube.objects import Obj, told
from ackgpu.emulator.kube.resources import groups
from ackgpu.emulator.kube.services import service_network
from ackgpu.emulator.kube.state import ClusterState, StoredObject, brought_entry, version_at
from ackgpu.emulator.shared.tables import table

DISKS = {"name": "diskplugin.csi.alibabacloud.com", "allocatable": {"count": 15},
         "topologyKeys": ["topology.diskplugin.csi.alibabacloud.com/zone"]}  # fmt: skip
FINALIZER = "networking.k8s.io/service-cidr-finalizer"
METRICS = {"name": "metrics-server", "namespace": "kube-system", "port": 443}


def csi_nodes(state: ClusterState) -> list[StoredObject]:
    """A CSINode a node, with ACK's disk plugin once the node is ready."""
    rows = []
    for node in facts(state):
        ready = node.ready is not None and node.ready <= state.now
        drivers = [{**DISKS, "nodeID": str(node.doc.body.get("instance_id", node.doc.id))}]
        owner = {"apiVersion": "v1", "kind": "Node", "name": node.name}
        owners = [{**owner, "uid": node_uid(state, node.doc)}]
        metadata = {"name": node.name, "ownerReferences": owners}
        obj = {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": metadata,
               "spec": {"drivers": drivers if ready else None}}  # fmt: skip
        born = version_at(node.joined)
        rows.append(brought_entry(state, obj, version_at(node.ready or 0) if ready else born, born))
    return rows


def service_ranges(state: ClusterState) -> list[StoredObject]:
    """The range of cluster addresses that the API server begins with."""
    ready = {"type": "Ready", "status": "True", "reason": "",
             "message": "Kubernetes Service CIDR is ready",
             "lastTransitionTime": state.stamp(state.cluster.created_at)}  # fmt: skip
    return [brought_entry(state, {
        "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR",
        "metadata": {"name": "kubernetes", "finalizers": [FINALIZER]},
        "spec": {"cidrs": [str(service_network(state))]}, "status": {"conditions": [ready]},
    })]  # fmt: skip


def addresses(state: ClusterState) -> list[StoredObject]:
    """An IPAddress for each cluster address of a Service."""
    labels = {"ipaddress.kubernetes.io/ip-family": "IPv4",
              "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"}  # fmt: skip
    rows = []
    for service in state.entries("services"):
        address = service.object["spec"].get("clusterIP", "None")
        if address != "None":
            named = {"group": "", "resource": "services", "namespace": service.key[0]}
            obj = {"apiVersion": "networking.k8s.io/v1", "kind": "IPAddress",
                   "metadata": {"name": address, "labels": labels},
                   "spec": {"parentRef": {**named, "name": service.key[1]}}}  # fmt: skip
            rows.append(brought_entry(state, obj, created=service.created))
    return rows


def api_services(state: ClusterState) -> list[StoredObject]:
    """An APIService a group and version: the API server's own, and metrics-server's."""
    served = {"": ["v1"], **groups(resources_of(state))}
    # Their own group is the one that has none.
    served.pop("apiregistration.k8s.io")
    return [_api_service(state, group, version) for group in served for version in served[group]]


def _api_service(state: ClusterState, group: str, version: str) -> StoredObject:
    known = table("kube/priorities")["priorities"].get(f"{group}/{version}".lstrip("/"))
    first, then = known or (1000, 100)
    label = {"kube-aggregator.kubernetes.io/automanaged": "onstart" if known else "true"}
    said = {"reason": "Local", "message": "Local APIServices are always available"}
    spec: Obj = {"version": version, "groupPriorityMinimum": first, "versionPriority": then}
    spec |= {"group": group} if group else {}
    if group == "metrics.k8s.io":
        spec |= {"service": METRICS, "insecureSkipTLSVerify": True}
        label, said = {}, {"reason": "Passed", "message": "all checks passed"}
    since = state.stamp(state.cluster.created_at)
    condition = {"type": "Available", "status": "True", **said, "lastTransitionTime": since}
    metadata: Obj = {"name": f"{version}.{group}", **({"labels": label} if label else {})}
    return brought_entry(state, {
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": metadata,
        "spec": spec, "status": {"conditions": [condition]},
    })  # fmt: skip


def flow_schemas(state: ClusterState) -> list[StoredObject]:
    """The FlowSchemas, each with the level that it names."""
    since = state.stamp(state.cluster.created_at)
    rows = []
    for obj in table("kube/brought")["flowschemas"]:
        level = obj["spec"]["priorityLevelConfiguration"]["name"]
        conditions = [told("Found", since, name=level)]
        rows.append(brought_entry(state, {**obj, "status": {"conditions": conditions}}))
    return rows
