"""Container Service (ACK): clusters, node pools, nodes, tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from ackgpu.cloud.aliyun import container_bodies as bodies
from ackgpu.cloud.aliyun import container_records as records
from ackgpu.cloud.aliyun.calls import required
from ackgpu.cloud.aliyun.container_changes import ContainerChanges, or_none
from ackgpu.cloud.aliyun.errors import is_unserved, missing
from ackgpu.cloud.aliyun.pages import by_number
from ackgpu.cloud.aliyun.rows import instant, number
from ackgpu.cloud.aliyun.shared_reads import A_LOOK, A_RUN, shared_for
from ackgpu.cloud.api import (
    Addon,
    Cluster,
    ClusterEvent,
    ClusterNode,
    ClusterRequest,
    ClusterResource,
    DeleteClusterOptions,
    KubernetesVersion,
    NodePool,
    NodePoolRequest,
    Tags,
    Task,
)
from ackgpu.errors import CloudError

_LIST, _OLD_LIST = "DescribeClustersForRegion", "DescribeClustersV1"
"""ACK switched the old one off, region by region, by 2026-09-30 (its announcement on deprecated
API parameters); it is asked only if an endpoint does not know the new one."""
_NODES_A_PAGE = 100
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class AliyunContainers(ContainerChanges):
    """:class:`~ackgpu.cloud.api.ContainerApi` over CS 2015-12-15."""

    @shared_for(A_LOOK)
    def clusters(self, *, name: str = "", region: str | None = None) -> list[Cluster]:
        """Clusters of a region; the API's own filter by name is fuzzy, this one is exact.

        A row of the list has neither endpoints nor what stands in ``meta_data`` (CS API reference,
        DescribeClustersForRegion): a cluster that is named is read in full.
        """
        rows = self._listed(name, region or self._region)
        found = [records.cluster(row) for row in rows if name in {"", row.name}]
        # A cluster that vanishes between list and detail keeps its row: one read proves no absence.
        return [self.cluster(each.id) or each for each in found] if name else found

    def _listed(self, name: str, region: str) -> list[Any]:
        if self._calls.is_served(_LIST):
            try:
                return self._pages(_LIST, region, name=name or None)
            except CloudError as error:
                if not is_unserved(error):
                    raise
                self._calls.forget(_LIST)
        # Without its filter by region: one account was answered an empty list with it (2026-10).
        return [row for row in self._pages(_OLD_LIST, name=name or None) if row.region_id == region]

    def _pages(self, action: str, *path: str, name: str | None) -> list[Any]:
        return self._paged(action, *path, rows="clusters", key="cluster_id", size=50, name=name)

    def _paged(self, action: str, *path: str, **what: Any) -> list[Any]:
        return self._calls.numbered(
            action, *path, total=lambda body: _total(body.page_info), **what
        )

    @shared_for(A_LOOK)
    def cluster(self, cluster_id: str) -> Cluster | None:
        body = or_none(lambda: self._calls.read("DescribeClusterDetail", cluster_id))
        if body is None:
            return None
        # A body without it is no cluster that lacks things, but an answer that cannot be believed.
        required("DescribeClusterDetail", body, "cluster_id")
        return records.cluster(body)

    def create_cluster(self, request: ClusterRequest, *, token: str) -> tuple[str, str]:
        """Ask for a cluster; its id and the task's.

        CreateCluster takes ``client_token`` (SDK 7.2.3). Whether it honours it is UNCONFIRMED, so
        that a lost reply is not repeated: the cluster is looked for by its name instead.
        """
        body = bodies.create_cluster(request, region=self._region, token=token)
        answer = self._calls.send("CreateCluster", "POST", "/clusters", body)
        return required("CreateCluster", answer, "cluster_id"), answer.task_id or ""

    def delete_cluster(self, cluster_id: str, options: DeleteClusterOptions) -> str:
        modes = [
            self._calls.model(
                "DeleteClusterRequestDeleteOptions", resource_type=kind, delete_mode=mode
            )
            for kind, mode in options.modes.items()
        ]
        body = self._calls.remove(
            "DeleteCluster",
            cluster_id,
            retain_resources=list(options.retain) or None,
            delete_options=modes or None,
        )
        return "" if body is None else body.task_id or ""

    @shared_for(A_LOOK)
    def node_pools(self, cluster_id: str) -> list[NodePool]:
        """The cluster's node pools; none where the cluster is gone. The API does not page."""
        body = or_none(
            lambda: self._calls.read("DescribeClusterNodePools", cluster_id, nodepool_name=None)
        )
        if body is None:
            return []
        return [records.node_pool(row) for row in _rows("DescribeClusterNodePools", body.nodepools)]

    def create_node_pool(self, cluster_id: str, request: NodePoolRequest) -> tuple[str, str]:
        """Ask for a node pool; its id and the task's. There is no client token: names are keys."""
        pathname = f"/clusters/{quote(cluster_id, safe='')}/nodepools"
        body = bodies.create_node_pool(request)
        answer = self._calls.send("CreateClusterNodePool", "POST", pathname, body)
        return required("CreateClusterNodePool", answer, "nodepool_id"), answer.task_id or ""

    def delete_node_pool(self, cluster_id: str, node_pool_id: str) -> str:
        # Without force a pool that still has nodes is
        # refused (CS API reference, DeleteClusterNodepool).
        body = self._calls.remove("DeleteClusterNodepool", cluster_id, node_pool_id, force=True)
        return "" if body is None else body.task_id or ""

    @shared_for(A_LOOK)
    def nodes(self, cluster_id: str, *, node_pool_id: str = "") -> list[ClusterNode]:
        def fetch(page: int) -> tuple[list[Any] | None, int | None]:
            body = self._calls.read(
                "DescribeClusterNodes",
                cluster_id,
                nodepool_id=node_pool_id or None,
                page_number=str(page),
                page_size=str(_NODES_A_PAGE),
            )
            return body.nodes, _total(body.page)

        rows = or_none(lambda: by_number("DescribeClusterNodes", fetch, key=_node_key))
        return [records.node(row) for row in rows or []]

    def task(self, task_id: str) -> Task | None:
        body = or_none(lambda: self._calls.read("DescribeTaskInfo", task_id))
        return None if body is None else records.task(body, task_id)

    def tasks(self, cluster_id: str) -> list[Task]:
        what = {"rows": "tasks", "key": "task_id", "size": 100}
        rows = or_none(lambda: self._paged("DescribeClusterTasks", cluster_id, **what)) or []
        # The order of the list is not documented; who reads it wants the latest first.
        rows.sort(key=lambda row: instant(row.created) or _LONG_AGO, reverse=True)
        return [records.listed_task(row) for row in rows]

    def events(self, cluster_id: str) -> list[ClusterEvent]:
        what = {"rows": "events", "key": "event_id", "size": 100}
        rows = or_none(lambda: self._paged("DescribeClusterEvents", cluster_id, **what))
        return [records.event(row) for row in rows or []]

    @shared_for(A_LOOK)
    def resources(self, cluster_id: str) -> list[ClusterResource]:
        rows = or_none(
            lambda: self._calls.read(
                "DescribeClusterResources", cluster_id, with_addon_resources=True
            )
        )
        return [records.resource(row) for row in rows or []]

    def addons(self, cluster_id: str, *, configured: Sequence[str] = ()) -> list[Addon]:
        """The cluster's addons; none where it is gone.

        Which ones ACK installs by default is told by its catalogue for the cluster, and their
        configurations by one further call each.
        """
        body = or_none(lambda: self._calls.read("ListClusterAddonInstances", cluster_id))
        if body is None:
            return []
        catalogue = self._calls.read("ListAddons", cluster_id=cluster_id, region_id=self._region)
        defaults = {row.name for row in catalogue.addons or () if row.install_by_default}
        rows = _rows("ListClusterAddonInstances", body.addons)
        return [
            Addon(row.name, row.version or "", by_default=True, state=row.state or "")
            # Their configuration is not read, a call each:
            # nobody compares it unless the spec names them.
            if row.name in defaults and row.name not in configured
            else self._addon(cluster_id, row, by_default=row.name in defaults)
            for row in rows
        ]

    def _addon(self, cluster_id: str, row: Any, *, by_default: bool) -> Addon:
        body = or_none(lambda: self._calls.read("GetClusterAddonInstance", cluster_id, row.name))
        config = "" if body is None else body.config or ""
        version, state = row.version or "", row.state or ""
        return Addon(row.name, version, by_default=by_default, config=config, state=state)

    def kubeconfig(self, cluster_id: str, *, private: bool, minutes: int | None) -> str:
        action = "DescribeClusterUserKubeconfig"
        body = self._calls.read(
            action, cluster_id, private_ip_address=private, temporary_duration_minutes=minutes
        )
        return required(action, body, "config")

    @shared_for(A_RUN)
    def versions(self) -> list[KubernetesVersion]:
        rows = self._calls.read(
            "DescribeKubernetesVersionMetadata",
            region=self._region,
            cluster_type="ManagedKubernetes",
            profile="Default",
            mode="creatable",
        )
        found = [KubernetesVersion(row.version, row.creatable is not False) for row in rows]
        return sorted(found, key=lambda version: records.release(version.version), reverse=True)

    def user_quota(self) -> Mapping[str, int]:
        """ACK's own view of the account's limits; its ``quotas`` map wins over the flat numbers."""
        body = self._calls.read_limit("DescribeUserQuota")
        flat = ("cluster_quota", "node_quota", "cluster_nodepool_quota", "amk_cluster_quota")
        found = {name: number(getattr(body, name)) for name in flat if getattr(body, name)}
        for name, row in (body.quotas or {}).items():
            found[name] = number(row.quota)
        return found

    def missing_roles(self, names: Sequence[str]) -> list[str]:
        roles = [self._calls.model("CheckServiceRoleRequestRoles", name=name) for name in names]
        body = self._calls.read("CheckServiceRole", roles=roles)
        granted = {row.name for row in _rows("CheckServiceRole", body.roles) if row.granted}
        return [name for name in names if name not in granted]

    def set_tags(self, cluster_id: str, tags: Tags) -> None:
        # TagResources adds to the tags that there are; ModifyClusterTags would replace them all.
        rows = [self._calls.model("Tag", key=key, value=value) for key, value in tags.items()]
        self._calls.write(
            "TagResources",
            idempotent=True,
            region_id=self._region,
            resource_ids=[cluster_id],
            resource_type="CLUSTER",
            tags=rows,
        )

    def remove_tags(self, cluster_id: str, keys: Sequence[str]) -> None:
        self._calls.write(
            "UntagResources",
            idempotent=True,
            region_id=self._region,
            resource_ids=[cluster_id],
            resource_type="CLUSTER",
            tag_keys=list(keys),
        )


def _node_key(row: Any) -> str:
    """A node that is being made has no name yet, one from elsewhere no instance."""
    return row.instance_id or row.node_name or ""


def _total(page: Any) -> int | None:
    return None if page is None else number(page.total_count)


def _rows(action: str, rows: list[Any] | None) -> list[Any]:
    if rows is None:
        raise missing(action, "its list")
    return rows
