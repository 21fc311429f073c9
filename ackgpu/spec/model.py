"""What the user wants, as frozen records: the one model behind ``cluster.yaml`` and the flags.

Attributes are snake_case; in files and in the JSON Schema the same names are camelCase. An empty
string where an id could stand means that ackgpu makes the thing; an id means that it is *given*: it
is used and never changed or deleted. Amounts of memory and disks are in GiB, durations in seconds
(``3h`` in files), money in the account's currency an hour.

Only the shape is checked here; what fits together is in :mod:`ackgpu.spec.validate`. Beside
:mod:`ackgpu.spec.attributes` and the schema nothing imports pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ackgpu.spec import catalog, drivers
from ackgpu.spec.attributes import DOCUMENT, Many, OptionalText, Plugin, Seconds, VerifyLevel
from ackgpu.spec.fields import ChargeType, Driver, Edition, ImageType, MultiAzPolicy, OnFailure
from ackgpu.spec.findings import Misfit, MisfitError

API_VERSION = "ackgpu.dev/v1alpha1"
KIND = "GpuCluster"


def _to_camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


class _Record(BaseModel):
    """Frozen and strict; a key that it does not know is an error."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=_to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


class MetadataSpec(_Record):
    """Whose cluster it is. ``version`` is ``auto``, a minor (``1.34``) or ACK's full word.

    ``auto`` is the newest version that ACK creates in the region.
    """

    name: str = ""
    region: str = "cn-hangzhou"
    version: str = "auto"
    tags: dict[str, str] = {}


class LifecycleSpec(_Record):
    """How long it may take, live and cost. No part of what the cluster is."""

    ttl: Seconds | None = None
    on_failure: OnFailure = "keep"
    timeout: Seconds = 45 * 60
    max_hourly_price: float | None = None
    allow_unknown_price: bool = False
    deletion_protection: bool = False


class AddonSpec(_Record):
    """An ACK component besides the ones that ACK installs itself. ``config``: JSON text."""

    name: str
    version: OptionalText = ""
    config: OptionalText = ""
    disabled: bool = False


class ControlPlaneSpec(_Record):
    """The control plane. ``raw`` is merged last into the body of CreateCluster.

    ``ack.pro.small`` because Basic (``ack.standard``) holds 10 nodes.
    """

    type: Literal["ManagedKubernetes", "Kubernetes"] = "ManagedKubernetes"
    spec: Edition = "ack.pro.small"
    endpoint_public_access: bool = True
    service_cidr: str = "172.21.0.0/20"
    domain: str = "cluster.local"
    addons: Many[AddonSpec] = ()
    ssh: bool = False
    raw: dict[str, Any] = {}


class VpcSpec(_Record):
    """A given VPC, or the address range of the one to make."""

    id: OptionalText = ""
    cidr: str = "192.168.0.0/16"


class VSwitchSpec(_Record):
    """A given vSwitch, or the zone and range of one to make.

    Zone ``auto`` is chosen by stock. An empty ``cidr`` is cut from the VPC's range.
    """

    id: OptionalText = ""
    zone: str = "auto"
    cidr: OptionalText = ""


class EipSpec(_Record):
    """The NAT gateway's address: given, or made. ``bandwidth`` is its peak in Mbit/s."""

    create: bool = True
    id: OptionalText = ""
    bandwidth: int = 10


class NatSpec(_Record):
    """The nodes' way out. Without it they need another one: they pull images through it."""

    create: bool = True
    id: OptionalText = ""
    eip: EipSpec = EipSpec()


