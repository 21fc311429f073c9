"""Who may do what: RBAC over the roles and bindings in the cluster.

A client certificate stands for cluster-admin. A fault ``kube_forbidden`` (``resource``, ``verb``;
left out, each means all) takes rights away from everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ackgpu.emulator.kube.access import KubeUser
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.request import KubeRequest
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.kube.status import KubeError, qualified

OPEN = frozenset({"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"})
STREAMED = frozenset({"attach", "exec", "portforward"})
EXEC_IS_CREATE = (1, 35)
"""From here on a command over a WebSocket, whose request is a GET, needs ``create`` beside ``get``
(feature gate AuthorizePodWebsocketUpgradeCreatePermission)."""


@dataclass(frozen=True)
class Action:
    """What somebody wants to do; ``resource`` may have a subresource behind a slash."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""


def require_access(state: ClusterState, request: KubeRequest) -> None:
    """Refuse with 403 what the caller may not do."""
    if request.target.resource.plural in OPEN:
        return
    require_verb(state, request, request.verb)
    major, minor = state.kubernetes_version.split(".")[:2]
    if request.target.subresource in STREAMED and (int(major), int(minor)) >= EXEC_IS_CREATE:
        require_verb(state, request, "create")


def require_verb(state: ClusterState, request: KubeRequest, verb: str) -> None:
    """Refuse with 403 if the caller lacks the verb on what is addressed."""
    target = request.target
    path = "/".join(p for p in (target.resource.plural, target.subresource) if p)
    place = (target.resource.group, target.namespace, target.name)
    require(state, request.identity, Action(verb, path, *place))


def require(state: ClusterState, identity: KubeUser, action: Action) -> None:
    """Refuse with 403 what somebody may not do."""
    if allowed(state, identity, action):
        return
    where = f'in the namespace "{action.namespace}"' if action.namespace else "at the cluster scope"
    plural = action.resource.partition("/")[0]
    what = qualified(plural, action.group) + (f' "{action.name}"' if action.name else "")
    raise KubeError(
        403,
        "Forbidden",
        f'{what} is forbidden: User "{identity.user}" cannot {action.verb} resource'
        f' "{action.resource}" in API group "{action.group}" {where}',
        details={"name": action.name, "kind": plural} if action.name else {"kind": plural},
    )


def allowed(state: ClusterState, identity: KubeUser, action: Action) -> bool:
    """Whether the roles bound to the caller let them do it."""
    verb, resource = action.verb, action.resource
    for fault in state.settings.get("faults", ()):
        if fault.get("kind") != "kube_forbidden":
            continue
        if fault.get("resource", resource) == resource and fault.get("verb", verb) == verb:
            return False
    return identity.admin or any(
        _covers(rule.get("apiGroups"), action.group)
        and _covers(rule.get("resources"), resource)
        and _covers(rule.get("verbs"), verb)
        and (not rule.get("resourceNames") or action.name in rule["resourceNames"])
        for rule in rules_of(state, identity, action.namespace)
    )


def _covers(listed: list[str] | None, wanted: str) -> bool:
    return bool(listed) and ("*" in (listed or ()) or wanted in (listed or ()))


def rules_of(state: ClusterState, identity: KubeUser, namespace: str) -> Iterator[Obj]:
    """The rules of the roles that are bound to the caller, in the cluster and in a namespace."""
    bindings = [entry.object for entry in state.entries("clusterrolebindings")]
    bindings += [entry.object for entry in state.within(namespace, "rolebindings")]
    for binding in bindings:
        if any(_is(subject, identity) for subject in binding.get("subjects") or []):
            yield from _role(
                state, binding.get("roleRef") or {}, binding["metadata"].get("namespace", "")
            )


def _is(subject: Obj, identity: KubeUser) -> bool:
    kind, name = subject.get("kind"), subject.get("name", "")
    if kind == "ServiceAccount":
        name = f"system:serviceaccount:{subject.get('namespace', '')}:{name}"
    return name in identity.groups if kind == "Group" else name == identity.user


def _role(state: ClusterState, reference: Obj, namespace: str) -> list[Obj]:
    name = reference.get("name", "")
    if reference.get("kind") == "ClusterRole":
        entry = state.entry("clusterroles", ("", name))
    else:
        entry = state.entry("roles", (namespace, name))
    return (entry.object.get("rules") or []) if entry else []
