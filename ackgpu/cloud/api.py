"""What ackgpu asks of a cloud: protocols and frozen records. No SDK type passes this line.

Every call raises :mod:`ackgpu.errors` only: :class:`~ackgpu.errors.CloudError` and its children.
Creating calls take a client ``token`` where the cloud has one, and tags where it can set them in
the same call. Deleting what is not there is not an error. Lists are complete: the adapter pages.
A :class:`Cloud` speaks for one account in one region; :meth:`Cloud.in_region` gives the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

Tags = Mapping[str, str]


@dataclass(frozen=True)
class Identity:
    """Who the credentials are. ``kind``: Account, RAMUser or AssumedRoleUser.

    ``renewed`` is False for a security token that nothing replaces when it ends; ``expires`` is its
    end, where that is known.
    """

    account_id: str
    arn: str
    kind: str
    expires: datetime | None = None
    renewed: bool = True


@dataclass(frozen=True)
class Zone:
    """A zone of the region and the vSwitch-capable id that resources name."""

    id: str


@dataclass(frozen=True)
class Vpc:
    """A VPC. ``state``: Pending or Available."""

    id: str
    name: str
    cidr: str
    state: str
    tags: Tags
    route_table_id: str = ""


@dataclass(frozen=True)
class VSwitch:
    """A vSwitch. ``state``: Pending or Available. ``free_addresses``: IPv4 addresses left."""

    id: str
    name: str
    vpc_id: str
    zone_id: str
    cidr: str
    state: str
    tags: Tags
    free_addresses: int = 0


@dataclass(frozen=True)
class NatGateway:
    """An enhanced NAT gateway. ``state``: Creating, Available, Modifying, Deleting, Converting."""

    id: str
    name: str
    vpc_id: str
    vswitch_id: str
    state: str
    snat_table_id: str
    tags: Tags
    eip_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Eip:
    """An elastic IP. ``state``: Available, Associating, InUse, Unassociating, Releasing."""

    id: str
    name: str
    address: str
    state: str
    bound_to: str
    bandwidth_mbps: int
    tags: Tags


@dataclass(frozen=True)
class SnatEntry:
    """A SNAT entry: it carries no tags. ``state``: Pending, Available, Modifying, Deleting."""

    id: str
    table_id: str
    vswitch_id: str
    cidr: str
    address: str
    state: str
    name: str = ""


@dataclass(frozen=True)
class RouteEntry:
    """A custom entry of a VPC's route table."""

    id: str
    table_id: str
    cidr: str
    state: str
    next_hop: str


@dataclass(frozen=True)
class SecurityGroup:
    """A security group. ``service_managed``: owned by a cloud product, not to be touched."""

    id: str
    name: str
    vpc_id: str
    tags: Tags
    service_managed: bool = False


@dataclass(frozen=True)
class SecurityRule:
    """An ingress rule: protocol lower case, port range such as ``-1/-1``, source CIDR."""

    protocol: str
    port_range: str
    source_cidr: str


@dataclass(frozen=True)
class Instance:
    """An ECS instance. ``state``: Pending, Starting, Running, Stopping, Stopped."""

    id: str
    name: str
    type: str
    zone_id: str
    vpc_id: str
    vswitch_id: str
    state: str
    private_ip: str
    charge_type: str
    tags: Tags
    spot: bool = False


@dataclass(frozen=True)
class InstanceType:
    """An ECS instance type. Memory in GiB; ``gpu_memory_gib`` is the slice's, 0 without a GPU."""

    id: str
    family: str
    cpu: int
    memory_gib: float
    gpu_amount: int
    gpu_spec: str
    gpu_memory_gib: float


@dataclass(frozen=True)
class Stock:
    """Whether a zone has an instance type now.

    ``status``: ``WithStock``, ``ClosedWithStock`` (sold, not refilled), ``WithoutStock``,
    ``ClosedWithoutStock``.
    """

    zone_id: str
    instance_type: str
    status: str

    @property
    def available(self) -> bool:
        """Whether an instance can be had."""
        return self.status in {"WithStock", "ClosedWithStock"}


@dataclass(frozen=True)
class Price:
    """A price an hour in ``currency``. ``amount`` None is unknown, which is not free."""

    amount: float | None
    currency: str
    source: str


@dataclass(frozen=True)
class NodePrice:
    """What one node costs an hour: the instance, and all of its disks together."""

    instance: Price
    disks: Price


