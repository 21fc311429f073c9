"""Security Token Service."""

from ackgpu.emulator.operation import Product

PRODUCT = Product(code="sts", version="2015-04-01", ram_prefix="sts")
