"""Prices that a document tells and no API: those of control planes."""

from __future__ import annotations

from ackgpu.cloud.api import Price
from ackgpu.tables import table


def control_plane_price(cluster_spec: str, currency: str) -> Price:
    """An hour of a control plane of this edition, where a document tells it."""
    document = table("preflight", "prices")
    by_currency = document["control_plane"].get(cluster_spec, {})
    amount = by_currency.get("*", by_currency.get(currency))
    return Price(amount, currency, f"documented {document['of']}" if amount is not None else "")
