"""What admission adds to a pod before it is judged: account, priority, tolerations, limits.

The plugins are LimitRanger, ServiceAccount, Priority and DefaultTolerationSeconds, in that order;
words are theirs (``plugin/pkg/admission``).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

from ackgpu.emulator.kube.objects import SAFE_LETTERS, Obj, containers_of
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.shared.tables import table

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 -- a path
TOLERATED = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
TOLERATED_FOR = 300  # seconds
RANGED = "kubernetes.io/limit-ranger"


def complete_pod(state: ClusterState, pod: Obj) -> str:
    """Add to the pod what it leaves open; why it is refused, or nothing."""
    spec, namespace = pod["spec"], pod["metadata"]["namespace"]
    _limits(state, pod)
    why = _account(state, spec, namespace) or _priority(state, spec)
    _tolerations(spec)
    spec.setdefault("enableServiceLinks", True)
    return why


def ranges_of(state: ClusterState, namespace: str, kind: str) -> Iterator[Obj]:
    """The items of a namespace's LimitRanges that are about containers, pods or claims."""
    for entry in state.within(namespace, "limitranges"):
        rows = entry.object["spec"].get("limits") or []
        yield from (row for row in rows if row.get("type") == kind)


def _limits(state: ClusterState, pod: Obj) -> None:
    """The defaults of the namespace's LimitRanges, and a note of what was set."""
    notes: list[str] = []
    for item in ranges_of(state, pod["metadata"]["namespace"], "Container"):
        for row in containers_of(pod["spec"]):
            for part, field in (("requests", "defaultRequest"), ("limits", "default")):
                given = row["resources"].get(part) or {}
                fresh = {n: v for n, v in (item.get(field) or {}).items() if n not in given}
                if fresh:
                    row["resources"][part] = {**given, **fresh}
                    names = ", ".join(sorted(fresh))
                    notes.append(f"{names} {part.rstrip('s')} for container {row['name']}")
    if notes:
        annotations = pod["metadata"].setdefault("annotations", {})
        annotations[RANGED] = f"LimitRanger plugin set: {'; '.join(notes)}"


def _account(state: ClusterState, spec: Obj, namespace: str) -> str:
    name = str(spec.get("serviceAccountName") or spec.get("serviceAccount") or "default")
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    entry = state.entry("serviceaccounts", (namespace, name))
    if entry is None:
        missing = f'serviceaccount "{name}" not found'
        return f"error looking up service account {namespace}/{name}: {missing}"
    account = entry.object
    if account.get("imagePullSecrets"):
        spec.setdefault("imagePullSecrets", account["imagePullSecrets"])
    wanted = spec.get("automountServiceAccountToken", account.get("automountServiceAccountToken"))
    if wanted is not False:
        _mount_token(state, spec)
    return ""


def _mount_token(state: ClusterState, spec: Obj) -> None:
    def mounted(row: Obj) -> bool:
        return any(m["mountPath"] == TOKEN_PATH for m in row.get("volumeMounts") or [])

    without = [row for row in containers_of(spec) if not mounted(row)]
    if not without:
        return
    name = f"kube-api-access-{''.join(state.rng.choices(SAFE_LETTERS, k=5))}"
    for row in without:
        mount = {"name": name, "mountPath": TOKEN_PATH, "readOnly": True}
        row["volumeMounts"] = [*(row.get("volumeMounts") or []), mount]
    sources = copy.deepcopy(table("kube/system")["token_sources"])
    volume = {"name": name, "projected": {"defaultMode": 420, "sources": sources}}
    spec["volumes"] = [*(spec.get("volumes") or []), volume]


def _priority(state: ClusterState, spec: Obj) -> str:
    name = spec.get("priorityClassName") or ""
    named = {entry.key[1]: entry.object for entry in state.entries("priorityclasses")}
    usual = next((row for row in named.values() if row.get("globalDefault")), None)
    found = named.get(name) if name else usual
    if found is None and name:
        return f"no PriorityClass with name {name} was found"
    if found is not None:
        spec["priorityClassName"] = found["metadata"]["name"]
    spec["priority"] = int(found.get("value", 0)) if found else 0
    spec["preemptionPolicy"] = (found or {}).get("preemptionPolicy", "PreemptLowerPriority")
    return ""


def _tolerations(spec: Obj) -> None:
    rows = spec.get("tolerations") or []
    for key in TOLERATED:
        named = [r for r in rows if r.get("key") in {key, None, ""}]
        if not any(r.get("effect", "NoExecute") in {"NoExecute", ""} for r in named):
            row = {"key": key, "operator": "Exists", "effect": "NoExecute"}
            rows = [*rows, {**row, "tolerationSeconds": TOLERATED_FOR}]
    spec["tolerations"] = rows
