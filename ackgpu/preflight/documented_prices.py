"""Prices that a document tells and no API: those of control planes."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from ackgpu.cloud.api import Price


def control_plane_price(cluster_spec: str, currency: str) -> Price:
    """An hour of a control plane of this edition, where a document tells it."""
    document = _document()
    by_currency = document["control_plane"].get(cluster_spec, {})
    amount = by_currency.get("*", by_currency.get(currency))
    return Price(amount, currency, f"documented {document['of']}" if amount is not None else "")


@cache
def _document() -> dict[str, Any]:
    text = files("ackgpu.preflight").joinpath("data/prices.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
