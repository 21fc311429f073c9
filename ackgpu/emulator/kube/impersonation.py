"""Acting as somebody else: the ``Impersonate-*`` headers (``kubectl --as``, ``--as-group``).

The caller needs the verb ``impersonate`` on each user, group, service account, uid and extra that
the headers name, and then has the rights of that user alone, not their own (Kubernetes
documentation, "User impersonation"; the words are the API server's).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from ackgpu.emulator.kube.access import KubeUser, account_groups
from ackgpu.emulator.kube.permissions import Action, require
from ackgpu.emulator.kube.state import ClusterState
from ackgpu.emulator.kube.status import KubeError

USER, GROUP, UID = "impersonate-user", "impersonate-group", "impersonate-uid"
EXTRA = "impersonate-extra-"
AUTHENTICATION = "authentication.k8s.io"
ACCOUNT = "system:serviceaccount:"
Headers = Sequence[tuple[str, str]]
"""As they came, a name as often as it was sent."""
MASTERS = "system:masters"
"""The group that may do everything, whatever the role bindings say."""


def impersonated(state: ClusterState, caller: KubeUser, headers: Headers) -> KubeUser:
    """Who the request acts as: the caller, or whom the headers name. Refuses with 403."""
    rows = [(name.lower(), value) for name, value in headers]
    asked = list(_asked(rows))
    user = next((value for name, value in rows if name == USER), "")
    if not asked:
        return caller
    if not user:
        listed = ", ".join(f"{row.resource} {row.name}" for row in asked)
        text = f"Internal Server Error: requested [{listed}] without impersonating a user"
        raise KubeError(500, "InternalError", text)
    for row in asked:
        require(state, caller, row)
    groups = [value for name, value in rows if name == GROUP]
    named = _user(user)
    if not groups and named.resource == "serviceaccounts":
        groups = account_groups(named.namespace)
    everybody = "system:unauthenticated" if user == "system:anonymous" else "system:authenticated"
    if everybody not in groups:
        groups.append(everybody)
    return KubeUser(user, tuple(groups), admin=MASTERS in groups)


def _asked(headers: Headers) -> Iterator[Action]:
    for name, value in headers:
        if name == USER and value:
            yield _user(value)
        elif name == GROUP:
            yield Action("impersonate", "groups", name=value)
        elif name == UID:
            yield Action("impersonate", "uids", AUTHENTICATION, name=value)
        elif name.startswith(EXTRA):
            key = unquote(name.removeprefix(EXTRA))
            yield Action("impersonate", f"userextras/{key}", AUTHENTICATION, name=value)


def _user(name: str) -> Action:
    namespace, _, account = name.removeprefix(ACCOUNT).partition(":")
    if name.startswith(ACCOUNT) and account:
        return Action("impersonate", "serviceaccounts", "", namespace, account)
    return Action("impersonate", "users", name=name)
