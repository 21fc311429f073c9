"""The part of the library that changes node pools and single nodes of a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ackgpu.library.calls import AccountCalls, Answer

if TYPE_CHECKING:
    from ackgpu.render.changes import Changes
    from ackgpu.render.results import Facts, NodeList, NodePoolList


class PoolCalls(AccountCalls):
    """Node pools and nodes. ``timeout``: a duration such as ``45m``, in cloud time."""

    def node_pools(self, name: str) -> Answer[NodePoolList]:
        """The node pools of a cluster; raises NoSuchCluster."""
        from ackgpu.commands.nodepool.add import list_pools

        return self._answer("nodepool list", list_pools, name)

    def add_node_pool(
        self,
        name: str,
        pool: str,
        settings: Mapping[str, Any],
        *,
        wait: bool = True,
        timeout: str = "",
    ) -> Answer[NodePoolList]:
        """Make a pool beside the others, and verify it; again, it goes on.

        ``settings``: as under ``nodePools`` of a cluster.yaml, such as ``{"desiredSize": 2}``.
        Raises PreflightFailed, NoCapacity, ConflictError for a pool of that name that is another.
        """
        from ackgpu.commands.nodepool.add import AddOptions, add
        from ackgpu.commands.nodepool.spec import PoolFlags

        flags = PoolFlags(settings=settings)
        options = AddOptions(
            name=name, pool=pool, flags=flags, yes=True, wait=wait, timeout=timeout
        )
        return self._answer("nodepool add", add, options)

    def scale_node_pool(
        self, name: str, pool: str, nodes: int, *, wait: bool = True, timeout: str = ""
    ) -> Answer[NodePoolList]:
        """Set a pool's absolute size, and verify the nodes; raises NoCapacity, LeftoversError."""
        from ackgpu.commands.nodepool.size import ScaleOptions, scale

        options = ScaleOptions(
            name=name, pool=pool, nodes=nodes, yes=True, wait=wait, timeout=timeout
        )
        return self._answer("nodepool scale", scale, options)

    def update_node_pool(  # noqa: PLR0913 -- keyword-only, each named where it is given
        self,
        name: str,
        pool: str,
        *,
        labels: Mapping[str, str] | None = None,
        least: int | None = None,
        most: int | None = None,
        scales: bool | None = None,
        timeout: str = "",
    ) -> Answer[Changes]:
        """Change a pool's labels and bounds in place; its nodes stay.

        ``least``, ``most``: it scales itself between them; ``scales`` False: not any more.
        """
        from ackgpu.commands.nodepool.update import UpdateOptions, update

        options = UpdateOptions(
            name=name,
            pool=pool,
            labels=tuple(f"{key}={value}" for key, value in (labels or {}).items()),
            least=least,
            most=most,
            scales=scales,
            yes=True,
            timeout=timeout,
        )
        return self._answer("nodepool update", update, options)

    def delete_node_pool(
        self, name: str, pool: str, *, wait: bool = True, timeout: str = ""
    ) -> Answer[NodePoolList]:
        """Delete a pool with its nodes; what is not there is success. Raises LeftoversError."""
        from ackgpu.commands.cluster.operation import ChangeOptions
        from ackgpu.commands.nodepool.size import delete

        options = ChangeOptions(name=name, pool=pool, yes=True, wait=wait, timeout=timeout)
        return self._answer("nodepool delete", delete, options)

    def attach_instances(
        self, name: str, pool: str, instance_ids: Sequence[str], *, timeout: str = ""
    ) -> Answer[NodePoolList]:
        """Make existing instances nodes of a pool: their system disks are replaced."""
        from ackgpu.commands.nodepool.attach import AttachOptions, attach

        options = AttachOptions(
            name=name, pool=pool, instance_ids=tuple(instance_ids), yes=True, timeout=timeout
        )
        return self._answer("nodepool attach", attach, options)

    def convert_billing(
        self, name: str, pool: str, months: int, *, timeout: str = ""
    ) -> Answer[Facts]:
        """Turn a pool's instances into subscriptions of so many months, paid at once."""
        from ackgpu.commands.nodepool.billing import ConvertOptions, convert

        options = ConvertOptions(name=name, pool=pool, months=months, yes=True, timeout=timeout)
        return self._answer("nodepool convert-billing", convert, options)

    def nodes(self, name: str) -> Answer[NodeList]:
        """The nodes of a cluster as ACK knows them; raises NoSuchCluster."""
        from ackgpu.commands.node import list_nodes

        return self._answer("node list", list_nodes, name)

    def drain_node(
        self, name: str, node: str, *, force: bool = False, delete_emptydir_data: bool = False
    ) -> Answer[NodeList]:
        """Close a node to new pods and evict those that it has.

        ``node``: its name or its instance's id. ``force``: also pods that nothing makes anew.
        """
        from ackgpu.commands.node import NodeOptions, drain

        options = NodeOptions(
            name=name, node=node, yes=True, force=force, delete_emptydir_data=delete_emptydir_data
        )
        return self._answer("node drain", drain, options)

    def replace_node(
        self, name: str, node: str, *, force: bool = False, delete_emptydir_data: bool = False
    ) -> Answer[NodeList]:
        """Drain a node, delete its instance, and verify the one that takes its place."""
        from ackgpu.commands.node import NodeOptions, replace_node

        options = NodeOptions(
            name=name, node=node, yes=True, force=force, delete_emptydir_data=delete_emptydir_data
        )
        return self._answer("node replace", replace_node, options)

    def repair_node(self, name: str, node: str) -> Answer[NodeList]:
        """Have ACK repair a node."""
        from ackgpu.commands.node import NodeOptions, repair

        return self._answer("node repair", repair, NodeOptions(name=name, node=node, yes=True))
