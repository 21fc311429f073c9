"""The part of the library that changes node pools and single nodes of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ackgpu.library.calls import AccountCalls, Answer

if TYPE_CHECKING:
    from ackgpu.commands.node import NodeOptions
    from ackgpu.render.changes import Changes
    from ackgpu.render.node_results import NodeList
    from ackgpu.render.results import Facts, NodePoolList, Result
    from ackgpu.session import Session


class PoolCalls(AccountCalls):
    """Node pools and nodes. ``timeout``: a duration such as ``45m``, in cloud time."""

    def node_pools(self, name: str) -> Answer[NodePoolList]:
        """The node pools of a cluster; raises NoSuchCluster."""
        from ackgpu.commands.nodepool import list_pools
        from ackgpu.render.results import NodePoolList

        return self._answer(
            NodePoolList, "nodepool list", lambda session: list_pools(name, session), name
        )

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
        from ackgpu.commands.nodepool import AddOptions, add
        from ackgpu.commands.pool_spec import PoolFlags
        from ackgpu.render.results import NodePoolList

        flags = PoolFlags(settings=settings)
        options = AddOptions(
            name=name, pool=pool, flags=flags, yes=True, wait=wait, timeout=timeout
        )
        return self._answer(
            NodePoolList, "nodepool add", lambda session: add(options, session), name
        )

    def scale_node_pool(
        self, name: str, pool: str, nodes: int, *, wait: bool = True, timeout: str = ""
    ) -> Answer[NodePoolList]:
        """Set a pool's absolute size, and verify the nodes; raises NoCapacity, LeftoversError."""
        from ackgpu.commands.cluster_operation import ChangeOptions
        from ackgpu.commands.nodepool_size import scale
        from ackgpu.render.results import NodePoolList

        options = ChangeOptions(name=name, pool=pool, yes=True, wait=wait, timeout=timeout)
        return self._answer(
            NodePoolList, "nodepool scale", lambda session: scale(options, nodes, session), name
        )

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
        from ackgpu.commands.nodepool_update import UpdateOptions, update
        from ackgpu.render.changes import Changes

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
        return self._answer(
            Changes, "nodepool update", lambda session: update(options, session), name
        )

    def delete_node_pool(
        self, name: str, pool: str, *, wait: bool = True, timeout: str = ""
    ) -> Answer[NodePoolList]:
        """Delete a pool with its nodes; what is not there is success. Raises LeftoversError."""
        from ackgpu.commands.cluster_operation import ChangeOptions
        from ackgpu.commands.nodepool_size import delete
        from ackgpu.render.results import NodePoolList

        options = ChangeOptions(name=name, pool=pool, yes=True, wait=wait, timeout=timeout)
        return self._answer(
            NodePoolList, "nodepool delete", lambda session: delete(options, session), name
        )

    def attach_instances(
        self, name: str, pool: str, instance_ids: Sequence[str], *, timeout: str = ""
    ) -> Answer[NodePoolList]:
        """Make existing instances nodes of a pool: their system disks are replaced."""
        from ackgpu.commands.nodepool_attach import AttachOptions, attach
        from ackgpu.render.results import NodePoolList

        options = AttachOptions(
            name=name, pool=pool, instance_ids=tuple(instance_ids), yes=True, timeout=timeout
        )
        return self._answer(
            NodePoolList, "nodepool attach", lambda session: attach(options, session), name
        )

    def convert_billing(
        self, name: str, pool: str, months: int, *, timeout: str = ""
    ) -> Answer[Facts]:
        """Turn a pool's instances into subscriptions of so many months, paid at once."""
        from ackgpu.commands.cluster_operation import ChangeOptions
        from ackgpu.commands.nodepool_billing import convert
        from ackgpu.render.results import Facts

        options = ChangeOptions(name=name, pool=pool, yes=True, timeout=timeout)
        return self._answer(
            Facts,
            "nodepool convert-billing",
            lambda session: convert(options, months, session),
            name,
        )

    def nodes(self, name: str) -> Answer[NodeList]:
        """The nodes of a cluster as ACK knows them; raises NoSuchCluster."""
        from ackgpu.commands.node import list_nodes
        from ackgpu.render.node_results import NodeList

        return self._answer(NodeList, "node list", lambda session: list_nodes(name, session), name)

    def drain_node(
        self, name: str, node: str, *, force: bool = False, delete_emptydir_data: bool = False
    ) -> Answer[NodeList]:
        """Close a node to new pods and evict those that it has.

        ``node``: its name or its instance's id. ``force``: also pods that nothing makes anew.
        """
        from ackgpu.commands.node import NodeOptions, drain

        options = NodeOptions(
            name=name,
            node=node,
            yes=True,
            force=force,
            delete_emptydir_data=delete_emptydir_data,
        )
        return self._of_node("drain", options, drain)

    def replace_node(
        self, name: str, node: str, *, force: bool = False, delete_emptydir_data: bool = False
    ) -> Answer[NodeList]:
        """Drain a node, delete its instance, and verify the one that takes its place."""
        from ackgpu.commands.node import NodeOptions, replace_node

        options = NodeOptions(
            name=name,
            node=node,
            yes=True,
            force=force,
            delete_emptydir_data=delete_emptydir_data,
        )
        return self._of_node("replace", options, replace_node)

    def repair_node(self, name: str, node: str) -> Answer[NodeList]:
        """Have ACK repair a node."""
        from ackgpu.commands.node import NodeOptions, repair

        return self._of_node("repair", NodeOptions(name=name, node=node, yes=True), repair)

    def _of_node(
        self, verb: str, options: NodeOptions, use_case: Callable[[NodeOptions, Session], Result]
    ) -> Answer[NodeList]:
        from ackgpu.render.node_results import NodeList

        return self._answer(
            NodeList, f"node {verb}", lambda session: use_case(options, session), options.name
        )
