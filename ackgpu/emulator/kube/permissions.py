"""Who may do what: RBAC over the roles and bindings in the cluster.

A client certificate stands for cluster-admin. A fault ``kube_forbidden`` (``resource``, ``verb``;
left out, each means all) takes rights away from everybody.
"""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.emulator.kube.access import Identity
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.request import KubeRequest
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.kube.status import KubeError, qualified

BUILT_IN: dict[str, list[Obj]] = {
    "cluster-admin": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    "view": [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
    ],
}
OPEN = frozenset({"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"})


def require_access(state: ClusterState, request: KubeRequest) -> None:
    """Refuse with 403 what the caller may not do."""
    target = request.target
    if target.resource.plural in OPEN:
        return
    resource = "/".join(p for p in (target.resource.plural, target.subresource) if p)
    if allowed(
        state,
        request.identity,
        verb=request.verb,
        group=target.resource.group,
        resource=resource,
        namespace=target.namespace,
    ):
        return
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    named = f'{qualified(target.resource.plural, target.resource.group)} "{target.name}"'
    what = named if target.name else qualified(target.resource.plural, target.resource.group)
    raise KubeError(
        403,
        "Forbidden",
        f'{what} is forbidden: User "{request.identity.user}" cannot {request.verb} resource'
        f' "{resource}" in API group "{target.resource.group}" {where}',
        details={"kind": target.resource.plural},
    )


def allowed(  # noqa: PLR0913 -- one question
    state: ClusterState,
    identity: Identity,
    *,
    verb: str,
    group: str,
    resource: str,
    namespace: str,
) -> bool:
    """Whether the roles bound to the caller let them do it."""
    for fault in state.settings.get("faults", ()):
        if fault.get("kind") != "kube_forbidden":
            continue
        if fault.get("resource", resource) == resource and fault.get("verb", verb) == verb:
            return False
    if identity.admin:
        return True
    return any(
        _covers(rule.get("apiGroups"), group)
        and _covers(rule.get("resources"), resource)
        and _covers(rule.get("verbs"), verb)
        for rule in _rules(state, identity, namespace)
    )


def _covers(listed: list[str] | None, wanted: str) -> bool:
    return bool(listed) and ("*" in (listed or ()) or wanted in (listed or ()))


def _rules(state: ClusterState, identity: Identity, namespace: str) -> Iterator[Obj]:
    bindings = [entry.object for entry in state.entries("clusterrolebindings")]
    local = state.entries("rolebindings") if namespace else []
    bindings += [entry.object for entry in local if entry.key[0] == namespace]
    for binding in bindings:
        if any(_is(subject, identity) for subject in binding.get("subjects") or []):
            yield from _role(
                state, binding.get("roleRef") or {}, binding["metadata"].get("namespace", "")
            )


def _is(subject: Obj, identity: Identity) -> bool:
    kind, name = subject.get("kind"), subject.get("name", "")
    if kind == "ServiceAccount":
        name = f"system:serviceaccount:{subject.get('namespace', '')}:{name}"
    return name in identity.groups if kind == "Group" else name == identity.user


def _role(state: ClusterState, reference: Obj, namespace: str) -> list[Obj]:
    name = reference.get("name", "")
    if reference.get("kind") == "ClusterRole":
        if name in BUILT_IN:
            return BUILT_IN[name]
        entry = state.entry("clusterroles", ("", name))
    else:
        entry = state.entry("roles", (namespace, name))
    return (entry.object.get("rules") or []) if entry else []