@dataclass(frozen=True)
class LoadBalancer:
    """A classic load balancer (CLB). ``address_type``: internet or intranet."""

    id: str
    name: str
    address: str
    address_type: str
    state: str
    vpc_id: str
    tags: Tags
    ports: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cluster:
    """An ACK cluster. ``state`` is the cloud's own word: initial, running, failed and so on.

    ``addons`` are the names of those that it has, ACK's own among them. ``balancer_id`` is the load
    balancer of the API server, the public one where there is one. Empty is also what was not told.
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
    node_cidr_mask: int = 0
    addons: tuple[str, ...] = ()
    balancer_id: str = ""
    timezone: str = ""
    cluster_domain: str = ""
    ip_stack: str = ""


@dataclass(frozen=True)
class Addon:
    """An addon that a cluster has. ``by_default``: ACK installs it in every such cluster.

    ``config`` is JSON text. It is read of those alone that are not there by default.
    """

    name: str
    version: str
    by_default: bool
    config: str = ""


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
    """What CreateCluster is asked for. Node pools are never made inside it (see NodePoolRequest).

    ``node_cidr_mask`` is the mask of each node's share of the pod CIDR (Flannel).
    """

    name: str
    cluster_spec: str
    version: str
    vpc_id: str
    vswitch_ids: tuple[str, ...]
    security_group_id: str
    service_cidr: str
    pod_cidr: str
    node_cidr_mask: int
    proxy_mode: str
    public_endpoint: bool
    ssh: bool
    deletion_protection: bool
    addons: tuple[AddonRequest, ...]
    tags: Tags
    cluster_type: str = "ManagedKubernetes"
    extra: Mapping[str, Any] = field(default_factory=dict)


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
    its types. An empty ``image_type``, ``runtime`` or ``multi_az_policy`` was not told.
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
    scaling_group_id: str = ""
    vswitch_ids: tuple[str, ...] = ()
    auto_scaling: AutoScaling = AutoScaling()
    charge_type: str = "PostPaid"
    spot_strategy: str = "NoSpot"
    key_pair: str = ""
    disks: tuple[tuple[str, int], ...] = ()
    image_type: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[tuple[str, str, str], ...] = ()
    runtime: str = ""
    runtime_version: str = ""
    user_data: str = ""
    multi_az_policy: str = ""
    period: int = 0
    auto_renew: bool = False
    spot_price_limit: float | None = None
    on_demand_base: int = 0


@dataclass(frozen=True)
class NodePoolRequest:
    """What CreateClusterNodePool is asked for.

    Labels and taints reach the Kubernetes nodes, tags the ECS instances. ``spot_price_limit`` is
    an hour's price, ``on_demand_base`` how many of the nodes are not spot. ``period`` (months) only
    for PrePaid. ``data_disks``: category and GiB of each. ``user_data`` is base64. Instances are
    entered with ``key_pair`` or ``login_password``, which is shown nowhere.
    """

    name: str
    instance_types: tuple[str, ...]
    desired: int
    vswitch_ids: tuple[str, ...]
    disk_category: str
    disk_size_gib: int
    image_type: str
    charge_type: str
    labels: Mapping[str, str]
    taints: tuple[tuple[str, str, str], ...]
    tags: Tags
    key_pair: str = ""
    period: int = 0
    auto_renew: bool = False
    spot: bool = False
    spot_price_limit: float | None = None
    security_group_ids: tuple[str, ...] = ()
    multi_az_policy: str = "BALANCE"
    runtime: str = "containerd"
    user_data: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    on_demand_base: int = 0
    data_disks: tuple[tuple[str, int], ...] = ()
    runtime_version: str = ""
    login_password: str = field(default="", repr=False)


@dataclass(frozen=True)
class AttachRequest:
    """What AttachInstancesToNodePool is asked for: the system disks are replaced.

    ``format_disk``: data disks are formatted too, and hold containers. ``password`` is for pools
    that are entered by password.
    """

    instance_ids: tuple[str, ...]
    keep_instance_name: bool = True
    format_disk: bool = False
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class ClusterCheck:
    """A check before an upgrade. ``state``: running, succeeded, failed; ``problems`` in words."""

    id: str
    state: str
    message: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClusterNode:
    """A node as ACK's API lists it. ``error``: why it did not join, where it didn't."""

    name: str
    instance_id: str
    instance_type: str
    state: str
    node_status: str
    node_pool_id: str
    private_ip: str
    error: str = ""


@dataclass(frozen=True)
class Stage:
    """A stage of a task and how it stands."""

    message: str
    state: str
    started: str = ""
    ended: str = ""


@dataclass(frozen=True)
class Task:
    """An asynchronous ACK task. ``state``: running, success, fail, failed, paused, canceled."""

    id: str
    kind: str
    state: str
    current_stage: str
    stages: tuple[Stage, ...]
    error_code: str = ""
    error_message: str = ""
    events: tuple[str, ...] = ()


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
class DeleteOptions:
    """What DeleteCluster does with what ACK made: ids to keep, and explicit modes by type.

    ``modes``: SLB, ALB, SLS_Data, SLS_ControlPlane, PrivateZone → delete or retain. The API retains
    all but SLB unless told otherwise.
    """

    retain: tuple[str, ...] = ()
    modes: Mapping[str, Literal["delete", "retain"]] = field(default_factory=dict)


class IdentityApi(Protocol):
    """STS."""

    def whoami(self) -> Identity:
        """Whose credentials these are; raises Unauthenticated where the gateway refuses them."""


class NetworkApi(Protocol):
    """VPC, vSwitch, NAT gateway, EIP, SNAT, routes."""

    def vpcs(self, *, tags: Tags | None = None, ids: Sequence[str] = ()) -> list[Vpc]: ...
    def create_vpc(self, *, name: str, cidr: str, tags: Tags, token: str) -> str: ...
    def delete_vpc(self, vpc_id: str) -> None: ...

    def vswitches(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[VSwitch]: ...
    def create_vswitch(  # noqa: PLR0913
        self, *, vpc_id: str, zone_id: str, name: str, cidr: str, tags: Tags, token: str
    ) -> str: ...
    def delete_vswitch(self, vswitch_id: str) -> None: ...

    def nat_gateways(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[NatGateway]: ...
    def create_nat_gateway(
        self, *, vpc_id: str, vswitch_id: str, name: str, tags: Tags, token: str
    ) -> str: ...
    def delete_nat_gateway(self, nat_gateway_id: str) -> None: ...
    def nat_zones(self) -> list[str]:
        """Zones in which an enhanced NAT gateway can be made."""

    def eips(self, *, tags: Tags | None = None, ids: Sequence[str] = ()) -> list[Eip]: ...
    def allocate_eip(self, *, name: str, bandwidth_mbps: int, tags: Tags, token: str) -> str: ...
    def associate_eip(self, *, eip_id: str, nat_gateway_id: str, token: str) -> None: ...
    def unassociate_eip(self, *, eip_id: str, nat_gateway_id: str) -> None: ...
    def release_eip(self, eip_id: str) -> None: ...

    def snat_entries(self, *, table_id: str) -> list[SnatEntry]: ...
    def create_snat_entry(
        self, *, table_id: str, vswitch_id: str, address: str, name: str, token: str
    ) -> str: ...
    def delete_snat_entry(self, *, table_id: str, entry_id: str) -> None: ...

    def route_entries(self, *, table_id: str) -> list[RouteEntry]: ...
    def tag(self, *, resource_type: str, ids: Sequence[str], tags: Tags) -> None: ...


class ComputeApi(Protocol):
    """ECS: security groups, instances, types, stock, prices."""

    def regions(self) -> list[str]: ...
    def zones(self) -> list[Zone]: ...
    def security_groups(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[SecurityGroup]: ...
    def create_security_group(self, *, vpc_id: str, name: str, tags: Tags, token: str) -> str: ...
    def security_rules(self, security_group_id: str) -> list[SecurityRule]: ...
    def authorize(self, security_group_id: str, rule: SecurityRule, *, token: str) -> None: ...
    def delete_security_group(self, security_group_id: str) -> None: ...
    def instances(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[Instance]: ...
    def delete_instance(self, instance_id: str) -> None: ...
    def subscribe(self, instance_ids: Sequence[str], *, months: int, token: str) -> str:
        """Change up to 20 pay-as-you-go instances and their data disks to a subscription.

        It is paid at once. The order's id.
        """

    def tag(self, *, resource_type: str, ids: Sequence[str], tags: Tags) -> None: ...
    def instance_types(self, ids: Sequence[str]) -> list[InstanceType]: ...
    def stock(self, instance_type: str) -> list[Stock]:
        """Every zone of the region that sells the type, and whether it has it now."""

    def price(
        self,
        *,
        instance_type: str,
        zone_id: str,
        disks: Sequence[tuple[str, int]],
        spot: bool = False,
    ) -> NodePrice:
        """An hour of a node. ``disks``: category and GiB of each, the system disk first."""

    def subscription_price(
        self, *, instance_type: str, zone_id: str, disks: Sequence[tuple[str, int]], months: int
    ) -> Price:
        """What ``months`` of a node cost, its disks included; not an hour's price."""

    def key_pairs(self, name: str) -> list[str]: ...
    def account_attributes(self, names: Sequence[str]) -> Mapping[str, str]: ...


