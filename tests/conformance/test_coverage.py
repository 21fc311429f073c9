"""The page that says what the emulator covers says what it does."""

from __future__ import annotations

import pytest

from ackgpu.emulator.dispatch import load_products
from tests.conformance.coverage import PAGE, honoured, page, parameters_of
from tests.conformance.tours import answers

PRODUCTS = {product.code.lower(): product for product in load_products()}


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text("utf-8") == page(answers()), "run: python -m tests.conformance.coverage"


@pytest.mark.parametrize(
    ("operation", "name", "works"),
    [
        ("vpc.CreateVpc", "CidrBlock", True),
        ("vpc.CreateVpc", "Tag", True),
        ("vpc.CreateVpc", "Ipv6Isp", False),
        ("ecs.DescribeInstances", "InstanceIds", True),
        ("ecs.RunInstances", "SystemDisk.Category", True),
        ("cs.CreateCluster", "container_cidr", True),
        ("slb.DescribeLoadBalancers", "PageSize", True),
    ],
)
def test_what_the_code_reads_is_honoured(operation: str, name: str, *, works: bool) -> None:
    product, _, action = operation.partition(".")
    declared = PRODUCTS[product].operations[action]
    assert name in parameters_of(declared)
    assert (name in honoured(declared)) is works
