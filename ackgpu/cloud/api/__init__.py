"""What ackgpu asks of a cloud: protocols and frozen records. No SDK type passes this line.

Every call raises :mod:`ackgpu.errors` only: :class:`~ackgpu.errors.CloudError` and its children.
Creating calls take a client ``token`` where the cloud has one, and tags where it can set them in
the same call. Deleting what is not there is not an error. Lists are complete: the adapter pages.
A :class:`Cloud` speaks for one account in one region; :meth:`Cloud.in_region` gives the others.
"""

from __future__ import annotations

from ackgpu.cloud.api.account import Cloud as Cloud
from ackgpu.cloud.api.balancers import BalancerApi as BalancerApi
from ackgpu.cloud.api.balancers import LoadBalancer as LoadBalancer
from ackgpu.cloud.api.balancers import ZonalBalancer as ZonalBalancer
from ackgpu.cloud.api.balancers import ZonalBalancerApi as ZonalBalancerApi
from ackgpu.cloud.api.clusters import TASK_FAILED as TASK_FAILED
from ackgpu.cloud.api.clusters import Addon as Addon
from ackgpu.cloud.api.clusters import AddonRequest as AddonRequest
from ackgpu.cloud.api.clusters import Cluster as Cluster
from ackgpu.cloud.api.clusters import ClusterCheck as ClusterCheck
from ackgpu.cloud.api.clusters import ClusterEvent as ClusterEvent
from ackgpu.cloud.api.clusters import ClusterNode as ClusterNode
from ackgpu.cloud.api.clusters import ClusterRequest as ClusterRequest
from ackgpu.cloud.api.clusters import ClusterResource as ClusterResource
from ackgpu.cloud.api.clusters import DeleteClusterOptions as DeleteClusterOptions
from ackgpu.cloud.api.clusters import KubernetesVersion as KubernetesVersion
from ackgpu.cloud.api.clusters import Stage as Stage
from ackgpu.cloud.api.clusters import Task as Task
from ackgpu.cloud.api.compute import ComputeApi as ComputeApi
from ackgpu.cloud.api.compute import Disk as Disk
from ackgpu.cloud.api.compute import Instance as Instance
from ackgpu.cloud.api.compute import InstanceType as InstanceType
from ackgpu.cloud.api.compute import NetworkInterface as NetworkInterface
from ackgpu.cloud.api.compute import NodePrice as NodePrice
from ackgpu.cloud.api.compute import Price as Price
from ackgpu.cloud.api.compute import SecurityGroup as SecurityGroup
from ackgpu.cloud.api.compute import SecurityRule as SecurityRule
from ackgpu.cloud.api.compute import SecurityRules as SecurityRules
from ackgpu.cloud.api.compute import Stock as Stock
from ackgpu.cloud.api.containers import ContainerApi as ContainerApi
from ackgpu.cloud.api.identity import Identity as Identity
from ackgpu.cloud.api.identity import IdentityApi as IdentityApi
from ackgpu.cloud.api.kubernetes import ClientCertificate as ClientCertificate
from ackgpu.cloud.api.kubernetes import DeploymentState as DeploymentState
from ackgpu.cloud.api.kubernetes import ExecOrder as ExecOrder
from ackgpu.cloud.api.kubernetes import Executed as Executed
from ackgpu.cloud.api.kubernetes import KubeApi as KubeApi
from ackgpu.cloud.api.kubernetes import KubeconfigEntry as KubeconfigEntry
from ackgpu.cloud.api.kubernetes import KubeconfigFile as KubeconfigFile
from ackgpu.cloud.api.kubernetes import KubeConnect as KubeConnect
from ackgpu.cloud.api.kubernetes import KubeEvent as KubeEvent
from ackgpu.cloud.api.kubernetes import KubeNode as KubeNode
from ackgpu.cloud.api.kubernetes import KubePod as KubePod
from ackgpu.cloud.api.network import Eip as Eip
from ackgpu.cloud.api.network import NatGateway as NatGateway
from ackgpu.cloud.api.network import NetworkApi as NetworkApi
from ackgpu.cloud.api.network import RouteEntry as RouteEntry
from ackgpu.cloud.api.network import RouteTable as RouteTable
from ackgpu.cloud.api.network import SnatEntry as SnatEntry
from ackgpu.cloud.api.network import Vpc as Vpc
from ackgpu.cloud.api.network import VSwitch as VSwitch
from ackgpu.cloud.api.node_pools import AttachRequest as AttachRequest
from ackgpu.cloud.api.node_pools import AutoScaling as AutoScaling
from ackgpu.cloud.api.node_pools import NodePool as NodePool
from ackgpu.cloud.api.node_pools import NodePoolRequest as NodePoolRequest
from ackgpu.cloud.api.quotas import Quota as Quota
from ackgpu.cloud.api.quotas import QuotaApi as QuotaApi
from ackgpu.cloud.api.scaling_groups import ScalingActivity as ScalingActivity
from ackgpu.cloud.api.scaling_groups import ScalingApi as ScalingApi
from ackgpu.cloud.api.tags import Tags as Tags
