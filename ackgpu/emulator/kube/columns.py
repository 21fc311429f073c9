"""The columns of each resource's table, as the API server prints them (kubernetes, printers)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ackgpu.emulator.kube.ages import age, since
from ackgpu.emulator.kube.objects import Obj, labels_of

Cell = Callable[[Obj, datetime], Any]
Column = tuple[str, str, int, Cell]
"""Name, type, priority (0 is always shown, 1 with ``-o wide``), and how the cell is made."""


def _name(obj: Obj, _now: datetime) -> str:
    return str(obj["metadata"]["name"])


def _node_status(obj: Obj, _now: datetime) -> str:
    rows = {row["type"]: row["status"] for row in obj["status"]["conditions"]}
    words = [{"True": "Ready", "False": "NotReady"}.get(rows.get("Ready", ""), "Unknown")]
    if obj["spec"].get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _node_roles(obj: Obj, _now: datetime) -> str:
    prefix = "node-role.kubernetes.io/"
    roles = sorted(key.removeprefix(prefix) for key in labels_of(obj) if key.startswith(prefix))
    return ",".join(roles) or "<none>"


def _node_address(kind: str) -> Cell:
    def cell(obj: Obj, _now: datetime) -> str:
        rows = obj["status"]["addresses"]
        return next((str(row["address"]) for row in rows if row["type"] == kind), "<none>")

    return cell


def _node_info(field: str) -> Cell:
    return lambda obj, _now: obj["status"]["nodeInfo"][field]


def _at(*path: str, default: Any = "<none>") -> Cell:
    def cell(obj: Obj, _now: datetime) -> Any:
        value: Any = obj
        for part in path:
            value = value.get(part) if isinstance(value, Mapping) else None
        return default if value in (None, "", {}) else value

    return cell


def _pod_ready(obj: Obj, _now: datetime) -> str:
    rows = obj["status"].get("containerStatuses") or []
    return f"{sum(row['ready'] for row in rows)}/{len(obj['spec']['containers'])}"


def pod_reason(obj: Obj, _now: datetime | None = None) -> str:
    """The STATUS column of a pod (kubernetes, printers: printPod)."""
    status = obj["status"]
    reason = str(status.get("reason") or status["phase"])
    for row in reversed(status.get("containerStatuses") or []):
        state: Obj = row["state"]
        if "waiting" in state:
            reason = state["waiting"]["reason"]
        elif "terminated" in state:
            reason = state["terminated"].get("reason", "Completed")
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return reason


def _pod_restarts(obj: Obj, _now: datetime) -> str:
    rows = obj["status"].get("containerStatuses") or []
    return str(sum(row["restartCount"] for row in rows))


def _images(obj: Obj, _now: datetime) -> str:
    return ",".join(row["image"] for row in obj["spec"]["template"]["spec"]["containers"])


def _containers(obj: Obj, _now: datetime) -> str:
    return ",".join(row["name"] for row in obj["spec"]["template"]["spec"]["containers"])


def _selector(obj: Obj, _now: datetime) -> str:
    selector = obj["spec"].get("selector") or {}
    rows = selector.get("matchLabels", selector)
    return ",".join(f"{key}={value}" for key, value in sorted(rows.items())) or "<none>"


def _replicas_ready(obj: Obj, _now: datetime) -> str:
    return f"{obj['status'].get('readyReplicas', 0)}/{obj['spec']['replicas']}"


def _service_ports(obj: Obj, _now: datetime) -> str:
    def shown(row: Obj) -> str:
        node = f":{row['nodePort']}" if row.get("nodePort") else ""
        return f"{row['port']}{node}/{row.get('protocol', 'TCP')}"

    return ",".join(shown(row) for row in obj["spec"].get("ports") or []) or "<none>"


def _external(obj: Obj, _now: datetime) -> str:
    if obj["spec"].get("type") != "LoadBalancer":
        return "<none>"
    rows = obj["status"].get("loadBalancer", {}).get("ingress") or []
    return ",".join(row["ip"] for row in rows) or "<pending>"


def _event_object(obj: Obj, _now: datetime) -> str:
    involved = obj.get("involvedObject") or {}
    return f"{involved.get('kind', '').lower()}/{involved.get('name', '')}"


def _event_seen(obj: Obj, now: datetime) -> str:
    stamp = obj.get("lastTimestamp") or obj.get("eventTime")
    return since(stamp, now) if stamp else "<unknown>"


def _job_completions(obj: Obj, _now: datetime) -> str:
    return f"{obj['status'].get('succeeded', 0)}/{obj['spec'].get('completions', 1)}"


def _job_status(obj: Obj, _now: datetime) -> str:
    rows = obj["status"].get("conditions") or []
    done = [row["type"] for row in rows if row["status"] == "True"]
    return "Complete" if "Complete" in done else "Failed" if "Failed" in done else "Running"


def _job_duration(obj: Obj, now: datetime) -> str:
    start, end = obj["status"].get("startTime"), obj["status"].get("completionTime")
    if not start:
        return ""
    until = datetime.strptime(end, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) if end else now
    return since(start, until)


def _role_ref(obj: Obj, _now: datetime) -> str:
    reference = obj.get("roleRef") or {}
    return f"{reference.get('kind', '')}/{reference.get('name', '')}"


NAME: Column = ("Name", "string", 0, _name)
AGE: Column = ("Age", "string", 0, age)
PLAIN: tuple[Column, ...] = (NAME, ("Created At", "date", 0, _at("metadata", "creationTimestamp")))
WORKLOAD: tuple[Column, ...] = (
    ("Containers", "string", 1, _containers),
    ("Images", "string", 1, _images),
    ("Selector", "string", 1, _selector),
)

COLUMNS: dict[str, tuple[Column, ...]] = {
    "nodes": (
        NAME,
        ("Status", "string", 0, _node_status),
        ("Roles", "string", 0, _node_roles),
        AGE,
        ("Version", "string", 0, _node_info("kubeletVersion")),
        ("Internal-IP", "string", 1, _node_address("InternalIP")),
        ("External-IP", "string", 1, _node_address("ExternalIP")),
        ("OS-Image", "string", 1, _node_info("osImage")),
        ("Kernel-Version", "string", 1, _node_info("kernelVersion")),
        ("Container-Runtime", "string", 1, _node_info("containerRuntimeVersion")),
    ),
    "pods": (
        NAME,
        ("Ready", "string", 0, _pod_ready),
        ("Status", "string", 0, pod_reason),
        ("Restarts", "string", 0, _pod_restarts),
        AGE,
        ("IP", "string", 1, _at("status", "podIP")),
        ("Node", "string", 1, _at("spec", "nodeName")),
        ("Nominated Node", "string", 1, _at("status", "nominatedNodeName")),
        ("Readiness Gates", "string", 1, _at("spec", "readinessGates")),
    ),
    "deployments": (
        NAME,
        ("Ready", "string", 0, _replicas_ready),
        ("Up-to-date", "integer", 0, _at("status", "updatedReplicas", default=0)),
        ("Available", "integer", 0, _at("status", "availableReplicas", default=0)),
        AGE,
        *WORKLOAD,
    ),
    "replicasets": (
        NAME,
        ("Desired", "integer", 0, _at("spec", "replicas", default=0)),
        ("Current", "integer", 0, _at("status", "replicas", default=0)),
        ("Ready", "integer", 0, _at("status", "readyReplicas", default=0)),
        AGE,
        *WORKLOAD,
    ),
    "daemonsets": (
        NAME,
        ("Desired", "integer", 0, _at("status", "desiredNumberScheduled", default=0)),
        ("Current", "integer", 0, _at("status", "currentNumberScheduled", default=0)),
        ("Ready", "integer", 0, _at("status", "numberReady", default=0)),
        ("Up-to-date", "integer", 0, _at("status", "updatedNumberScheduled", default=0)),
        ("Available", "integer", 0, _at("status", "numberAvailable", default=0)),
        ("Node Selector", "string", 0, _at("spec", "nodeSelector")),
        AGE,
        *WORKLOAD,
    ),
    "jobs": (
        NAME,
        ("Status", "string", 0, _job_status),
        ("Completions", "string", 0, _job_completions),
        ("Duration", "string", 0, _job_duration),
        AGE,
        *WORKLOAD,
    ),
    "services": (
        NAME,
        ("Type", "string", 0, _at("spec", "type")),
        ("Cluster-IP", "string", 0, _at("spec", "clusterIP")),
        ("External-IP", "string", 0, _external),
        ("Port(s)", "string", 0, _service_ports),
        AGE,
        ("Selector", "string", 1, _selector),
    ),
    "namespaces": (NAME, ("Status", "string", 0, _at("status", "phase")), AGE),
    "configmaps": (NAME, ("Data", "integer", 0, lambda o, _: len(o.get("data") or {})), AGE),
    "secrets": (
        NAME,
        ("Type", "string", 0, _at("type")),
        ("Data", "integer", 0, lambda o, _: len(o.get("data") or {})),
        AGE,
    ),
    "serviceaccounts": (NAME, ("Secrets", "integer", 0, lambda _o, _: 0), AGE),
    "leases": (NAME, ("Holder", "string", 0, _at("spec", "holderIdentity")), AGE),
    "events": (
        ("Last Seen", "string", 0, _event_seen),
        ("Type", "string", 0, _at("type")),
        ("Reason", "string", 0, _at("reason")),
        ("Object", "string", 0, _event_object),
        ("Message", "string", 0, _at("message")),
        ("Name", "string", 1, _name),
    ),
    "rolebindings": (NAME, ("Role", "string", 0, _role_ref), AGE),
    "clusterrolebindings": (NAME, ("Role", "string", 0, _role_ref), AGE),
}
