"""Server Load Balancer (CLB): slb.<region>.aliyuncs.com, version 2014-05-15."""

from ackgpu.emulator.operation import Product

PRODUCT = Product(code="slb", version="2014-05-15", ram_prefix="slb")
