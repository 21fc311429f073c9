"""Quota Center. Its parameters come in a form body, and its answers are flat lists."""

from ackgpu.emulator.operation import Product

PRODUCT = Product(code="quotas", version="2020-05-10", ram_prefix="quotas")
