"""Location, which knows where a product is asked: location.aliyuncs.com, version 2015-06-12."""

from ackgpu.emulator.operation import Product

PRODUCT = Product(code="location", version="2015-06-12", ram_prefix="location")
