"""What stands against a new pod: PodSecurity, LimitRange, ResourceQuota, a webhook.

The API server asks in this order and refuses with 403; a ReplicaSet's controller, which makes the
pods of a Deployment, shows the refusal as the condition ``ReplicaFailure`` of both. Words are those
of Kubernetes' admission plugins (``plugin/pkg/admission``, ``pod-security-admission/policy``).

A fault ``pod_refused`` (``message``, ``namespace``) refuses as a webhook of somebody's does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.pod_completion import complete_pod, containers_of, ranges_of
from ackgpu.emulator.kube.quantities import amount, shown
from ackgpu.emulator.kube.quotas import over_quota
from ackgpu.emulator.kube.resources import by_plural
from ackgpu.emulator.kube.state import ClusterState

MODE = "pod-security.kubernetes.io/{}"
DROPPED = "unrestricted capabilities"
ADDABLE = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
VOLUMES = frozenset({
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
    "projected", "secret",
})  # fmt: skip
"""What ``baseline`` lets containers add, and ``restricted`` lets pods mount."""


def admit(state: ClusterState, pod: Obj) -> str:
    """Complete the pod; why the API server refuses it, or nothing where it takes it."""
    metadata = pod["metadata"]
    namespace = metadata["namespace"]
    name = metadata.get("name") or metadata.get("generateName", "")
    why = (
        complete_pod(state, pod)
        or violation(state, namespace, pod["spec"], "enforce")
        or _ranges(state, namespace, pod["spec"])
        or over_quota(state, by_plural("pods"), pod)
    )
    if why:
        return f'pods "{name}" is forbidden: {why}'
    for fault in state.settings.get("faults", ()):
        if fault.get("kind") == "pod_refused" and fault.get("namespace", namespace) == namespace:
            return f'admission webhook "pods.example.com" denied the request: {fault["message"]}'
    return ""


def violation(state: ClusterState, namespace: str, spec: Obj, mode: str) -> str:
    """How a pod breaks the level that its namespace wants to ``enforce`` or to ``warn`` of."""
    entry = state.entry("namespaces", ("", namespace))
    labels = (entry.object["metadata"].get("labels") or {}) if entry else {}
    label = MODE.format(mode)
    level = labels.get(label, "privileged")
    found = list(_baseline(spec)) if level in {"baseline", "restricted"} else []
    found += list(_restricted(spec)) if level == "restricted" else []
    if not found:
        return ""
    verb = "violates" if mode == "enforce" else "would violate"
    version = labels.get(f"{label}-version", "latest")
    return f'{verb} PodSecurity "{level}:{version}": {", ".join(found)}'


def _baseline(spec: Obj) -> Iterator[str]:
    shared = [f"{f}=true" for f in ("hostNetwork", "hostPID", "hostIPC") if spec.get(f)]
    if shared:
        yield f"host namespaces ({', '.join(shared)})"
    rows = containers_of(spec)
    paths = [row["name"] for row in spec.get("volumes") or [] if "hostPath" in row]
    if paths:
        quoted = ", ".join(f'"{name}"' for name in paths)
        yield f"hostPath volumes (volume{'s' * (len(paths) > 1)} {quoted})"
    ports = [(r["name"], p["hostPort"]) for r in rows for p in r.get("ports") or []
             if p.get("hostPort")]  # fmt: skip
    if ports:
        numbers = ", ".join(str(port) for _, port in ports)
        word = f"uses hostPort{'s' * (len(ports) > 1)} {numbers}"
        yield f"hostPort ({_of(sorted({name for name, _ in ports}))} {word})"
    names = [row["name"] for row in rows if _context(row).get("privileged")]
    if names:
        yield f"privileged ({_of(names)} must not set securityContext.privileged=true)"
    names = [row["name"] for row in rows if set(_added(row)) - ADDABLE]
    if names:
        added = ", ".join(
            f'"{cap}"' for cap in sorted({c for r in rows for c in _added(r)} - ADDABLE)
        )
        text = f"must not include {added} in securityContext.capabilities.add"
        yield f"non-default capabilities ({_of(names)} {text})"


def _restricted(spec: Obj) -> Iterator[str]:
    rows, pod = containers_of(spec), spec.get("securityContext") or {}
    wrong = [r["name"] for r in rows if _context(r).get("allowPrivilegeEscalation") is not False]
    if wrong:
        yield (
            f"allowPrivilegeEscalation != false ({_of(wrong)} must set"
            " securityContext.allowPrivilegeEscalation=false)"
        )
    wrong = [row["name"] for row in rows if "ALL" not in _dropped(row)]
    if wrong:
        yield f'{DROPPED} ({_of(wrong)} must set securityContext.capabilities.drop=["ALL"])'
    kinds = [(row["name"], key) for row in spec.get("volumes") or [] for key in row
             if key not in VOLUMES | {"name", "hostPath"}]  # fmt: skip
    if kinds:
        used = ", ".join(
            f'volume "{name}" uses restricted volume type "{key}"' for name, key in kinds
        )
        yield f"restricted volume types ({used})"
    wrong = [row["name"] for row in rows if not _either(row, pod, "runAsNonRoot")]
    if wrong:
        yield (
            f"runAsNonRoot != true (pod or {_of(wrong)} must set securityContext.runAsNonRoot=true)"
        )
    root = [row["name"] for row in rows if _context(row).get("runAsUser") == 0]
    if root or pod.get("runAsUser") == 0:
        yield f"runAsUser=0 ({_of(root) if root else 'pod'} must not set runAsUser=0)"
    wrong = [row["name"] for row in rows if not _profiled(row, pod)]
    if wrong:
        yield (
            f"seccompProfile (pod or {_of(wrong)} must set"
            ' securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
        )


def _context(row: Obj) -> Obj:
    context: Obj = row.get("securityContext") or {}
    return context


def _dropped(row: Obj) -> list[str]:
    dropped: list[str] = (_context(row).get("capabilities") or {}).get("drop") or []
    return dropped


def _added(row: Obj) -> list[str]:
    added: list[str] = (_context(row).get("capabilities") or {}).get("add") or []
    return added


def _either(row: Obj, pod: Obj, field: str) -> Any:
    """A container's setting, else the pod's."""
    return _context(row).get(field, pod.get(field))


def _profiled(row: Obj, pod: Obj) -> bool:
    profile = _either(row, pod, "seccompProfile") or {}
    return profile.get("type") in {"RuntimeDefault", "Localhost"}


def _of(names: list[str]) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"container {quoted}" if len(names) == 1 else f"containers {quoted}"


def _ranges(state: ClusterState, namespace: str, spec: Obj) -> str:
    """What LimitRanges ask of each container and of the pod: a minimum, a maximum."""
    found: list[str] = []
    for item in ranges_of(state, namespace, "Container"):
        found += [why for row in containers_of(spec) for why in _out_of(item, row)]
    for item in ranges_of(state, namespace, "Pod"):
        found += _out_of(item, {"resources": _summed(spec)})
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]" if found else ""


def _summed(spec: Obj) -> Obj:
    total: dict[str, dict[str, Any]] = {"requests": {}, "limits": {}}
    for part, sums in total.items():
        for row in spec["containers"]:
            for name, value in ((row.get("resources") or {}).get(part) or {}).items():
                sums[name] = shown(amount(sums.get(name, "0")) + amount(value))
    return total


def _out_of(item: Obj, row: Obj) -> Iterator[str]:
    kind, resources = item["type"], row.get("resources") or {}
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name, bound in (item.get("min") or {}).items():
        asked = requests.get(name, limits.get(name))
        if asked is None:
            yield f"minimum {name} usage per {kind} is {bound}. No request is specified"
        elif amount(asked) < amount(bound):
            yield f"minimum {name} usage per {kind} is {bound}, but request is {asked}"
    for name, bound in (item.get("max") or {}).items():
        asked = limits.get(name, requests.get(name))
        if asked is None:
            yield f"maximum {name} usage per {kind} is {bound}. No limit is specified"
        elif amount(asked) > amount(bound):
            yield f"maximum {name} usage per {kind} is {bound}, but limit is {asked}"
