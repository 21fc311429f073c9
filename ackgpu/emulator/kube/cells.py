"""The cells of tables that are more than a field, as the API server's printers make them.

A row of ``data/kube/kinds.json`` names them without their underscore: ``pod_ready()``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ackgpu.emulator.kube.ages import short, since
from ackgpu.emulator.kube.objects import Obj, labels_of
from ackgpu.emulator.shared.quantities import amount, shown

NONE = "<none>"
MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX",
         "ReadWriteOncePod": "RWOP"}  # fmt: skip


def _last_run(obj: Obj, now: datetime) -> str:
    stamp = (obj.get("status") or {}).get("lastScheduleTime")
    return since(stamp, now) if stamp else NONE


def _controller(obj: Obj, _now: datetime) -> str:
    owner = (obj["metadata"].get("ownerReferences") or [{}])[0]
    return f"{owner['kind'].lower()}.apps/{owner['name']}" if owner else NONE


def _node_status(obj: Obj, _now: datetime) -> str:
    rows = {row["type"]: row["status"] for row in obj["status"]["conditions"]}
    words = [{"True": "Ready", "False": "NotReady"}.get(rows.get("Ready", ""), "Unknown")]
    if obj["spec"].get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _node_roles(obj: Obj, _now: datetime) -> str:
    prefix = "node-role.kubernetes.io/"
    roles = sorted(key.removeprefix(prefix) for key in labels_of(obj) if key.startswith(prefix))
    return ",".join(roles) or NONE


def _pod_ready(obj: Obj, _now: datetime) -> str:
    rows = obj["status"].get("containerStatuses") or []
    return f"{sum(row['ready'] for row in rows)}/{len(obj['spec']['containers'])}"


def _pod_reason(obj: Obj, _now: datetime | None = None) -> str:
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


def _pod_restarts(obj: Obj, now: datetime) -> str:
    rows = obj["status"].get("containerStatuses") or []
    ends = [row["lastState"]["terminated"]["finishedAt"] for row in rows
            if "terminated" in row["lastState"]]  # fmt: skip
    count = sum(row["restartCount"] for row in rows)
    return f"{count} ({since(max(ends), now)} ago)" if ends else str(count)


def _pairs(rows: Obj | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((rows or {}).items())) or NONE


def _selector_text(selector: Obj | None) -> str:
    """A LabelSelector as text (meta/v1, FormatLabelSelector)."""
    rows = [
        f"{key}={value}" for key, value in sorted((selector or {}).get("matchLabels", {}).items())
    ]
    for row in (selector or {}).get("matchExpressions") or []:
        listed = f"({','.join(row.get('values') or [])})"
        form = {"In": f"{row['key']} in {listed}", "NotIn": f"{row['key']} notin {listed}",
                "Exists": row["key"], "DoesNotExist": f"!{row['key']}"}  # fmt: skip
        rows.append(form[row["operator"]])
    return ",".join(rows) or NONE


def _selects(field: str, obj: Obj, _now: datetime) -> str:
    found = obj["spec"].get(field) or {}
    return _pairs(found) if obj["kind"] == "Service" else _selector_text(found)


def _node_selector(obj: Obj, _now: datetime) -> str:
    return _pairs(obj["spec"]["template"]["spec"].get("nodeSelector"))


def _service_ports(obj: Obj, _now: datetime) -> str:
    def told(row: Obj) -> str:
        node = f":{row['nodePort']}" if row.get("nodePort") else ""
        return f"{row['port']}{node}/{row.get('protocol', 'TCP')}"

    return ",".join(told(row) for row in obj["spec"].get("ports") or []) or NONE


def _external(obj: Obj, _now: datetime) -> str:
    spec = obj["spec"]
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", ""))
    rows = [row["ip"] for row in obj["status"].get("loadBalancer", {}).get("ingress") or []]
    rows += spec.get("externalIPs") or []
    nothing = "<pending>" if spec.get("type") == "LoadBalancer" else NONE
    return ",".join(rows) or nothing


def _endpoints(obj: Obj, _now: datetime) -> str:
    rows = [f"{address['ip']}:{port['port']}" for subset in obj.get("subsets") or []
            for port in subset["ports"] for address in subset["addresses"]]  # fmt: skip
    return _few(rows)


def _few(rows: list[str]) -> str:
    """The first three, and how many more there are."""
    more = f" + {len(rows) - 3} more..." if len(rows) > 3 else ""  # noqa: PLR2004
    return ",".join(rows[:3]) + more or NONE


def _slice_ports(obj: Obj, _now: datetime) -> str:
    return _few([str(row["port"]) for row in obj.get("ports") or []]).replace(NONE, "<unset>")


def _slice_endpoints(obj: Obj, _now: datetime) -> str:
    rows = [address for row in obj["endpoints"] for address in row["addresses"]]
    return _few(rows).replace(NONE, "<unset>")


def _event_object(obj: Obj, _now: datetime) -> str:
    involved = obj.get("involvedObject") or {}
    return f"{involved.get('kind', '').lower()}/{involved.get('name', '')}"


def _seen(field: str, obj: Obj, now: datetime) -> str:
    stamp = obj.get(field) or obj.get("eventTime")
    return since(stamp, now) if stamp else "<unknown>"


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


def _subjects(kind: str, obj: Obj, _now: datetime) -> str:
    rows = [row for row in obj.get("subjects") or [] if row.get("kind") == kind]
    name = "{namespace}/{name}" if kind == "ServiceAccount" else "{name}"
    return ", ".join(name.format(**{"namespace": "", **row}) for row in rows)


def _data(obj: Obj, _now: datetime) -> int:
    return len(obj.get("data") or {}) + len(obj.get("binaryData") or {})


def _quota(kind: str, obj: Obj, _now: datetime) -> str:
    status = obj.get("status") or {}
    used, hard = status.get("used") or {}, status.get("hard") or {}
    names = [name for name in sorted(hard) if name.startswith("limits") == (kind == "limits")]
    return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in names)


def _modes(part: str, obj: Obj, _now: datetime) -> str:
    return ",".join(MODES[mode] for mode in (obj.get(part) or {}).get("accessModes") or [])


def _phase(obj: Obj, _now: datetime) -> str:
    """Of a volume or claim: one that is being deleted waits for who uses it."""
    leaving = "deletionTimestamp" in obj["metadata"]
    return "Terminating" if leaving else str(obj["status"].get("phase", ""))


def _volume_claim(obj: Obj, _now: datetime) -> str:
    claim = obj["spec"].get("claimRef")
    return f"{claim['namespace']}/{claim['name']}" if claim else ""


def _class_name(obj: Obj, _now: datetime) -> str:
    annotations = obj["metadata"].get("annotations") or {}
    usual = annotations.get("storageclass.kubernetes.io/is-default-class") == "true"
    return f"{obj['metadata']['name']}{' (default)' if usual else ''}"


def _request_duration(obj: Obj, _now: datetime) -> str:
    seconds = obj["spec"].get("expirationSeconds")
    return NONE if seconds is None else short(int(seconds))


def _request_condition(obj: Obj, _now: datetime) -> str:
    rows = [row["type"] for row in (obj.get("status") or {}).get("conditions") or []]
    if (obj.get("status") or {}).get("certificate"):
        rows.append("Issued")
    return ",".join(rows) or "Pending"


def _claim_state(obj: Obj, _now: datetime) -> str:
    status = obj.get("status") or {}
    states = ["allocated"] if status.get("allocation") else []
    states += ["reserved"] if status.get("reservedFor") else []
    return ",".join(states) or "pending"


def _hpa_targets(obj: Obj, _now: datetime) -> str:
    rows = obj["spec"].get("metrics") or []
    current = {row.get("resource", {}).get("name"): row.get("resource", {}).get("current", {})
               for row in obj["status"].get("currentMetrics") or []}  # fmt: skip
    return ", ".join(_target(row, current) for row in rows) or "<none>"


def _target(row: Obj, current: dict[str, Obj]) -> str:
    source = row.get(row["type"][0].lower() + row["type"][1:]) or {}
    target, name = source.get("target") or {}, source.get("name", "")
    now = current.get(name, {})
    if "averageUtilization" in target:
        used = now.get("averageUtilization")
        share = "<unknown>" if used is None else f"{used}%"
        return f"{name}: {share}/{target['averageUtilization']}%"
    wanted = target.get("averageValue", target.get("value", "<auto>"))
    prefix = f"{name}: " if row["type"] == "Resource" else ""
    return f"{prefix}{now.get('averageValue', '<unknown>')}/{wanted}"


def _ingress_hosts(obj: Obj, _now: datetime) -> str:
    rows = [row["host"] for row in obj["spec"].get("rules") or [] if row.get("host")]
    return _few(rows).replace(NONE, "*")


def _ingress_ports(obj: Obj, _now: datetime) -> str:
    return "80, 443" if obj["spec"].get("tls") else "80"


def _metrics(name: str, obj: Obj, _now: datetime) -> Any:
    return shown(sum((amount(row["usage"][name]) for row in obj["containers"]), amount("0")))


def _param_kind(obj: Obj, _now: datetime) -> str:
    kind = obj["spec"].get("paramKind")
    return f"{kind['apiVersion']}/{kind['kind']}" if kind else "<unset>"


def _param_ref(obj: Obj, _now: datetime) -> str:
    reference = obj["spec"].get("paramRef") or {}
    named = f"{reference.get('namespace', '*')}/{reference.get('name')}"
    return named if reference.get("name") else "<unset>"


def _served_by(obj: Obj, _now: datetime) -> str:
    service = obj["spec"].get("service")
    return f"{service['namespace']}/{service['name']}" if service else "Local"


def _service_available(obj: Obj, _now: datetime) -> str:
    [row] = obj["status"]["conditions"]
    return "True" if row["status"] == "True" else f"False ({row['reason']})"
