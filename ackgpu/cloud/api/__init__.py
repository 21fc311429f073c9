"""What ackgpu asks of a cloud: protocols and frozen records. No SDK type passes this line.

Every call raises :mod:`ackgpu.errors` only: :class:`~ackgpu.errors.CloudError` and its children.
Creating calls take a client ``token`` where the cloud has one, and tags where it can set them in
the same call. Deleting what is not there is not an error. Lists are complete: the adapter pages.
A :class:`Cloud` speaks for one account in one region; :meth:`Cloud.in_region` gives the others.
"""

from __future__ import annotations

from ackgpu.cloud.api.account import Cloud
from ackgpu.cloud.api.balancers import (
    BalancerApi,
    LoadBalancer,
    ZonalBalancer,
    ZonalBalancerApi,
)
from ackgpu.cloud.api.clusters import (
    TASK_FAILED,
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
    Stage,
    Task,
)
from ackgpu.cloud.api.compute import (
    ComputeApi,
    Disk,
    Instance,
    InstanceType,
    NetworkInterface,
    NodePrice,
    Price,
    SecurityGroup,
    SecurityRule,
    SecurityRules,
    Stock,
)
from ackgpu.cloud.api.containers import ContainerApi
from ackgpu.cloud.api.identity import Identity, IdentityApi
from ackgpu.cloud.api.kubernetes import (
    ClientCertificate,
    DeploymentState,
    ExecOrder,
    Executed,
    KubeApi,
    KubeconfigEntry,
    KubeconfigFile,
    KubeConnect,
    KubeEvent,
    KubeNode,
    KubePod,
)
from ackgpu.cloud.api.network import (
    Eip,
    NatGateway,
    NetworkApi,
    RouteEntry,
    RouteTable,
    SnatEntry,
    Vpc,
    VSwitch,
)
from ackgpu.cloud.api.node_pools import AttachRequest, AutoScaling, NodePool, NodePoolRequest
from ackgpu.cloud.api.quotas import Quota, QuotaApi
from ackgpu.cloud.api.scaling_groups import ScalingActivity, ScalingApi
from ackgpu.cloud.api.tags import Tags

__all__ = [
    "TASK_FAILED",
    "Addon",
    "AddonRequest",
    "AttachRequest",
    "AutoScaling",
    "BalancerApi",
    "ClientCertificate",
    "Cloud",
    "Cluster",
    "ClusterCheck",
    "ClusterEvent",
    "ClusterNode",
    "ClusterRequest",
    "ClusterResource",
    "ComputeApi",
    "ContainerApi",
    "DeleteClusterOptions",
    "DeploymentState",
    "Disk",
    "Eip",
    "ExecOrder",
    "Executed",
    "Identity",
    "IdentityApi",
    "Instance",
    "InstanceType",
    "KubeApi",
    "KubeConnect",
    "KubeEvent",
    "KubeNode",
    "KubePod",
    "KubeconfigEntry",
    "KubeconfigFile",
    "KubernetesVersion",
    "LoadBalancer",
    "NatGateway",
    "NetworkApi",
    "NetworkInterface",
    "NodePool",
    "NodePoolRequest",
    "NodePrice",
    "Price",
    "Quota",
    "QuotaApi",
    "RouteEntry",
    "RouteTable",
    "ScalingActivity",
    "ScalingApi",
    "SecurityGroup",
    "SecurityRule",
    "SecurityRules",
    "SnatEntry",
    "Stage",
    "Stock",
    "Tags",
    "Task",
    "VSwitch",
    "Vpc",
    "ZonalBalancer",
    "ZonalBalancerApi",
]
