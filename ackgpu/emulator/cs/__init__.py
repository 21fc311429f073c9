"""Container Service for Kubernetes (ACK), API "CS" of 2015-12-15."""

from ackgpu.emulator.operation import Product

PRODUCT = Product("CS", "2015-12-15", "cs", style="roa", error_style="cs")
