"""Pods and other objects of a cluster: requests to a connected client, as plain JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ackgpu.cloud.api import KubeNode, KubePod

T = TypeVar("T")

MANAGER = "ackgpu"
PAGE = 500
RESTARTS = 3
_MOST_PAGES = 200  # 100,000 objects; Kubernetes supports 5,000 nodes ("Large clusters")
_NOT_FOUND, _GONE = 404, 410
_BLOCKING = {"NoSchedule", "NoExecute"}
_APPLY = {"Content-Type": "application/apply-patch+yaml"}
_PATHS = {
    ("v1", "Pod"): ("api/v1", "pods"),
    ("apps/v1", "Deployment"): ("apis/apps/v1", "deployments"),
}


def nodes(client: Any) -> list[KubeNode]:
    """Every node, read in pages; from the beginning again where a continue token has expired."""
    return _listed(client, "/api/v1/nodes", {}, node_of)


def pods(client: Any, namespace: str, selector: str) -> list[KubePod]:
    """The pods of a namespace with the labels of ``selector``, read in pages."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    return _listed(client, path, {"labelSelector": selector}, pod_of)


def _listed(
    client: Any, path: str, query: Mapping[str, str], make: Callable[[Mapping[str, Any]], T]
) -> list[T]:
    """Every object of a list. A page is let go before the next one is read.

    A continue token lives for some minutes, and a server may forget it (410): the list begins anew
    then, and without pages where that goes on. Raises ValueError where the pages have no end.
    """
    for _ in range(RESTARTS):
        found = _pages(client, path, query, make)
        if found is not None:
            return found
    response = client.get(path, params=query)
    response.raise_for_status()
    return [make(row) for row in response.json().get("items") or []]


def _pages(
    client: Any, path: str, query: Mapping[str, str], make: Callable[[Mapping[str, Any]], T]
) -> list[T] | None:
    """Every object of a list, page by page, or None where a continue token has expired.

    A page may be empty and more follow (Kubernetes API reference, ListMeta); one that holds
    nothing but what came before, or whose token came before, would never end.
    """
    found: list[T] = []
    names: set[str] = set()
    tokens: set[str] = set()
    wanted = {**query, "limit": str(PAGE)}
    while (body := _page(client, path, wanted)) is not None:
        rows = body.get("items") or []
        fresh = {row["metadata"]["name"] for row in rows} - names
        token = (body.get("metadata") or {}).get("continue")
        found += [make(row) for row in rows]
        if not token:
            return found
        if token in tokens or (rows and not fresh) or len(tokens) >= _MOST_PAGES:
            raise ValueError(f"the list {path} has no end")
        names |= fresh
        tokens.add(token)
        wanted["continue"] = token
    return None


def _page(client: Any, path: str, query: Mapping[str, str]) -> Any:
    """A page of a list, or None where its continue token has expired."""
    response = client.get(path, params=query)
    if response.status_code == _GONE:
        return None
    response.raise_for_status()
    return response.json()


def labels_of(client: Any, manifest: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The labels of the object of that kind and name, or None where there is none."""
    response = client.get(_path(manifest))
    if response.status_code == _NOT_FOUND:
        return None
    response.raise_for_status()
    found: Mapping[str, str] = response.json()["metadata"].get("labels") or {}
    return found


def apply(client: Any, manifest: Mapping[str, Any]) -> None:
    """Server-side apply. Another manager's fields are taken over: the object is ackgpu's own."""
    query = {"fieldManager": MANAGER, "force": "true"}
    body = json.dumps(manifest).encode()
    response = client.patch(_path(manifest), params=query, content=body, headers=_APPLY)
    response.raise_for_status()


def delete(client: Any, path: str, options: Mapping[str, Any]) -> None:
    """Delete what lies at ``path``; nothing where there is none."""
    body = json.dumps({"apiVersion": "v1", "kind": "DeleteOptions", **options}).encode()
    headers = {"Content-Type": "application/json"}
    response = client.request("DELETE", path, content=body, headers=headers)
    if response.status_code != _NOT_FOUND:
        response.raise_for_status()


def delete_object(client: Any, manifest: Mapping[str, Any]) -> None:
    """Delete an object and, in the background, what it owns."""
    delete(client, _path(manifest), {"propagationPolicy": "Background"})


def delete_pod(client: Any, pod: KubePod, grace_seconds: int) -> None:
    """Delete a pod, whose processes get ``grace_seconds`` to end."""
    path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}"
    delete(client, path, {"gracePeriodSeconds": grace_seconds})


def _path(manifest: Mapping[str, Any]) -> str:
    group, plural = _PATHS[manifest["apiVersion"], manifest["kind"]]
    metadata = manifest["metadata"]
    return f"/{group}/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}"


def node_of(row: Mapping[str, Any]) -> KubeNode:
    """A node from its JSON."""
    metadata, spec, status = row["metadata"], row.get("spec") or {}, row.get("status") or {}
    conditions = status.get("conditions") or []
    ready = next((each for each in conditions if each["type"] == "Ready"), None)
    is_ready = ready is not None and ready.get("status") == "True"
    why = ""
    if ready is not None and not is_ready:
        why = f"{ready.get('reason') or ''}: {ready.get('message') or ''}".strip(": ")
    return KubeNode(
        name=metadata["name"],
        ready=is_ready,
        labels=metadata.get("labels") or {},
        capacity=status.get("capacity") or {},
        allocatable=status.get("allocatable") or {},
        unschedulable=bool(spec.get("unschedulable")),
        taints=tuple(t["key"] for t in spec.get("taints") or [] if t.get("effect") in _BLOCKING),
        not_ready_reason=why,
        instance_id=str(spec.get("providerID") or "").rpartition(".")[2],
    )


def pod_of(row: Mapping[str, Any]) -> KubePod:
    """A pod from its JSON."""
    metadata, status = row["metadata"], row.get("status") or {}
    conditions = {c["type"]: c for c in status.get("conditions") or []}
    ready = (conditions.get("Ready") or {}).get("status") == "True"
    reason, message = ("", "") if ready else _why(status, conditions)
    return KubePod(
        name=metadata["name"],
        namespace=metadata["namespace"],
        node=(row.get("spec") or {}).get("nodeName", ""),
        phase=status.get("phase", "Unknown"),
        ready=ready,
        labels=metadata.get("labels") or {},
        reason=reason,
        message=message,
        terminating="deletionTimestamp" in metadata,
    )


def _why(status: Mapping[str, Any], conditions: Mapping[str, Any]) -> tuple[str, str]:
    """Why a pod is not ready: its container's own reason, else the scheduler's, else its own."""
    rows: Sequence[Mapping[str, Any]] = [
        *(status.get("initContainerStatuses") or []),
        *(status.get("containerStatuses") or []),
    ]
    for row in rows:
        state = row.get("state") or {}
        told = state.get("waiting") or state.get("terminated") or {}
        if told.get("reason") and told["reason"] != "Completed":
            return str(told["reason"]), str(told.get("message") or "")
    scheduled = conditions.get("PodScheduled") or {}
    if scheduled.get("status") == "False":
        return str(scheduled.get("reason") or "Unschedulable"), str(scheduled.get("message") or "")
    return str(status.get("reason") or ""), str(status.get("message") or "")
