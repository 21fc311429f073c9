"""ACK node pools: what they are, and what is requested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ackgpu.cloud.api.tags import Tags


@dataclass(frozen=True)
class AutoScaling:
    """The bounds of a pool that scales itself. ``kind``: gpu, cpu, gpushare, spot; it stays."""

    enabled: bool = False
    least: int = 0
    most: int = 0
    kind: str = ""


@dataclass(frozen=True)
class NodePool:
    """A node pool. ``state`` is the cloud's word: initial, active, scaling, deleting and so on.

    ``disks``: category and GiB of each disk of a node, the system disk first. ``user_data`` is
    base64, ``period`` in months (0 also for weeks). ``spot_price_limit`` is the lowest of those of
    its types. ``settings``: what the answer told besides, by its path in it
    (``scaling_group.image_type``).
    """

    id: str
    name: str
    state: str
    instance_types: tuple[str, ...]
    desired: int
    total: int
    healthy: int
    failed: int
    tags: Tags
    vswitch_ids: tuple[str, ...] = ()
    auto_scaling: AutoScaling = AutoScaling()
    charge_type: str = "PostPaid"
    spot_strategy: str = "NoSpot"
    disks: tuple[tuple[str, int], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[tuple[str, str, str], ...] = ()
    user_data: str = ""
    period: int = 0
    auto_renew: bool = False
    spot_price_limit: float | None = None
    on_demand_base: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def custom_image(self) -> str:
        """The image that somebody chose by its id; empty if ACK chose it for the image type."""
        custom = self.settings.get("scaling_group.image_type") == "Custom"
        return str(self.settings.get("scaling_group.image_id") or "") if custom else ""

    @property
    def has_key_pair(self) -> bool:
        """Whether its nodes are entered with a key pair."""
        return bool(self.settings.get("scaling_group.key_pair"))


@dataclass(frozen=True)
class NodePoolRequest:
    """A request to CreateClusterNodePool.

    Labels and taints reach the Kubernetes nodes, tags the ECS instances. ``spot_price_limit`` is
    an hour's price, ``on_demand_base`` how many of the nodes are not spot. ``period`` (months) only
    for PrePaid. ``data_disks``: category and GiB of each. ``user_data`` is base64.
    ``login_password`` is shown nowhere. ``settings`` are further fields of the body by their paths
    in it (``scaling_group.image_type``).
    """

    name: str
    instance_types: tuple[str, ...]
    desired: int
    vswitch_ids: tuple[str, ...]
    disk_category: str
    disk_size_gib: int
    charge_type: str
    labels: Mapping[str, str]
    taints: tuple[tuple[str, str, str], ...]
    tags: Tags
    period: int = 0
    auto_renew: bool = False
    spot: bool = False
    spot_price_limit: float | None = None
    security_group_ids: tuple[str, ...] = ()
    user_data: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    on_demand_base: int = 0
    data_disks: tuple[tuple[str, int], ...] = ()
    login_password: str = field(default="", repr=False)


@dataclass(frozen=True)
class AttachRequest:
    """A request to AttachInstancesToNodePool: the system disks are replaced.

    ``format_disk``: data disks are formatted too, and hold containers. ``password`` is for pools
    that are entered by password.
    """

    instance_ids: tuple[str, ...]
    keep_instance_name: bool = True
    format_disk: bool = False
    password: str = field(default="", repr=False)
