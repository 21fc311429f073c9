"""A node pool's settings as arguments of ``alicloud_cs_kubernetes_node_pool``."""

from __future__ import annotations

from typing import Any

from ackgpu.cloud.api import NodePool
from ackgpu.commands.export.hcl import Block
from ackgpu.steps.field_values import named

Body = dict[str, Any]


def pool_arguments(pool: NodePool) -> Body:
    """What stands on one line, but for size, network and tags; empty ones are there too."""
    (category, size), *_ = pool.disks or [("", 0)]
    body: Body = {
        "instance_types": list(pool.instance_types),
        "spot_strategy": pool.spot_strategy,
        "on_demand_base_capacity": str(pool.on_demand_base or ""),
        "system_disk_category": category,
        "system_disk_size": size,
        "user_data": pool.user_data,
    }
    if pool.charge_type == "PrePaid" and pool.period:
        body |= {"period": pool.period, "period_unit": "Month", "auto_renew": pool.auto_renew}
    return body | named(pool, "terraform")


def pool_blocks(pool: NodePool) -> Body:
    """What is a block of its own, by the block's name; without those that there are none of."""
    bounds, limit = pool.auto_scaling, pool.spot_price_limit
    rows: dict[str, list[Body]] = {
        "data_disks": [{"category": kind, "size": gib} for kind, gib in pool.disks[1:]],
        "labels": [{"key": key, "value": value} for key, value in pool.labels.items()],
        "taints": [{"key": k, "value": v, "effect": e} for k, v, e in pool.taints],
        "spot_price_limit": [
            {"instance_type": type_id, "price_limit": str(limit)}
            for type_id in pool.instance_types
            if limit is not None
        ],
    }
    blocks: Body = {
        name: tuple(Block(name, (), body) for body in bodies)
        for name, bodies in rows.items()
        if bodies
    }
    if bounds.enabled:
        scaling = {"enable": True, "min_size": bounds.least, "max_size": bounds.most,
                   "type": bounds.kind or "gpu"}  # fmt: skip
        blocks["scaling_config"] = Block("scaling_config", (), scaling)
    return blocks
