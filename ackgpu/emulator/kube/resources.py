"""What the API server serves: each resource's group, version, names, verbs and subresources.

What has no controller here (StatefulSets, CronJobs, PersistentVolumeClaims, Ingresses…) is not
served at all, so that a client is told so instead of waiting for something that never comes.
"""

from __future__ import annotations

from dataclasses import dataclass

READ = ("get", "list", "watch")
WRITE = ("create", "delete", "deletecollection", "patch", "update")
ALL = (*READ, *WRITE)


@dataclass(frozen=True)
class Resource:
    """One resource of one group and version. ``group`` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """``apps/v1``, or ``v1`` in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        """The name that ``kubectl`` accepts for one."""
        return self.kind.lower()


RESOURCES: tuple[Resource, ...] = (
    Resource("", "v1", "configmaps", "ConfigMap", short=("cm",)),
    Resource("", "v1", "endpoints", "Endpoints", short=("ep",), verbs=READ),
    Resource("", "v1", "events", "Event", short=("ev",)),
    Resource(
        "", "v1", "namespaces", "Namespace", namespaced=False, short=("ns",),
        verbs=(*READ, "create", "delete", "patch", "update"), subresources=("status",),
    ),
    Resource(
        "", "v1", "nodes", "Node", namespaced=False, short=("no",), subresources=("status",),
        verbs=(*READ, "delete", "deletecollection", "patch", "update"),
    ),
    Resource(
        "", "v1", "pods", "Pod", short=("po",), categories=("all",),
        subresources=("eviction", "exec", "log", "status"),
    ),
    Resource("", "v1", "secrets", "Secret"),
    Resource("", "v1", "serviceaccounts", "ServiceAccount", short=("sa",),
             subresources=("token",)),
    Resource("", "v1", "services", "Service", short=("svc",), categories=("all",),
             subresources=("status",)),
    Resource("apps", "v1", "daemonsets", "DaemonSet", short=("ds",), categories=("all",),
             verbs=READ),
    Resource("apps", "v1", "deployments", "Deployment", short=("deploy",), categories=("all",),
             subresources=("scale", "status")),
    Resource("apps", "v1", "replicasets", "ReplicaSet", short=("rs",), categories=("all",),
             subresources=("scale", "status")),
    Resource("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview",
             namespaced=False, verbs=("create",)),
    Resource("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview",
             namespaced=False, verbs=("create",)),
    Resource("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview",
             namespaced=False, verbs=("create",)),
    Resource("batch", "v1", "jobs", "Job", categories=("all",), subresources=("status",)),
    Resource("coordination.k8s.io", "v1", "leases", "Lease"),
    Resource("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding",
             namespaced=False),
    Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False),
    Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
    Resource("rbac.authorization.k8s.io", "v1", "roles", "Role"),
)  # fmt: skip

SUBRESOURCE_VERBS = {
    "status": ("get", "patch", "update"),
    "scale": ("get", "patch", "update"),
    "eviction": ("create",),
    "exec": ("create", "get"),
    "log": ("get",),
    "token": ("create",),
}
SUBRESOURCE_KINDS = {
    "scale": ("autoscaling", "v1", "Scale"),
    "eviction": ("policy", "v1", "Eviction"),
    "exec": ("", "v1", "PodExecOptions"),
    "token": ("authentication.k8s.io", "v1", "TokenRequest"),
}

_BY_PATH = {(r.group, r.version, r.plural): r for r in RESOURCES}
_BY_PLURAL = {r.plural: r for r in RESOURCES}


def by_path(group: str, version: str, plural: str) -> Resource | None:
    """The resource served under that group, version and plural name."""
    return _BY_PATH.get((group, version, plural))


def by_plural(plural: str) -> Resource:
    """The resource of that plural name; each is served in one group only."""
    return _BY_PLURAL[plural]


def groups() -> list[tuple[str, str]]:
    """Every named (group, version), in order."""
    return sorted({(r.group, r.version) for r in RESOURCES if r.group})


def of_group(group: str, version: str) -> list[Resource]:
    """The resources of a group and version."""
    return [r for r in RESOURCES if (r.group, r.version) == (group, version)]