class BalancerApi(Protocol):
    """Classic load balancers."""

    def load_balancers(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[LoadBalancer]: ...
    def pay_as_you_go_count(self) -> int:
        """How many pay-as-you-go load balancers the region has."""

    def delete_load_balancer(self, load_balancer_id: str) -> None: ...


class ContainerApi(Protocol):
    """ACK ("CS")."""

    def clusters(self, *, name: str = "", region: str | None = None) -> list[Cluster]:
        """Clusters whose name is exactly ``name`` (all where empty), of ``region`` or of all."""

    def cluster(self, cluster_id: str) -> Cluster | None:
        """The cluster, or None where there is none."""

    def create_cluster(self, request: ClusterRequest, *, token: str) -> tuple[str, str]:
        """Ask for a cluster; its id and the task's."""

    def delete_cluster(self, cluster_id: str, options: DeleteOptions) -> str:
        """Ask that it goes; the task's id, empty where there was nothing to delete."""

    def node_pools(self, cluster_id: str) -> list[NodePool]: ...
    def create_node_pool(self, cluster_id: str, request: NodePoolRequest) -> tuple[str, str]: ...
    def delete_node_pool(self, cluster_id: str, node_pool_id: str) -> str: ...
    def set_desired_size(self, cluster_id: str, node_pool_id: str, nodes: int) -> str:
        """Set the pool's absolute size: a replay changes nothing."""

    def set_auto_scaling(self, cluster_id: str, node_pool_id: str, bounds: AutoScaling) -> str:
        """Let the pool scale itself within bounds, or not any more; the task's id."""

    def attach_instances(self, cluster_id: str, node_pool_id: str, request: AttachRequest) -> str:
        """Ask that instances join the pool; the task's id."""

    def attach_script(
        self, cluster_id: str, node_pool_id: str, *, keep_instance_name: bool, format_disk: bool
    ) -> str:
        """The command line that makes the host it runs on a node of the pool; it holds a token."""

    def begin_check(self, cluster_id: str, kind: str) -> str:
        """Begin a check such as ClusterUpgrade; its id."""

    def check(self, cluster_id: str, check_id: str) -> ClusterCheck | None: ...
    def upgrades(self, version: str) -> list[str]:
        """The versions that a managed cluster of ``version`` can be upgraded to, newest first."""

    def upgrade_cluster(self, cluster_id: str, version: str) -> str:
        """Ask for the control plane's upgrade; the task's id."""

    def upgrade_node_pool(self, cluster_id: str, node_pool_id: str, version: str) -> str:
        """Ask that a pool's nodes are upgraded, in place; the task's id."""

    def nodes(self, cluster_id: str, *, node_pool_id: str = "") -> list[ClusterNode]: ...
    def task(self, task_id: str) -> Task | None: ...
    def tasks(self, cluster_id: str) -> list[Task]:
        """The cluster's tasks, newest first, without their stages."""

    def events(self, cluster_id: str) -> list[ClusterEvent]: ...
    def resources(self, cluster_id: str) -> list[ClusterResource]: ...
    def addons(self, cluster_id: str) -> list[Addon]: ...
    def kubeconfig(self, cluster_id: str, *, private: bool, minutes: int | None) -> str:
        """The kubeconfig as YAML text; ``minutes`` limits its certificate's life (15 to 4320)."""

    def versions(self) -> list[KubernetesVersion]:
        """Kubernetes versions that a managed cluster can be created with, newest first."""

    def user_quota(self) -> Mapping[str, int]:
        """ACK's own view of the account's limits, by the API's names."""

    def missing_roles(self, names: Sequence[str]) -> list[str]:
        """Which of the service roles are not granted."""

    def set_tags(self, cluster_id: str, tags: Tags) -> None: ...


@dataclass(frozen=True)
class Quota:
    """A row of Quota Center. ``used`` None where the service does not count it.

    ``regional``: it says that it holds for the region that was asked.
    """

    product: str
    action_code: str
    name: str
    description: str
    limit: float
    used: float | None
    adjustable: bool
    regional: bool = False


class QuotaApi(Protocol):
    """Quota Center."""

    def quotas(self, product: str) -> list[Quota]: ...


class Cloud(Protocol):
    """One account in one region. Each property is built when it is first used."""

    @property
    def region(self) -> str: ...
    @property
    def emulated(self) -> bool:
        """Whether every endpoint is on loopback."""

    @property
    def identity(self) -> IdentityApi: ...
    @property
    def network(self) -> NetworkApi: ...
    @property
    def compute(self) -> ComputeApi: ...
    @property
    def balancers(self) -> BalancerApi: ...
    @property
    def containers(self) -> ContainerApi: ...
    @property
    def quota_center(self) -> QuotaApi: ...

    def in_region(self, region: str) -> Cloud:
        """The same account in another region; connections are shared."""


@dataclass(frozen=True)
class KubeNode:
    """A Kubernetes node, reduced to what verification reads.

    ``instance_id`` is the ECS instance behind it (``spec.providerID``).
    """

    name: str
    ready: bool
    labels: Mapping[str, str]
    capacity: Mapping[str, str]
    allocatable: Mapping[str, str]
    version: str
    unschedulable: bool = False
    not_ready_reason: str = ""
    instance_id: str = ""


@dataclass(frozen=True)
class KubePod:
    """A pod. ``phase``: Pending, Running, Succeeded, Failed or Unknown.

    ``reason`` and ``message`` say why it is not ready, in the words of the scheduler, the kubelet
    or the container runtime (``Unschedulable``, ``ImagePullBackOff``, ``CrashLoopBackOff``).
    """

    name: str
    namespace: str
    node: str
    phase: str
    ready: bool
    labels: Mapping[str, str]
    reason: str = ""
    message: str = ""
    terminating: bool = False


@dataclass(frozen=True)
class Executed:
    """What a command in a container gave; ``code`` 127 also where there is no such program."""

    output: str
    errors: str
    code: int


@dataclass(frozen=True)
class ExecOrder:
    """How a command is run: its input, the real seconds it may take, who hears its output.

    ``hear`` is told each piece of what the command prints, as it arrives.
    """

    stdin: bytes | None = None
    seconds: float = 60.0
    hear: Callable[[str], None] | None = None


class KubeApi(Protocol):
    """The Kubernetes API of one cluster."""

    def nodes(self) -> list[KubeNode]:
        """Every node, read in pages; restarted from the beginning on an expired continue token."""

    def version(self) -> str:
        """The server's version, as ``/version`` says it."""

    def pods(self, namespace: str, selector: str) -> list[KubePod]:
        """The pods of a namespace with the labels of ``selector``."""

    def labels_of(self, manifest: Mapping[str, Any]) -> Mapping[str, str] | None:
        """The labels of the object of that kind and name, or None where there is none."""

    def apply(self, manifest: Mapping[str, Any]) -> None:
        """Apply an object on the server's side, as the field manager ``ackgpu``."""

    def delete(self, manifest: Mapping[str, Any]) -> None:
        """Delete an object and what it owns, in the background; nothing where there is none."""

    def delete_pod(self, pod: KubePod, *, grace_seconds: int) -> None:
        """Delete a pod, whose processes get so long to end; nothing where there is none."""

    def execute(
        self, pod: KubePod, command: Sequence[str], order: ExecOrder | None = None
    ) -> Executed:
        """Run a command in the pod's only container.

        Raises TimedOut where it takes longer than it may.
        """


class KubeConnect(Protocol):
    """Connects to the cluster that a kubeconfig names."""

    def __call__(self, kubeconfig: str, *, context: str | None = None) -> KubeApi: ...


@dataclass(frozen=True)
class KubeconfigEntry:
    """A context of a kubeconfig file.

    ``cluster_id`` is the ACK cluster that ackgpu wrote it for, empty where ackgpu did not write it.
    ``text`` is a kubeconfig with this context alone, and it the current one.
    """

    cluster_id: str
    server: str
    text: str


class KubeconfigFile(Protocol):
    """The user's kubeconfig, changed as kubectl changes it: locked, atomically, mode 0600.

    Raises :class:`~ackgpu.errors.LocalError` where it cannot be read or written.
    """

    @property
    def path(self) -> str:
        """The file that is written."""

    def entry(self, context: str) -> KubeconfigEntry | None:
        """The context of that name, or None."""

    def merge(self, text: str, *, context: str, cluster_id: str, set_current: bool) -> None:
        """Take the only context of ``text`` over under the name ``context``.

        An entry of that name is replaced. ``current-context`` changes only with ``set_current``.
        """

    def remove(self, context: str) -> None:
        """Remove the context with its cluster and user; nothing where there is none."""

    def check_writable(self) -> None:
        """Raise LocalError now where :meth:`merge` would."""
