"""VPC: vpc.<region>.aliyuncs.com, version 2016-04-28."""

from ackgpu.emulator.operation import Product

PRODUCT = Product(code="vpc", version="2016-04-28", ram_prefix="vpc")