class NetworkSpec(_Record):
    """The network. ``node_cidr_mask`` cuts ``pod_cidr`` into the nodes' shares (Flannel only).

    With Terway pods take addresses of ``pod_vswitches``, or of ``vswitches`` where there are none.
    """

    plugin: Plugin = "flannel"
    pod_cidr: str = "172.20.0.0/16"
    node_cidr_mask: int = 26
    proxy_mode: Literal["iptables", "ipvs", "nftables"] = "ipvs"
    vpc: VpcSpec = VpcSpec()
    vswitches: Many[VSwitchSpec] = (VSwitchSpec(),)
    pod_vswitches: Many[VSwitchSpec] = ()
    nat: NatSpec = NatSpec()
    security_group_id: OptionalText = ""

    @property
    def is_flannel(self) -> bool:
        """Whether each node takes a share of the pod CIDR and a route entry."""
        return self.plugin == "flannel"


class AutoScalingSpec(_Record):
    """Bounds of a pool that scales itself. ``type`` cannot be changed after the pool is made."""

    enable: bool = False
    min: int = 0
    max: int = 0
    type: Literal["cpu", "gpu", "gpushare", "spot"] = "gpu"


class DiskSpec(_Record):
    """A disk of each node. An empty ``category`` is the best one that every type takes."""

    category: OptionalText = ""
    size: int = 120


class SpotSpec(_Record):
    """Preemptible nodes. ``price_limit`` is for one node; ``on_demand_base`` nodes are not spot."""

    strategy: Literal["NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"] = "NoSpot"
    price_limit: float | None = None
    on_demand_base: int = 0

    @property
    def enabled(self) -> bool:
        """Whether nodes are preemptible."""
        return self.strategy != "NoSpot"


class TaintSpec(_Record):
    """A taint of each node."""

    key: str
    value: OptionalText = ""
    effect: Literal["NoSchedule", "NoExecute", "PreferNoSchedule"] = "NoSchedule"


class RuntimeSpec(_Record):
    """The container runtime; an empty ``version`` is ACK's choice."""

    name: Literal["containerd", "docker"] = "containerd"
    version: OptionalText = ""


class AttachSpec(_Record):
    """Existing instances to take into the pool. ACK replaces their system disks."""

    instance_ids: Many[str] = ()
    keep_instance_name: bool = True
    format_disk: bool = False


class PoolGpuSpec(_Record):
    """Who installs the driver. ``oss_endpoint`` and ``runfile``: the bucket's, for ``runfile``."""

    driver: Driver = "auto"
    oss_endpoint: OptionalText = ""
    runfile: OptionalText = ""


class NodePoolSpec(_Record):
    """A node pool. ``instance_types`` are tried in their order; see ``types_open``.

    ``period`` (months) and ``auto_renew`` are for PrePaid. ``user_data`` is a plain script.
    ``license_server`` (``host:port``) comes before the one of ``gpu``. ``image_id`` is an image of
    one's own (``Custom``). ``raw`` is merged last into the body of CreateClusterNodePool.
    """

    name: str
    instance_types: Many[str] = ("ecs.vgn5i-m2.xlarge",)
    desired_size: int = 2
    auto_scaling: AutoScalingSpec = AutoScalingSpec()
    system_disk: DiskSpec = DiskSpec()
    data_disks: Many[DiskSpec] = ()
    charge_type: ChargeType = "PostPaid"
    period: int = 0
    auto_renew: bool = False
    spot: SpotSpec = SpotSpec()
    multi_az_policy: MultiAzPolicy = "BALANCE"
    image_type: ImageType = "auto"
    image_id: OptionalText = ""
    key_pair: OptionalText = ""
    labels: dict[str, str] = {}
    taints: Many[TaintSpec] = ()
    runtime: RuntimeSpec = RuntimeSpec()
    attach: AttachSpec = AttachSpec()
    user_data: OptionalText = ""
    license_server: OptionalText = ""
    gpu: PoolGpuSpec = PoolGpuSpec()
    raw: dict[str, Any] = {}

    @property
    def driver(self) -> str:
        """Who installs the driver, for the pool's types."""
        return drivers.driver_of(self.gpu.driver, self.instance_types)

    @property
    def types_open(self) -> bool:
        """Whether the choice of instance types is left to ackgpu."""
        return "instance_types" not in self.model_fields_set

    @property
    def disk_category(self) -> str:
        """The system disk's category: as given, or derived from the types; empty if none fits."""
        return self.system_disk.category or catalog.disk_category(self.instance_types)

    @property
    def node_count(self) -> int:
        """Nodes that the pool begins with, attached ones included."""
        return self.desired_size + len(self.attach.instance_ids)

    @property
    def most_nodes(self) -> int:
        """Nodes that the pool may come to have."""
        return max(self.node_count, self.auto_scaling.max if self.auto_scaling.enable else 0)


