"""NLB 2022-04-30 and ALB 2020-06-16: load balancers that Services and Ingresses make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ackgpu.cloud.aliyun.calls import Calls
from ackgpu.cloud.aliyun.pages import chunks
from ackgpu.cloud.aliyun.rows import tags_of, texts
from ackgpu.cloud.aliyun.shared_reads import A_LOOK, shared_for
from ackgpu.cloud.api import Tags, ZonalBalancer
from ackgpu.errors import DeletionProtected

_LIST = "ListLoadBalancers"
_PAGE = 100
_IDS = 20
Unprotect = Callable[[Calls, str], None]


def unprotect_nlb(calls: Calls, balancer_id: str) -> None:
    """Switch an NLB's deletion protection off."""
    calls.write(
        "UpdateLoadBalancerProtection",
        idempotent=True,
        load_balancer_id=balancer_id,
        deletion_protection_enabled=False,
    )


def unprotect_alb(calls: Calls, balancer_id: str) -> None:
    """Switch an ALB's deletion protection off."""
    calls.write("DisableDeletionProtection", idempotent=True, resource_id=balancer_id)


class AliyunZonalBalancers:
    """:class:`~ackgpu.cloud.api.ZonalBalancerApi` over one of the two products."""

    def __init__(self, calls: Calls, unprotect: Unprotect) -> None:
        self._calls = calls
        self._unprotect = unprotect

    @shared_for(A_LOOK)
    def load_balancers(
        self, *, vpc_id: str = "", tags: Tags | None = None, ids: Sequence[str] = ()
    ) -> list[ZonalBalancer]:
        rows: list[Any] = []
        for some in chunks(ids, _IDS):
            rows += self._calls.tokened(
                _LIST,
                rows="load_balancers",
                key="load_balancer_id",
                size=_PAGE,
                load_balancer_ids=list(some) if some else None,
                vpc_ids=[vpc_id] if vpc_id else None,
                tag=self._calls.tags(_LIST, tags),
            )
        return [_balancer(row) for row in rows]

    def delete_load_balancer(self, load_balancer_id: str) -> None:
        """Delete it.

        Its protection is switched off if it is on: the controller that sets it is gone with its
        cluster.
        """
        try:
            self._delete(load_balancer_id)
        except DeletionProtected:
            self._unprotect(self._calls, load_balancer_id)
            self._delete(load_balancer_id)

    def _delete(self, load_balancer_id: str) -> None:
        self._calls.remove("DeleteLoadBalancer", load_balancer_id=load_balancer_id)


def _balancer(row: Any) -> ZonalBalancer:
    return ZonalBalancer(
        id=row.load_balancer_id,
        name=row.load_balancer_name or "",
        address=row.dnsname or "",
        state=row.load_balancer_status or "",
        vpc_id=row.vpc_id or "",
        tags=tags_of(row.tags),
        vswitch_ids=texts(zone.v_switch_id for zone in getattr(row, "zone_mappings", None) or ()),
    )
