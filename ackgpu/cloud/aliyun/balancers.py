"""SLB: classic load balancers, the ones that ACK makes and the ones that Services leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ackgpu.cloud.aliyun.calls import Calls
from ackgpu.cloud.aliyun.errors import missing
from ackgpu.cloud.aliyun.pages import chunks
from ackgpu.cloud.aliyun.rows import listed, number, tags_of
from ackgpu.cloud.aliyun.shared_reads import A_LOOK, shared_for
from ackgpu.cloud.api import LoadBalancer, Tags
from ackgpu.errors import DeletionProtected, ResourceNotFound

_LIST = "DescribeLoadBalancers"
_PAGE = 100
_IDS = 10


class AliyunBalancers:
    """:class:`~ackgpu.cloud.api.BalancerApi` over SLB 2014-05-15."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._region = calls.region

    @shared_for(A_LOOK)
    def load_balancers(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[LoadBalancer]:
        rows: list[Any] = []
        for some in chunks(ids, _IDS):
            rows += self._calls.numbered(
                _LIST,
                rows="load_balancers.load_balancer",
                key="load_balancer_id",
                size=_PAGE,
                region_id=self._region,
                load_balancer_id=",".join(some) if some else None,
                vpc_id=vpc_id or None,
                tag=self._calls.tags(_LIST, tags),
            )
        return [_load_balancer(row) for row in rows]

    def listener_ports(self, load_balancer_id: str) -> tuple[int, ...]:
        """The ports of its listeners, which no list has."""
        try:
            body = self._calls.read(
                "DescribeLoadBalancerAttribute",
                region_id=self._region,
                load_balancer_id=load_balancer_id,
            )
        except ResourceNotFound:
            return ()
        return tuple(number(port) for port in listed(body.listener_ports, "listener_port"))

    def pay_as_you_go_count(self) -> int:
        """How many pay-as-you-go load balancers the region has: the total of a page of one."""
        first = {"page_number": 1, "page_size": 1}
        body = self._calls.read(_LIST, region_id=self._region, pay_type="PayOnDemand", **first)
        if body.total_count is None:
            raise missing(_LIST, "its TotalCount", body.request_id)
        return number(body.total_count)

    def delete_load_balancer(self, load_balancer_id: str) -> None:
        """Delete it with its listeners.

        Its deletion protection is turned off where it is on: the cloud controller manager sets it
        on every load balancer that it makes, and is gone with its cluster.
        """
        try:
            self._delete(load_balancer_id)
        except DeletionProtected:
            self._calls.write(
                "SetLoadBalancerDeleteProtection",
                idempotent=True,
                region_id=self._region,
                load_balancer_id=load_balancer_id,
                delete_protection="off",
            )
            self._delete(load_balancer_id)

    def _delete(self, load_balancer_id: str) -> None:
        self._calls.remove(
            "DeleteLoadBalancer", region_id=self._region, load_balancer_id=load_balancer_id
        )


def _load_balancer(row: Any) -> LoadBalancer:
    return LoadBalancer(
        id=row.load_balancer_id,
        name=row.load_balancer_name or "",
        address=row.address or "",
        address_type=row.address_type or "",
        state=row.load_balancer_status or "",
        vpc_id=row.vpc_id or "",
        tags=tags_of(listed(row.tags, "tag")),
        vswitch_id=row.v_switch_id or "",
    )