class ExpectSpec(_Record):
    """What a node's GPU labels must say. ``mem_mib``: ``2048``, or a bound such as ``>=1900``."""

    from_instance_table: bool = True
    name: OptionalText = ""
    count: int = 1
    mem_mib: Annotated[OptionalText, Field(alias="memMiB")] = ""


class SampleSpec(_Record):
    """The CUDA sample. Image ``auto`` is chosen by the driver that runs.

    It comes from ``registry``, or if that is empty from Docker Hub.
    """

    image: str = "auto"
    registry: OptionalText = ""
    timeout: Seconds = 10 * 60


class GpuSpec(_Record):
    """What the GPUs must be, and where vgn5i and vgn6i find their licence (``host:port``)."""

    expect: ExpectSpec = ExpectSpec()
    license_server: OptionalText = ""
    sample: SampleSpec = SampleSpec()


class VerifySpec(_Record):
    """How far to prove the cluster, and how many looks in a row must agree."""

    level: VerifyLevel = "allocatable"
    consecutive: int = 2


DEFAULT_POOL = NodePoolSpec(name="gpu")


class ClusterSpec(_Record):
    """A cluster and everything that is made for it."""

    api_version: Literal["ackgpu.dev/v1alpha1"] = "ackgpu.dev/v1alpha1"
    kind: Literal["GpuCluster"] = "GpuCluster"
    metadata: MetadataSpec = MetadataSpec()
    lifecycle: LifecycleSpec = LifecycleSpec()
    cluster: ControlPlaneSpec = ControlPlaneSpec()
    network: NetworkSpec = NetworkSpec()
    node_pools: Many[NodePoolSpec] = (DEFAULT_POOL,)
    gpu: GpuSpec = GpuSpec()
    verify: VerifySpec = VerifySpec()

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.metadata.name

    @property
    def region(self) -> str:
        """The region, ``cn-hangzhou``."""
        return self.metadata.region

    @property
    def node_count(self) -> int:
        """Nodes that the cluster begins with."""
        return sum(pool.node_count for pool in self.node_pools)

    @property
    def most_nodes(self) -> int:
        """Nodes that the cluster may come to have."""
        return sum(pool.most_nodes for pool in self.node_pools)

    @property
    def instance_types(self) -> tuple[str, ...]:
        """Every instance type that a pool names, once, in the order of the pools."""
        return tuple(dict.fromkeys(t for pool in self.node_pools for t in pool.instance_types))

    def license_server_of(self, pool: NodePoolSpec) -> str:
        """The licence server of ``pool``'s nodes; empty where there is none."""
        return pool.license_server or self.gpu.license_server


def parse(document: Mapping[str, Any]) -> ClusterSpec:
    """The spec that ``document``, with the camelCase keys of a file, describes.

    Raises :class:`MisfitError`. Rules are not applied.
    """
    try:
        return ClusterSpec.model_validate(document, context=DOCUMENT, by_alias=True, by_name=False)
    except ValidationError as refused:
        raise MisfitError(
            tuple(
                Misfit(
                    tuple(row["loc"]),
                    row["type"],
                    row["msg"].removeprefix("Value error, "),
                    row["input"],
                )
                for row in refused.errors(include_url=False)
            )
        ) from None


def document_of(record: _Record, *, defaults: bool = True) -> dict[str, Any]:
    """A spec or a part of it as files have it; without ``defaults`` only what was written down."""
    return record.model_dump(mode="json", by_alias=True, exclude_unset=not defaults)
