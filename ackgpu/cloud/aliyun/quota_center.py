"""Quota Center: the account's limits and what is used of them."""

from __future__ import annotations

from typing import Any

from ackgpu.cloud.aliyun.calls import Calls
from ackgpu.cloud.aliyun.pages import by_token
from ackgpu.cloud.aliyun.rows import amount
from ackgpu.cloud.api import Quota

_PAGE = 100
_REGIONAL = frozenset({"ecs", "ecs-spec", "ess"})


class AliyunQuotaCenter:
    """:class:`~ackgpu.cloud.api.QuotaApi` over Quotas 2020-05-10."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def quotas(self, product: str) -> list[Quota]:
        """Every quota of a product code, such as ``csk``, ``vpc`` or ``ecs-spec``.

        Without its region as a dimension ``ecs`` answers for cn-hangzhou (third-party note).
        """
        action = "ListProductQuotas"

        def fetch(token: str | None) -> tuple[list[Any] | None, str | None]:
            body = self._calls.read_limit(
                action,
                product_code=product,
                dimensions=self._dimensions(product),
                max_results=_PAGE,
                next_token=token,
            )
            return body.quotas, body.next_token

        return [_quota(row, self._calls.region) for row in by_token(action, fetch)]

    def _dimensions(self, product: str) -> list[Any] | None:
        if product not in _REGIONAL:
            return None
        name = "ListProductQuotasRequestDimensions"
        return [self._calls.model(name, key="regionId", value=self._calls.region)]


def _quota(row: Any, region: str) -> Quota:
    counted = row.consumable is not False
    return Quota(
        action_code=row.quota_action_code or "",
        name=row.quota_name or "",
        limit=amount(row.total_quota) or 0.0,
        used=amount(row.total_usage) if counted else None,
        regional=(row.dimensions or {}).get("regionId") == region,
    )
