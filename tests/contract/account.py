"""What several contract tests make first."""

from __future__ import annotations

from ackgpu.clock import ManualClock
from ackgpu.cloud.api import AddonRequest, Cloud, ClusterRequest, NodePoolRequest

TYPE = "ecs.vgn5i-m2.xlarge"
OURS = {"ackgpu/cluster": "demo", "owner": "tests"}


def zone_with_stock(cloud: Cloud) -> str:
    """A zone that has the type and in which a NAT gateway can be."""
    nat = set(cloud.network.nat_zones())
    rows = cloud.compute.stock(TYPE)
    return next(row.zone_id for row in rows if row.available and row.zone_id in nat)


def network(cloud: Cloud, clock: ManualClock) -> tuple[str, str]:
    """A VPC and a vSwitch that are Available."""
    vpc = cloud.network.create_vpc(name="demo", cidr="192.168.0.0/16", tags=OURS, token="vpc-1")
    clock.advance(10)
    vswitch = cloud.network.create_vswitch(
        vpc_id=vpc,
        zone_id=zone_with_stock(cloud),
        name="demo-a",
        cidr="192.168.0.0/24",
        tags=OURS,
        token="vsw-1",
    )
    clock.advance(10)
    return vpc, vswitch


def gateway(cloud: Cloud, clock: ManualClock, vpc: str, vswitch: str) -> tuple[str, str]:
    """A NAT gateway with an EIP bound to it."""
    nat = cloud.network.create_nat_gateway(
        vpc_id=vpc, vswitch_id=vswitch, name="demo", tags=OURS, token="nat-1"
    )
    eip = cloud.network.allocate_eip(name="demo", bandwidth_mbps=100, tags=OURS, token="eip-1")
    clock.advance(180)
    cloud.network.associate_eip(eip_id=eip, nat_gateway_id=nat, token="bind-1")
    clock.advance(30)
    return nat, eip


def cluster(cloud: Cloud, clock: ManualClock, vpc: str, vswitch: str) -> str:
    """A cluster that is running."""
    request = ClusterRequest(
        name="demo",
        cluster_spec="ack.pro.small",
        version=cloud.containers.versions()[0].version,
        vpc_id=vpc,
        vswitch_ids=(vswitch,),
        security_group_id="",
        pod_cidr="172.20.0.0/16",
        node_cidr_mask=26,
        public_endpoint=True,
        ssh=False,
        deletion_protection=False,
        addons=(AddonRequest("flannel"),),
        tags=OURS,
        settings={"service_cidr": "172.21.0.0/20", "proxy_mode": "ipvs"},
    )
    found, _ = cloud.containers.create_cluster(request, token="cluster-1")
    clock.advance(20 * 60)
    return found


def pool_of(vswitch: str, *, desired: int = 2) -> NodePoolRequest:
    """A pool of vGPU nodes."""
    return NodePoolRequest(
        name="gpu",
        instance_types=(TYPE,),
        desired=desired,
        vswitch_ids=(vswitch,),
        disk_category="cloud_ssd",
        disk_size_gib=120,
        charge_type="PostPaid",
        labels={"team": "ml"},
        taints=(("gpu", "yes", "NoSchedule"),),
        tags=OURS,
        settings={"scaling_group.image_type": "AliyunLinux3ContainerOptimized"},
    )
