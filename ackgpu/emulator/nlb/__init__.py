"""Network Load Balancer: nlb.<region>.aliyuncs.com, version 2022-04-30."""

from ackgpu.emulator.operation import Product

PRODUCT = Product(code="nlb", version="2022-04-30", ram_prefix="nlb")
