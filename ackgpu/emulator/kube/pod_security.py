"""The Pod Security Standards: how a pod breaks the level that its namespace's labels want.

The checks are rows of ``data/kube/pod_security.json``; here is what reads them, and those few that
are about more than the values of a field. Words are those of ``pod-security-admission/policy``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ackgpu.emulator.kube.objects import Obj, containers_of, labels_of
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.shared.tables import table

MODE = "pod-security.kubernetes.io/{}"
NET_BIND = "NET_BIND_SERVICE"
Check = dict[str, Any]


def violation(state: ClusterState, namespace: str, spec: Obj, mode: str) -> str:
    """How a pod breaks the level that its namespace wants to ``enforce`` or to ``warn`` of."""
    entry = state.entry("namespaces", ("", namespace))
    labels = labels_of(entry.object) if entry else {}
    label = MODE.format(mode)
    level = labels.get(label, "privileged")
    found = [f"{reason} ({detail})" for reason, detail in _broken(level, spec)]
    if not found:
        return ""
    verb = "violates" if mode == "enforce" else "would violate"
    version = labels.get(f"{label}-version", "latest")
    return f'{verb} PodSecurity "{level}:{version}": {", ".join(found)}'


def _broken(level: str, spec: Obj) -> Iterator[tuple[str, str]]:
    """Every check that a pod does not pass: its reason, and what is said of the pod."""
    own_users = spec.get("hostUsers") is False
    windows = (spec.get("os") or {}).get("name") == "windows"
    levels = {"baseline": ("baseline",), "restricted": ("baseline", "restricted")}.get(level, ())
    for row in (row for part in levels for row in table("kube/pod_security")[part]):
        spared = (own_users and row.get("namespaced")) or (windows and row.get("linux"))
        if spared or (level == "restricted" and row.get("overridden")):
            continue
        if row["id"] in _SPECIAL:
            detail, count = _SPECIAL[row["id"]](row, spec), 1
        else:
            detail, count = _of_fields(row, spec)
        if detail:
            yield _plural(row["reason"], count, "<>"), detail


def _of_fields(check: Check, spec: Obj) -> tuple[str, int]:
    """What a check of fields says of a pod, and of how many values; nothing where all are good."""
    of_pod, of_containers = "pod" in check["of"].split(), "containers" in check["of"]
    set_on_pod = _values(spec, check["field"]) if of_pod else []
    wrong = {str(value): None for value in set_on_pod if _bad(check, value)}
    pod_is_wrong, names, unset = bool(wrong), [], []
    for row in containers_of(spec) if of_containers else ():
        values = _values(row, check["field"])
        bad = [str(value) for value in values if _bad(check, value)]
        wrong.update(dict.fromkeys(bad))
        if bad:
            names.append(row["name"])
        if not values and (pod_is_wrong or not set_on_pod):
            unset.append(row["name"])
    told = sorted(wrong)
    if told:
        who = " and ".join(["pod"] * pod_is_wrong + [_of(names)] * bool(names))
        says = _plural(_plural(check["says"], len(names), "()"), len(told), "<>")
        return says.format(who=who, values=_quoted(told), plain=", ".join(told)), len(told)
    return check["unset"].format(who=_of(unset)) if unset and "unset" in check else "", 1


def _bad(check: Check, value: Any) -> bool:
    return value in check["bad"] if "bad" in check else value not in check["good"]


def _values(obj: Obj, paths: str) -> list[Any]:
    """What lies at the paths, each element of a list where a step is ``*``."""
    found: list[Any] = []
    for path in paths.split():
        at: list[Any] = [obj]
        for step in path.split("."):
            if step == "*":
                at = [row for rows in at for row in rows]
            else:
                inner = [row.get(step) for row in at if isinstance(row, dict)]
                at = [value for value in inner if value is not None]
        found += at
    return found


def _plural(text: str, count: int, marks: str) -> str:
    """The text with each choice between the marks made: one, or several."""
    first, last = re.escape(marks[0]), re.escape(marks[1])
    pattern = f"{first}([^{last}|]*)[|]([^{last}]*){last}"
    return re.sub(pattern, lambda found: found[1] if count == 1 else found[2], text)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _of(names: list[str], noun: str = "container") -> str:
    return f"{noun}{'s' * (len(names) > 1)} {_quoted(names)}"


def _namespaces(_check: Check, spec: Obj) -> str:
    return ", ".join(f"{f}=true" for f in ("hostNetwork", "hostPID", "hostIPC") if spec.get(f))


def _paths(_check: Check, spec: Obj) -> str:
    names = [row["name"] for row in spec.get("volumes") or [] if "hostPath" in row]
    return _of(names, "volume") if names else ""


def _volumes(check: Check, spec: Obj) -> str:
    rows = [(row["name"], key) for row in spec.get("volumes") or [] for key in row
            if key not in {*check["allowed"], "name"}]  # fmt: skip
    kinds = sorted({kind for _, kind in rows})
    use = "uses" if len(rows) == 1 else "use"
    word = f"{use} restricted volume type{'s' * (len(kinds) > 1)} {_quoted(kinds)}"
    return f"{_of([name for name, _ in rows], 'volume')} {word}" if rows else ""


def _selinux(check: Check, spec: Obj) -> str:
    options, good = "securityContext.seLinuxOptions", set(check["types"])

    def wrong(row: Obj) -> bool:
        kinds = set(_values(row, f"{options}.type")) - good
        return bool(kinds or _values(row, f"{options}.user {options}.role"))

    setters = [spec, *containers_of(spec)]
    names = [row["name"] for row in containers_of(spec) if wrong(row)]
    kinds = sorted({k for row in setters for k in _values(row, f"{options}.type")} - good)
    said = [f"type{'s' * (len(kinds) > 1)} {_quoted(kinds)}"] if kinds else []
    said += [f"{field} may not be set" for field in ("user", "role")
             if any(_values(row, f"{options}.{field}") for row in setters)]  # fmt: skip
    who = " and ".join(["pod"] * wrong(spec) + [_of(names)] * bool(names))
    return f"{who} set forbidden {options}: {'; '.join(said)}" if who else ""


def _capabilities(_check: Check, spec: Obj) -> str:
    field = "securityContext.capabilities"
    added = {row["name"]: set(_values(row, f"{field}.add.*")) - {NET_BIND}
             for row in containers_of(spec)}  # fmt: skip
    keeps = [
        row["name"] for row in containers_of(spec) if "ALL" not in _values(row, f"{field}.drop.*")
    ]
    said = [f'{_of(keeps)} must set {field}.drop=["ALL"]'] if keeps else []
    if names := [name for name, caps in added.items() if caps]:
        caps = _quoted(sorted(set().union(*added.values())))
        said.append(f"{_of(names)} must not include {caps} in {field}.add")
    return "; ".join(said)


_SPECIAL: dict[str, Callable[[Check, Obj], str]] = {
    "capabilities_restricted": _capabilities,
    "hostNamespaces": _namespaces,
    "hostPathVolumes": _paths,
    "restrictedVolumes": _volumes,
    "seLinuxOptions": _selinux,
}
