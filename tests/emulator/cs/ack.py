"""Container Service through its official SDK, with every answer's shape checked on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import alibabacloud_cs20151215.models as cs_models
import alibabacloud_ecs20140526.models as ecs_models
import alibabacloud_slb20140515.models as slb_models
import alibabacloud_vpc20160428.models as vpc_models
import pytest
from alibabacloud_cs20151215.client import Client
from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_slb20140515.client import Client as SlbClient
from alibabacloud_tea_openapi import models as open_api
from alibabacloud_vpc20160428.client import Client as VpcClient
from darabonba.runtime import RuntimeOptions

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.net.apis import Api
from tests.support.shapes import unknown_keys

REGION = "cn-hangzhou"
ZONE = "cn-hangzhou-k"
VGPU = "ecs.vgn5i-m2.xlarge"
CREATED = 365.0
"""Long enough for a cluster to run."""
GROWN = 300.0
"""Long enough for a pool and its GPUs."""


def without_nulls(value: Any) -> Any:
    """The JSON value without its null members, which the models drop."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


class Recording(Client):
    """The SDK's client, which keeps the last raw body."""

    body: Any = None

    def call_api(self, *args: Any, **kwargs: Any) -> Any:
        answer = super().call_api(*args, **kwargs)
        self.body = answer.get("body")
        return answer


