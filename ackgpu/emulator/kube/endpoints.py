"""Endpoints and EndpointSlices: the pods behind each Service, and the API server itself."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from ackgpu.emulator.kube.objects import Obj, labels_of, owner_reference, suffix_of
from ackgpu.emulator.kube.state import ClusterState, StoredObject, brought_entry

MANAGER = "endpointslice-controller.k8s.io"
SERVER_PORTS = [{"name": "https", "port": 6443, "protocol": "TCP"}]


def endpoint_entries(state: ClusterState) -> list[StoredObject]:
    """The Endpoints of every Service with a selector, and of the API server."""
    rows = []
    for server, host in _server(state):
        subset = {"addresses": [{"ip": host}], "ports": SERVER_PORTS}
        rows.append(_follower(state, server, [], {"kind": "Endpoints", "subsets": [subset]}))
    for service, pods, ports in _served(state):
        addresses = [
            {
                "ip": pod["status"]["podIP"],
                "nodeName": pod["spec"]["nodeName"],
                "targetRef": _reference(pod),
            }
            for pod in pods
        ]
        subsets = [{"addresses": addresses, "ports": ports}] if addresses else []
        rows.append(_follower(state, service, pods, {"kind": "Endpoints", "subsets": subsets}))
    return rows


def _server(state: ClusterState) -> Iterator[tuple[StoredObject, str]]:
    """The Service of the API server, and the address behind it."""
    server = state.entry("services", ("default", "kubernetes"))
    url = (state.cluster.body.get("endpoints") or {}).get("intranet", {}).get("url", "")
    if server is not None and (host := urlsplit(url).hostname):
        yield server, host


def slice_entries(state: ClusterState) -> list[StoredObject]:
    """The EndpointSlices: as the Endpoints."""
    rows = []
    for server, host in _server(state):
        named = {"name": "kubernetes", "namespace": "default", "generation": 1,
                 "labels": {"kubernetes.io/service-name": "kubernetes"}}  # fmt: skip
        there = [{"addresses": [host], "conditions": {"ready": True}}]
        row: Obj = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": named}
        row |= {"addressType": "IPv4", "endpoints": there, "ports": SERVER_PORTS}
        rows.append(brought_entry(state, row, server.version, server.created))
    for service, pods, ports in _served(state):
        endpoints = [
            {
                "addresses": [pod["status"]["podIP"]],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "nodeName": pod["spec"]["nodeName"],
                "targetRef": _reference(pod),
            }
            for pod in pods
        ]
        body: Obj = {"kind": "EndpointSlice", "addressType": "IPv4", "endpoints": endpoints}
        body["ports"] = ports if endpoints else None
        rows.append(_follower(state, service, pods, body))
    return rows


def _reference(pod: Obj) -> Obj:
    metadata = pod["metadata"]
    named = {key: metadata[key] for key in ("name", "namespace", "uid")}
    return {"kind": "Pod", **named}


def _follower(
    state: ClusterState, service: StoredObject, pods: list[Obj], body: Obj
) -> StoredObject:
    """What follows from a Service and its pods, as the endpoint controllers write it."""
    metadata = service.object["metadata"]
    found: Obj = {"name": metadata["name"], "namespace": metadata["namespace"]}
    found["labels"] = dict(metadata.get("labels") or {})
    version = "v1"
    if body["kind"] == "EndpointSlice":
        version = "discovery.k8s.io/v1"
        found["name"] = f"{metadata['name']}-{suffix_of(service.uid)}"
        found["labels"]["kubernetes.io/service-name"] = metadata["name"]
        found["labels"]["endpointslice.kubernetes.io/managed-by"] = MANAGER
        found["ownerReferences"] = [owner_reference({"apiVersion": "v1", **service.object})]
        found["generation"] = 1
    changed = max([service.version, *(int(p["metadata"]["resourceVersion"]) for p in pods)])
    obj = {"apiVersion": version, **body, "metadata": found}
    return brought_entry(state, obj, changed, service.created)


def _served(state: ClusterState) -> Iterator[tuple[StoredObject, list[Obj], list[Obj]]]:
    """Every Service with a selector, the ready pods behind it, and their ports."""
    for service in state.entries("services"):
        spec = service.object["spec"]
        if not spec.get("selector"):
            continue
        pods = [
            entry.object
            for entry in state.within(service.key[0], "pods")
            if spec["selector"].items() <= labels_of(entry.object).items()
            and entry.object["status"].get("podIP")
        ]
        ports = [_port(row, pods) for row in spec.get("ports") or []]
        yield service, pods, [row for row in ports if row["port"]]


def _port(row: Obj, pods: list[Obj]) -> Obj:
    """A Service's port as its pods have it: a name is looked up in the first of them."""
    target: str | int | None = row.get("targetPort", row["port"])
    if isinstance(target, str):
        inside = pods[0]["spec"]["containers"] if pods else []
        named = [p for c in inside for p in c.get("ports") or [] if p.get("name") == target]
        target = named[0]["containerPort"] if named else None
    return {"name": row.get("name", ""), "port": target, "protocol": row["protocol"]}
