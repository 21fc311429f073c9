"""What ackgpu asks of Container Service (ACK)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ackgpu.cloud.api.clusters import (
    Addon,
    AddonRequest,
    Cluster,
    ClusterCheck,
    ClusterEvent,
    ClusterNode,
    ClusterRequest,
    ClusterResource,
    DeleteClusterOptions,
    KubernetesVersion,
    Task,
)
from ackgpu.cloud.api.node_pools import AttachRequest, AutoScaling, NodePool, NodePoolRequest
from ackgpu.cloud.api.tags import Tags


class ContainerApi(Protocol):
    """ACK ("CS")."""

    def clusters(self, *, name: str = "", region: str | None = None) -> list[Cluster]:
        """The region's clusters whose name is exactly ``name``, in full; all of them if empty.

        There is no list of all regions. ``region``: another one than the cloud's.
        """

    def cluster(self, cluster_id: str) -> Cluster | None:
        """The cluster, or None where there is none."""

    def create_cluster(self, request: ClusterRequest, *, token: str) -> tuple[str, str]:
        """Ask for a cluster; its id and the task's."""

    def delete_cluster(self, cluster_id: str, options: DeleteClusterOptions) -> str:
        """Ask that it goes; the task's id, empty where there was nothing to delete."""

    def node_pools(self, cluster_id: str) -> list[NodePool]:
        """Every pool of the cluster; none where it is gone."""

    def create_node_pool(self, cluster_id: str, request: NodePoolRequest) -> tuple[str, str]:
        """Ask for a pool; its id and the task's."""

    def delete_node_pool(self, cluster_id: str, node_pool_id: str) -> str:
        """Ask that it goes with its nodes; the task's id, empty where there was nothing."""

    def set_desired_size(self, cluster_id: str, node_pool_id: str, nodes: int) -> str:
        """Set the pool's absolute size: a replay changes nothing."""

    def set_auto_scaling(self, cluster_id: str, node_pool_id: str, bounds: AutoScaling) -> str:
        """Let the pool scale itself within bounds, or not any more; the task's id."""

    def set_node_marks(
        self,
        cluster_id: str,
        node_pool_id: str,
        labels: Mapping[str, str],
        taints: Sequence[tuple[str, str, str]],
    ) -> str:
        """Replace the labels and taints of the pool and of its nodes; the task's id."""

    def set_pool_settings(
        self, cluster_id: str, node_pool_id: str, settings: Mapping[str, Any]
    ) -> str:
        """Set fields of a pool by their paths, for the nodes made from now on; the task's id."""

    def set_deletion_protection(self, cluster_id: str, *, enabled: bool) -> None:
        """Protect the cluster against deletion, or not any more; at once, in any state."""

    def set_public_endpoint(self, cluster_id: str, *, public: bool) -> None:
        """Bind an EIP to the API server, or release it."""

    def install_addon(self, cluster_id: str, addon: AddonRequest) -> str:
        """Ask that the addon is installed; the task's id."""

    def uninstall_addon(self, cluster_id: str, name: str) -> str:
        """Ask that the addon is uninstalled; the task's id, empty if there was nothing."""

    def upgrade_addon(self, cluster_id: str, name: str, version: str, *, config: str) -> str:
        """Ask for a newer version of an installed addon, with ``config``; the task's id."""

    def configure_addon(self, cluster_id: str, name: str, config: str) -> None:
        """Ask for another configuration (JSON text) of an installed addon."""

    def remove_node(
        self, cluster_id: str, node_pool_id: str, instance_id: str, *, release: bool
    ) -> str:
        """Take an instance out of its pool, which then desires one node less; the task's id.

        ``release``: it is deleted, unless it is a subscription.
        """

    def repair_node(self, cluster_id: str, node_pool_id: str, node: str) -> str:
        """Have ACK repair a node, by its name; the task's id."""

    def attach_instances(self, cluster_id: str, node_pool_id: str, request: AttachRequest) -> str:
        """Ask that instances join the pool; the task's id."""

    def attach_script(
        self, cluster_id: str, node_pool_id: str, *, keep_instance_name: bool, format_disk: bool
    ) -> str:
        """The command line that makes the host it runs on a node of the pool; it holds a token."""

    def begin_check(self, cluster_id: str, kind: str) -> str:
        """Begin a check such as ClusterUpgrade; its id."""

    def check(self, cluster_id: str, check_id: str) -> ClusterCheck | None:
        """How a check stands, or None where there is none."""

    def upgrades(self, version: str) -> list[str]:
        """The versions that a managed cluster of ``version`` can be upgraded to, newest first."""

    def upgrade_cluster(self, cluster_id: str, version: str) -> str:
        """Ask for the control plane's upgrade; the task's id."""

    def upgrade_node_pool(self, cluster_id: str, node_pool_id: str, version: str) -> str:
        """Ask that a pool's nodes are upgraded, in place; the task's id."""

    def nodes(self, cluster_id: str, *, node_pool_id: str = "") -> list[ClusterNode]:
        """The nodes as ACK knows them, of one pool or of all; none where the cluster is gone."""

    def task(self, task_id: str) -> Task | None:
        """How a task stands, with its stages, or None where there is none."""

    def tasks(self, cluster_id: str) -> list[Task]:
        """The cluster's tasks, newest first, without their stages; none where it is gone."""

    def events(self, cluster_id: str) -> list[ClusterEvent]:
        """The cluster's history, in the API's order; none where it is gone."""

    def resources(self, cluster_id: str) -> list[ClusterResource]:
        """What ACK and its addons made or use for the cluster; none where it is gone."""

    def addons(self, cluster_id: str, *, configured: Sequence[str] = ()) -> list[Addon]:
        """The addons that the cluster has; none where it is gone.

        ``configured``: names of those whose configuration is read though they are there by default.
        """

    def kubeconfig(self, cluster_id: str, *, private: bool, minutes: int | None) -> str:
        """The kubeconfig as YAML text; ``minutes`` limits its certificate's life (15 to 4320)."""

    def versions(self) -> list[KubernetesVersion]:
        """Kubernetes versions that a managed cluster can be created with, newest first."""

    def user_quota(self) -> Mapping[str, int]:
        """ACK's own view of the account's limits, by the API's names."""

    def missing_roles(self, names: Sequence[str]) -> list[str]:
        """Which of the service roles are not granted."""

    def set_tags(self, cluster_id: str, tags: Tags) -> None:
        """Set tags on the cluster; others of its own stay."""

    def remove_tags(self, cluster_id: str, keys: Sequence[str]) -> None:
        """Take tags off the cluster; one that it does not have is none to take off."""
