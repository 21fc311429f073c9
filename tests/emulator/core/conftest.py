"""A small product of two resources, so that the gateway is tested without the real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator.backend import Backend
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.gateway import Gateway
from ackgpu.emulator.operation import Call, Product
from ackgpu.emulator.store import Doc

Make = Callable[..., Gateway]


def network() -> Product:
    """Two operations of VPC by their real names, so that the parameter tables apply."""
    product = Product("vpc", "2016-04-28", "vpc")

    @product.operation("CreateVSwitch", writes=True)
    def create(call: Call) -> dict[str, Any]:
        if call.params.text("CidrBlock") == "crash":
            raise RuntimeError("a bug")
        doc = call.docs.put(
            Doc(
                "vswitch",
                call.new_id("vsw-"),
                call.region,
                call.params["VpcId"],
                created_at=call.now,
            )
        )
        if call.params.text("CidrBlock") == "full":
            raise ApiError("QuotaExceeded.VSwitch", "no more")
        return {"VSwitchId": doc.id}

    @product.operation("DescribeVSwitches")
    def describe(call: Call) -> dict[str, Any]:
        rows = [{"VSwitchId": doc.id, "Big": True} for doc in call.all("vswitch")]
        return {"TotalCount": len(rows), "VSwitches": {"VSwitch": rows}}

    return product


def containers() -> Product:
    """Some paths of Container Service."""
    product = Product("CS", "2015-12-15", "cs", style="roa", error_style="cs")

    @product.operation("CreateCluster", "POST /clusters")
    def create(call: Call) -> dict[str, Any]:
        doc = call.docs.put(
            Doc("cluster", "c" + call.new_hex(32), created_at=call.now, body=call.body)
        )
        return {"cluster_id": doc.id}

    @product.operation("DescribeClusterDetail", "GET /clusters/{cluster_id}")
    def describe(call: Call) -> dict[str, Any]:
        doc = call.alive("cluster", call.path["cluster_id"])
        if doc is None:
            raise ApiError("ErrorClusterNotFound", "cluster not found", 404)
        return {"cluster_id": doc.id, "name": doc.body["name"]}

    @product.operation("DescribeAddons", "GET /clusters/components/metadata")
    def addons(_call: Call) -> list[str]:
        return []

    @product.operation("PauseTask", "POST /tasks/{task_id}/pause")
    def pause(_call: Call) -> None:
        return None

    @product.operation(
        "DescribeClusterAttachScripts", "POST /clusters/{cluster_id}/attachscript", writes=False
    )
    def scripts(_call: Call) -> str:
        return "#!/bin/sh\n"

    return product


@pytest.fixture
def make_gateway(clock: ManualClock) -> Iterator[Make]:
    """Makes gateways over a forgettable account, with the small products."""
    backends: list[Backend] = []

    def make(**options: Any) -> Gateway:
        settings = options.pop("settings", {})
        backend = Backend(None, clock, seed=7, settings=settings)
        backends.append(backend)
        return Gateway(backend, products=[network(), containers()], **options)

    yield make
    for backend in backends:
        backend.close()


@pytest.fixture
def gateway(make_gateway: Make) -> Gateway:
    return make_gateway()
