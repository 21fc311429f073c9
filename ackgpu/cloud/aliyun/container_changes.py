"""Container Service (ACK): changes of what exists, and what is asked before them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ackgpu.cloud.aliyun import container_records as records
from ackgpu.cloud.aliyun.calls import Calls, required
from ackgpu.cloud.aliyun.container_bodies import nested
from ackgpu.cloud.aliyun.errors import missing
from ackgpu.cloud.api import AddonRequest, AttachRequest, AutoScaling, ClusterCheck
from ackgpu.errors import ResourceNotFound

_CHANGE = "ModifyClusterNodePool"


class ContainerChanges:
    """The part of :class:`~ackgpu.cloud.api.ContainerApi` that changes pools and versions.

    Bodies of changes are written by hand: see :meth:`~ackgpu.cloud.aliyun.calls.Calls.send`.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._region = calls.region

    def set_desired_size(self, cluster_id: str, node_pool_id: str, nodes: int) -> str:
        """Set the pool's absolute size; NotYet while the pool is not active."""
        body = {"scaling_group": {"desired_size": nodes}}
        return self._pool(_CHANGE, cluster_id, node_pool_id, body, method="PUT")

    def set_auto_scaling(self, cluster_id: str, node_pool_id: str, bounds: AutoScaling) -> str:
        """Set the pool's bounds in their own call: the API takes no desired size beside them."""
        settings = {
            "enable": bounds.enabled,
            "min_instances": bounds.least,
            "max_instances": bounds.most,
            "type": bounds.kind,
        }
        body = {"auto_scaling": settings}
        return self._pool(_CHANGE, cluster_id, node_pool_id, body, method="PUT")

    def set_node_marks(
        self,
        cluster_id: str,
        node_pool_id: str,
        labels: Mapping[str, str],
        taints: Sequence[tuple[str, str, str]],
    ) -> str:
        """Replace labels and taints, of the nodes that there are too (``update_nodes``)."""
        rows = {
            "labels": [{"key": key, "value": value} for key, value in labels.items()],
            "taints": [{"key": k, "value": v, "effect": effect} for k, v, effect in taints],
        }
        # Empty lists are sent here on purpose: they take the last label or taint away.
        body = {"kubernetes_config": rows, "update_nodes": True}
        return self._pool(_CHANGE, cluster_id, node_pool_id, body, method="PUT")

    def set_pool_settings(
        self, cluster_id: str, node_pool_id: str, settings: Mapping[str, Any]
    ) -> str:
        """Set fields by their paths (``scaling_group.multi_az_policy``)."""
        return self._pool(_CHANGE, cluster_id, node_pool_id, nested(settings), method="PUT")

    def set_deletion_protection(self, cluster_id: str, *, enabled: bool) -> None:
        """Set it in a call of its own: so it is taken in states in which nothing else is."""
        self._modify(cluster_id, {"deletion_protection": enabled})

    def set_public_endpoint(self, cluster_id: str, *, public: bool) -> None:
        self._modify(cluster_id, {"api_server_eip": public})

    def install_addon(self, cluster_id: str, addon: AddonRequest) -> str:
        """Install it; without a version, ACK's choice for the cluster."""
        wanted = {"name": addon.name, "version": addon.version, "config": addon.config}
        row = {key: value for key, value in wanted.items() if value}
        return self._addons("Install", cluster_id, row)

    def uninstall_addon(self, cluster_id: str, name: str) -> str:
        """Uninstall it; one that is gone meanwhile is no error."""
        task_id: str | None = or_none(lambda: self._addons("UnInstall", cluster_id, {"name": name}))
        return task_id or ""

    def upgrade_addon(self, cluster_id: str, name: str, version: str, *, config: str) -> str:
        """Upgrade it, and name its configuration: whether ACK keeps it unasked is UNCONFIRMED."""
        row = {"component_name": name, "next_version": version, "config": config}
        row = {key: value for key, value in row.items() if value}
        return self._addons("Upgrade", cluster_id, row)

    def configure_addon(self, cluster_id: str, name: str, config: str) -> None:
        self._calls.write("ModifyClusterAddon", cluster_id, name, idempotent=True, config=config)

    def remove_node(
        self, cluster_id: str, node_pool_id: str, instance_id: str, *, release: bool
    ) -> str:
        """Take an instance out of its pool, which then desires one node less.

        ``release``: the cloud deletes it, unless it is a subscription. NotYet while the pool is
        busy. There is no client token: who left already is not found.
        """
        answer = self._calls.write(
            "RemoveNodePoolNodes",
            cluster_id,
            node_pool_id,
            idempotent=False,
            instance_ids=[instance_id],
            release_node=release,
            # Draining is done before, over the cluster's
            # own API, where it can be watched and given up.
            drain_node=False,
        )
        return answer.task_id or ""

    def repair_node(self, cluster_id: str, node_pool_id: str, node: str) -> str:
        """Have ACK repair a node, by its name; NotYet while the pool is busy."""
        body = {"nodes": [node]}
        return self._pool("RepairClusterNodePool", cluster_id, node_pool_id, body, "/repair")

    def attach_instances(self, cluster_id: str, node_pool_id: str, request: AttachRequest) -> str:
        """Ask that instances join; there is no client token: who joined already is left out."""
        body: dict[str, Any] = {
            "instances": list(request.instance_ids),
            "keep_instance_name": request.keep_instance_name,
            "format_disk": request.format_disk,
        }
        if request.password:
            body["password"] = request.password
        return self._pool("AttachInstancesToNodePool", cluster_id, node_pool_id, body, "/attach")

    def attach_script(
        self, cluster_id: str, node_pool_id: str, *, keep_instance_name: bool, format_disk: bool
    ) -> str:
        """The command line to run on a host: plain text, though the call is a POST."""
        action = "DescribeClusterAttachScripts"
        text = self._calls.read(
            action,
            cluster_id,
            nodepool_id=node_pool_id,
            # No vGPU type is of another architecture.
            arch="amd64",
            keep_instance_name=keep_instance_name,
            format_disk=format_disk,
        )
        if not str(text).strip():
            raise missing(action, "a script")
        return str(text).strip()

    def begin_check(self, cluster_id: str, kind: str) -> str:
        """Begin a check; another one does no harm."""
        answer = self._calls.write("RunClusterCheck", cluster_id, idempotent=True, type=kind)
        return required("RunClusterCheck", answer, "check_id")

    def check(self, cluster_id: str, check_id: str) -> ClusterCheck | None:
        body = or_none(lambda: self._calls.read("GetClusterCheck", cluster_id, check_id))
        return None if body is None else records.check(body, check_id)

    def upgrades(self, version: str) -> list[str]:
        rows = self._calls.read(
            "DescribeKubernetesVersionMetadata",
            region=self._region,
            cluster_type="ManagedKubernetes",
            profile="Default",
            kubernetes_version=version,
            mode="supported",
            query_upgradable_version=True,
        )
        found = {
            target
            for row in rows
            # The answer has rows of other versions as well.
            if row.version == version
            for target in row.upgradable_versions or ()
        }
        return sorted(found, key=records.release, reverse=True)

    def upgrade_cluster(self, cluster_id: str, version: str) -> str:
        """Request the upgrade of only the control plane."""
        path = f"/api/v2/clusters/{quote(cluster_id, safe='')}/upgrade"
        # Pools are upgraded by requests of their own, one after the other.
        body = {"next_version": version, "master_only": True}
        answer = self._calls.send("UpgradeCluster", "POST", path, body)
        return answer.task_id or ""

    def upgrade_node_pool(self, cluster_id: str, node_pool_id: str, version: str) -> str:
        """Ask for the upgrade of the kubelets in place: system disks are not replaced."""
        body = {"kubernetes_version": version, "use_replace": False}
        return self._pool("UpgradeClusterNodepool", cluster_id, node_pool_id, body, "/upgrade")

    def _modify(self, cluster_id: str, body: Mapping[str, Any]) -> None:
        path = f"/api/v2/clusters/{quote(cluster_id, safe='')}"
        self._calls.send("ModifyCluster", "PUT", path, body)

    def _pool(  # noqa: PLR0913, PLR0917 -- a call about a pool
        self,
        action: str,
        cluster_id: str,
        node_pool_id: str,
        body: Mapping[str, Any],
        below: str = "",
        method: str = "POST",
    ) -> str:
        """Ask for something of a pool; the task's id."""
        pool = f"{quote(cluster_id, safe='')}/nodepools/{quote(node_pool_id, safe='')}"
        answer = self._calls.send(action, method, f"/clusters/{pool}{below}", body)
        return answer.task_id or ""

    def _addons(self, verb: str, cluster_id: str, row: Mapping[str, str]) -> str:
        """A change of one addon. What ACK says to the same request twice is not published."""
        action, field = f"{verb}ClusterAddons", "addons" if verb == "UnInstall" else "body"
        rows = [self._calls.model(f"{action}Request{field.capitalize()}", **row)]
        answer = self._calls.write(action, cluster_id, idempotent=False, **{field: rows})
        return answer.task_id or ""


def or_none(read: Callable[[], Any]) -> Any:
    """The answer of ``read``, or None where there is no such thing."""
    try:
        return read()
    except ResourceNotFound:
        return None
