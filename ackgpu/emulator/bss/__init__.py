"""BssOpenApi, the billing API: business.aliyuncs.com, version 2017-12-14."""

from ackgpu.emulator.operation import Product

PRODUCT = Product(code="bss", version="2017-12-14", ram_prefix="bssapi")
