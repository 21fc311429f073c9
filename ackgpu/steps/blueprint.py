"""A spec with every ``auto`` decided: what the steps build from.

The decisions (zones, version) are made once, by :mod:`ackgpu.steps.placement`, from what exists
already and from stock, so that a second ``create`` decides the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ackgpu.cloud.api import AddonRequest, VSwitch
from ackgpu.naming import CLUSTER_TAG, RUN_TAG, resource_name
from ackgpu.spec.model import ClusterSpec

PODS = "-pods"
"""How the names of pods' vSwitches end."""


@dataclass(frozen=True)
class TypeChoice:
    """An instance type that was chosen for pools that name none, and why in a few words."""

    instance_type: str
    reason: str


@dataclass(frozen=True)
class ZonePlan:
    """Where a vSwitch goes. ``vswitch_id``: it is given, and ``cidr`` is what it has.

    ``pods``: it holds addresses of pods (Terway), and no nodes.
    """

    zone_id: str
    cidr: str
    vswitch_id: str = ""
    pods: bool = False

    @property
    def short(self) -> str:
        """The zone's last word, ``k`` of ``cn-hangzhou-k``; ``k-pods`` for its pods' vSwitch."""
        return self.zone_id.rpartition("-")[2] + (PODS if self.pods else "")


@dataclass(frozen=True)
class Blueprint:
    """The spec, the decisions, and the tags that everything made carries.

    ``run_of``: the run that makes what is missing, whose id is chosen when it begins to.
    ``pod_zones``: vSwitches of Terway's pods; without any they share the nodes'.
    ``retain``: ids that a deletion leaves alone. ``login_password`` opens the nodes of pools that
    have no key pair; empty leaves them closed. ``choice``: the instance type of pools whose spec
    names none, which ``spec`` has by now.
    """

    spec: ClusterSpec
    version: str
    zones: tuple[ZonePlan, ...]
    fixed_tags: Mapping[str, str]
    retain: tuple[str, ...] = ()
    login_password: str = field(default="", repr=False)
    pod_zones: tuple[ZonePlan, ...] = ()
    choice: TypeChoice | None = None
    run_of: Callable[[], str] = str

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.spec.name

    @property
    def region(self) -> str:
        """The cluster's region."""
        return self.spec.region

    @property
    def run(self) -> str:
        """The run that makes what is missing; empty where nothing is made."""
        return self.run_of() or self.fixed_tags.get(RUN_TAG, "")

    @property
    def tags(self) -> Mapping[str, str]:
        """What is made carries these."""
        return {**self.fixed_tags, RUN_TAG: self.run} if self.run else self.fixed_tags

    @property
    def ours(self) -> dict[str, str]:
        """The tag that says a thing was made for this cluster, whichever run made it."""
        return {CLUSTER_TAG: self.name}

    def name_of(self, part: str) -> str:
        """The name of a made part: ``ackgpu-demo-vpc``."""
        return resource_name(self.name, part)

    def addons(self, vswitches: Sequence[VSwitch]) -> tuple[AddonRequest, ...]:
        """The addons to ask for, and those of ACK's own to leave out.

        Terway takes the pods' vSwitches by zone in its configuration (CS API reference, addons).
        """
        asked = [
            AddonRequest(addon.name, addon.config, addon.version, addon.disabled)
            for addon in self.spec.cluster.addons
        ]
        if self.spec.network.is_flannel:
            return (AddonRequest("flannel"), *asked)
        by_zone: dict[str, list[str]] = {}
        for vswitch in vswitches:
            by_zone.setdefault(vswitch.zone_id, []).append(vswitch.id)
        config = json.dumps({"PodVswitchId": by_zone})
        return (AddonRequest(self.spec.network.plugin, config), *asked)
