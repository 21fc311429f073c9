"""ACK clusters: what they are, what is requested, and what ACK tells of its work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ackgpu.cloud.api.tags import Tags
from ackgpu.errors import CloudError


@dataclass(frozen=True)
class Cluster:
    """An ACK cluster. ``state`` is the cloud's own word: initial, running, failed and so on.

    ``addons`` are the names of those that it has, ACK's own among them. Empty is also what was not
    told: of a list without a name, endpoints, addons and the node CIDR mask.
    ``settings``: what the answer told besides, under the API's names.
    """

    id: str
    name: str
    state: str
    cluster_type: str
    cluster_spec: str
    version: str
    region: str
    vpc_id: str
    vswitch_ids: tuple[str, ...]
    security_group_id: str
    tags: Tags
    created: datetime | None
    size: int = 0
    pod_cidr: str = ""
    service_cidr: str = ""
    public_endpoint: str = ""
    private_endpoint: str = ""
    deletion_protection: bool = False
    proxy_mode: str = ""
    runtime_version: str = ""
    node_cidr_mask: int = 0
    addons: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def public(self) -> bool:
        """Whether the API server is reached from outside the VPC."""
        return bool(self.public_endpoint)

    @property
    def plugin(self) -> str:
        """The network plugin, as specs name it: with Flannel pods have a CIDR of their own."""
        return "flannel" if self.pod_cidr else "terway-eniip"


@dataclass(frozen=True)
class Addon:
    """An addon that a cluster has. ``by_default``: ACK installs it in every such cluster.

    ``config`` is JSON text. It is read of those alone that are not there by default. ``state`` is
    the cloud's word: active, updating, upgrading, deleting.
    """

    name: str
    version: str
    by_default: bool
    config: str = ""
    state: str = ""


@dataclass(frozen=True)
class AddonRequest:
    """An addon to install with a cluster, or (``disabled``) one of ACK's own to leave out.

    ``config`` is JSON text. An empty ``version`` is ACK's choice.
    """

    name: str
    config: str = ""
    version: str = ""
    disabled: bool = False


@dataclass(frozen=True)
class ClusterRequest:
    """A request to CreateCluster. Node pools are never made inside it (see NodePoolRequest).

    ``node_cidr_mask`` is the mask of each node's share of the pod CIDR (Flannel). ``settings`` are
    further fields of the body by their paths in it.
    """

    name: str
    cluster_spec: str
    version: str
    vpc_id: str
    vswitch_ids: tuple[str, ...]
    security_group_id: str
    pod_cidr: str
    node_cidr_mask: int
    public_endpoint: bool
    ssh: bool
    deletion_protection: bool
    addons: tuple[AddonRequest, ...]
    tags: Tags
    cluster_type: str = "ManagedKubernetes"
    settings: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ClusterCheck:
    """A check before an upgrade. ``state``: running, succeeded, failed; ``problems`` in words."""

    id: str
    state: str
    message: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClusterNode:
    """A node as ACK's API lists it. ``error``: why it did not join, if it did not.

    ``attached``: it is an instance that existed before (source ``ess_attach``).
    """

    name: str
    instance_id: str
    instance_type: str
    state: str
    node_status: str
    error: str = ""
    attached: bool = False
    node_pool_id: str = ""


TASK_FAILED = frozenset({"fail", "failed", "canceled"})
"""The states of tasks and their stages that ended, and not well."""


def _failed(state: str) -> bool:
    return state.lower() in TASK_FAILED


@dataclass(frozen=True)
class Stage:
    """A stage of a task and how it stands."""

    message: str
    state: str

    @property
    def failed(self) -> bool:
        """Whether it has ended, and not well."""
        return _failed(self.state)


@dataclass(frozen=True)
class Task:
    """An asynchronous ACK task. ``state``: running, success, fail, failed, paused, canceled.

    ``failure``: why it failed, as the class that says what to do, also where ACK quotes the code of
    another product; None of one that has not failed. ``target``: the id of what it works on, such
    as a node pool; empty in a list of tasks.
    """

    id: str
    kind: str
    state: str
    current_stage: str
    stages: tuple[Stage, ...]
    failure: CloudError | None = None
    events: tuple[str, ...] = ()
    target: str = ""

    @property
    def failed(self) -> bool:
        """Whether it has ended, and not well."""
        return _failed(self.state)


@dataclass(frozen=True)
class ClusterEvent:
    """A line of a cluster's history."""

    time: str
    kind: str
    level: str
    reason: str
    message: str


@dataclass(frozen=True)
class ClusterResource:
    """A row of DescribeClusterResources.

    ``delete_by_default``: what DeleteCluster does with it unless told otherwise.
    """

    id: str
    type: str
    state: str
    auto_created: bool
    creator: str
    delete_by_default: bool
    delete_changeable: bool


@dataclass(frozen=True)
class KubernetesVersion:
    """A version that ACK offers."""

    version: str
    creatable: bool


@dataclass(frozen=True)
class DeleteClusterOptions:
    """What DeleteCluster does with what ACK made: ids to keep, and explicit modes by type.

    ``modes``: SLB, ALB, SLS_Data, SLS_ControlPlane, PrivateZone → delete or retain. The API retains
    all but SLB unless told otherwise.
    """

    retain: tuple[str, ...] = ()
    modes: Mapping[str, Literal["delete", "retain"]] = field(default_factory=dict)
