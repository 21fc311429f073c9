"""Elastic Compute Service."""

from ackgpu.emulator.operation import Product

PRODUCT = Product(code="ecs", version="2014-05-26", ram_prefix="ecs")
