"""Auto Scaling (ESS), which makes the instances of node pools: version 2022-02-22.

Its host is ``ess.aliyuncs.com`` for the older regions and ``ess.<region>.aliyuncs.com`` elsewhere.
"""

from ackgpu.emulator.operation import Product

PRODUCT = Product(code="ess", version="2022-02-22", ram_prefix="ess")
