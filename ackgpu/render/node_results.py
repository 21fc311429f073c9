"""The records of ``node``: one node a row. As :mod:`ackgpu.render.results`: plain and frozen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class NodeRow:
    """A node. ``state`` is ACK's word for it, ``status`` the kubelet's (Ready, NotReady).

    ``error`` is why it did not join, empty if it did.
    """

    name: str
    instance_id: str
    instance_type: str
    node_pool: str
    state: str
    status: str
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class NodeList:
    """``node list``, and the pool's nodes after a change of one."""

    cluster_name: str
    nodes: tuple[NodeRow, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes' names."""
        return tuple(row.name for row in self.nodes)
