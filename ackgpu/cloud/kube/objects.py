"""Pods and other objects of a cluster: requests to a connected client, as plain JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ackgpu.cloud.api import KubePod

MANAGER = "ackgpu"
PAGE = 500
_NOT_FOUND = 404
_APPLY = {"Content-Type": "application/apply-patch+yaml"}
_PATHS = {
    ("v1", "Pod"): ("api/v1", "pods"),
    ("apps/v1", "Deployment"): ("apis/apps/v1", "deployments"),
}


def pods(client: Any, namespace: str, selector: str) -> list[KubePod]:
    """The pods of a namespace with the labels of ``selector``, read in pages."""
    found: list[KubePod] = []
    query = {"labelSelector": selector, "limit": str(PAGE)}
    while True:
        response = client.get(f"/api/v1/namespaces/{namespace}/pods", params=query)
        response.raise_for_status()
        body = response.json()
        found += [pod_of(row) for row in body.get("items") or []]
        token = (body.get("metadata") or {}).get("continue")
        if not token:
            return found
        query = {**query, "continue": token}


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
