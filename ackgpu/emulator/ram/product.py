"""Resource Access Management."""

from __future__ import annotations

from ackgpu.emulator.operation import Product

PRODUCT = Product(code="ram", version="2015-05-01", ram_prefix="ram")