class Ack:
    """One region's Container Service, and the products around it."""

    def __init__(self, emulator: Emulator, clock: ManualClock) -> None:
        self.clock, self.emulator = clock, emulator
        self.vpc = Api(VpcClient, vpc_models, emulator)
        self.slb = Api(SlbClient, slb_models, emulator)
        self.ecs = Api(EcsClient, ecs_models, emulator)
        self._client = Recording(
            open_api.Config(
                access_key_id=emulator.access_key_id,
                access_key_secret=emulator.access_key_secret,
                endpoint=emulator.endpoint.removeprefix("http://"),
                protocol="http",
                region_id=REGION,
            )
        )
        self._methods = {
            name.replace("_", ""): name for name in dir(self._client) if not name.startswith("_")
        }
        self.vpc_id = self.vswitch_id = ""

    def __call__(self, action: str, *path: str, **parameters: Any) -> Any:
        """Call an operation; its raw body."""
        request_cls = getattr(cs_models, f"{action}Request", None)
        given = [request_cls().from_map(parameters)] if request_cls else []
        getattr(self._client, self._methods[action.lower()])(*path, *given)
        self.check_shape(action, self._client.body)
        return self._client.body

    def check_shape(self, action: str, body: Any) -> None:
        """Every key of the answer is one that the SDK's model knows; null stands for absent."""
        model = getattr(cs_models, f"{action}ResponseBody", None)
        for row in body if isinstance(body, list) else [body]:
            if model is not None and isinstance(row, dict):
                assert unknown_keys(model, without_nulls(row)) == []

    def refusal(self, action: str, *path: str, **parameters: Any) -> tuple[str, int]:
        """The code and status with which an operation refuses."""
        error = self.error(action, *path, **parameters)
        return error.code, error.status_code

    def error(self, action: str, *path: str, **parameters: Any) -> Any:
        """The SDK's exception."""
        with pytest.raises(Exception) as caught:  # noqa: PT011 -- the SDK's classes differ
            self(action, *path, **parameters)
        return caught.value

    def raw(
        self,
        action: str,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """A request whose body the SDK's models do not touch: they add empty lists."""
        params = open_api.Params(
            action=action,
            version="2015-12-15",
            protocol="HTTP",
            pathname=path,
            method=method,
            auth_type="AK",
            style="ROA",
            req_body_type="json",
            body_type="json",
        )
        request = open_api.OpenApiRequest(body=body, query=dict(query or {}))
        return self._client.call_api(params, request, RuntimeOptions())["body"]

    def make_network(self, zone: str = ZONE, cidr: str = "192.168.0.0/16") -> None:
        """A VPC with one vSwitch, ready to use."""
        self.vpc_id = self.vpc("CreateVpc", CidrBlock=cidr)["VpcId"]
        self.clock.advance(5)
        self.vswitch_id = self.add_vswitch(zone, "192.168.0.0/20")

    def add_vswitch(self, zone: str, cidr: str) -> str:
        """Another vSwitch of the VPC."""
        made = self.vpc("CreateVSwitch", VpcId=self.vpc_id, ZoneId=zone, CidrBlock=cidr)
        self.clock.advance(5)
        return str(made["VSwitchId"])

    def cluster_request(self, **changes: Any) -> dict[str, Any]:
        """The body of a CreateCluster that works."""
        body = {
            "name": "demo",
            "cluster_type": "ManagedKubernetes",
            "cluster_spec": "ack.pro.small",
            "region_id": REGION,
            "vpcid": self.vpc_id,
            "vswitch_ids": [self.vswitch_id],
            "container_cidr": "172.20.0.0/16",
            "service_cidr": "172.21.0.0/20",
            "addons": [{"name": "flannel"}],
        }
        return {key: value for key, value in (body | changes).items() if value is not None}

    def ask_cluster(self, **changes: Any) -> tuple[str, str]:
        """Ask for a cluster: its id and the task's."""
        made = self("CreateCluster", **self.cluster_request(**changes))
        return made["cluster_id"], made["task_id"]

    def make_cluster(self, **changes: Any) -> str:
        """A cluster that runs."""
        cluster_id, _ = self.ask_cluster(**changes)
        self.clock.advance(CREATED)
        return cluster_id

    def pool_request(
        self, name: str = "gpu", nodes: int | None = 2, **group: Any
    ) -> dict[str, Any]:
        """The body of a CreateClusterNodePool that works."""
        settings = {
            "instance_types": [VGPU],
            "vswitch_ids": [self.vswitch_id],
            "system_disk_category": "cloud_ssd",
            "system_disk_size": 120,
        }
        if nodes is not None:
            settings["desired_size"] = nodes
        return {"nodepool_info": {"name": name}, "scaling_group": settings | group}

    def ask_pool(self, cluster_id: str, **options: Any) -> tuple[str, str]:
        """Ask for a pool: its id and the task's."""
        extra = options.pop("extra", {})
        made = self("CreateClusterNodePool", cluster_id, **self.pool_request(**options), **extra)
        return made["nodepool_id"], made["task_id"]

    def make_pool(self, cluster_id: str, **options: Any) -> str:
        """A pool whose nodes show their GPUs."""
        pool_id, _ = self.ask_pool(cluster_id, **options)
        self.clock.advance(GROWN)
        return pool_id

    def detail(self, cluster_id: str) -> dict[str, Any]:
        """DescribeClusterDetail."""
        return dict(self("DescribeClusterDetail", cluster_id))

    def pool(self, cluster_id: str, pool_id: str) -> dict[str, Any]:
        """DescribeClusterNodePoolDetail."""
        return dict(self("DescribeClusterNodePoolDetail", cluster_id, pool_id))

    def nodes(self, cluster_id: str, **query: Any) -> list[dict[str, Any]]:
        """One page of a hundred nodes."""
        page = self("DescribeClusterNodes", cluster_id, **({"pageSize": "100"} | query))
        return list(page["nodes"])

    def task(self, task_id: str) -> dict[str, Any]:
        """DescribeTaskInfo."""
        return dict(self("DescribeTaskInfo", task_id))

    def balancers(self) -> dict[str, dict[str, Any]]:
        """The VPC's load balancers by name."""
        found = self.slb("DescribeLoadBalancers", VpcId=self.vpc_id)
        return {row["LoadBalancerName"]: row for row in found["LoadBalancers"]["LoadBalancer"]}

    def instances(self) -> list[dict[str, Any]]:
        """The VPC's instances."""
        found = self.ecs("DescribeInstances", VpcId=self.vpc_id, PageSize=100)
        return list(found["Instances"]["Instance"])

    def node_docs(self, cluster_id: str) -> list[dict[str, Any]]:
        """The nodes as the Kubernetes side finds them."""
        with self.emulator.backend.transaction() as session:
            return [doc.body for doc in session.find("node", scope=cluster_id)]
