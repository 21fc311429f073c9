"""One warm API call: connections, CPU, wall.

    python benchmarks/bench_call.py [CALLS]

The emulator answers in the same process, so its own CPU is in the figures; the bare SDK, measured
the same way in the same run, is what they are compared with.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from measure import table

from ackgpu.cancel import CancelToken
from ackgpu.clock import SystemClock
from ackgpu.cloud.aliyun.cloud import connect
from ackgpu.emulator import Emulator


def timed(call: Callable[[], object], calls: int) -> tuple[float, float]:
    """CPU and wall milliseconds a call, warm."""
    call()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(calls):
        call()
    return (
        (time.process_time() - cpu) * 1000 / calls,
        (time.perf_counter() - wall) * 1000 / calls,
    )


def main() -> None:
    """Measure DescribeVpcs through the adapter and through the SDK alone."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with Emulator(seed=1) as emulator:
        cloud = connect(
            "cn-hangzhou",
            env=emulator.env,
            home=Path("/nonexistent"),
            clock=SystemClock(),
            cancel=CancelToken(),
            rng=random.Random(1),  # noqa: S311 -- jitter
        )
        adapter = timed(cloud.network.vpcs, calls)
        bare = timed(_sdk_call(emulator), calls)
        cloud.close()
    rows = [
        ("through ackgpu's adapter", f"{adapter[0]:.2f} ms", f"{adapter[1]:.2f} ms"),
        ("the SDK alone", f"{bare[0]:.2f} ms", f"{bare[1]:.2f} ms"),
        ("ratio", f"{adapter[0] / bare[0]:.2f}", f"{adapter[1] / bare[1]:.2f}"),
    ]
    print(table((f"DescribeVpcs, {calls} warm calls", "CPU a call", "wall a call"), rows))


def _sdk_call(emulator: Emulator) -> Callable[[], object]:
    from alibabacloud_tea_openapi.models import Config
    from alibabacloud_vpc20160428.client import Client
    from alibabacloud_vpc20160428.models import DescribeVpcsRequest

    config = Config(
        access_key_id=emulator.access_key_id,
        access_key_secret=emulator.access_key_secret,
        endpoint=emulator.endpoint.removeprefix("http://"),
        protocol="HTTP",
        region_id="cn-hangzhou",
    )
    client = Client(config)
    return lambda: client.describe_vpcs(DescribeVpcsRequest(region_id="cn-hangzhou"))


if __name__ == "__main__":
    main()
