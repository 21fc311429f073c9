"""Application Load Balancer: alb.<region>.aliyuncs.com, version 2020-06-16."""

from ackgpu.emulator.operation import Product

PRODUCT = Product(code="alb", version="2020-06-16", ram_prefix="alb")
