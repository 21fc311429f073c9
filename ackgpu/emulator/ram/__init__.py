"""Resource Access Management."""

from ackgpu.emulator.operation import Product

PRODUCT = Product(code="ram", version="2015-05-01", ram_prefix="ram")
