"""``check-quota`` against a cloud that takes 100 ms for each answer: wall time and calls.

    python benchmarks/bench_check_quota.py

The slowest chain is the longest sequence of calls in which each needs the one before: one call
where the account says that its limits are the region's; the list of regions and then what is used
in each of them where Quota Center refuses to say (a fault makes it), since the documents give EIPs
and load balancers for the account. A link of the chain is the latency and the slowest answer.

The emulator answers from a process of its own, one request at a time. With 20 regions its CPU is
part of the figure: some 4 ms a request, on two cores together with ackgpu's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from measure import table

from ackgpu.main import main as ackgpu

LATENCY_MS = 100
REGIONS = (
    "cn-hangzhou", "cn-shanghai", "cn-beijing", "cn-shenzhen", "cn-guangzhou", "cn-chengdu",
    "cn-qingdao", "cn-zhangjiakou", "cn-huhehaote", "cn-wulanchabu", "cn-heyuan", "cn-hongkong",
    "ap-southeast-1", "ap-southeast-3", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
    "ap-northeast-1", "us-west-1", "eu-central-1",
)  # fmt: skip
SILENT = {"effect": "error", "action": "ListProductQuotas", "code": "Forbidden.RAM", "status": 403}


def cluster(number: int) -> list[dict[str, Any]]:
    """A VPC with a vSwitch and a cluster in it."""
    name = f"n{number}"
    network = {"VpcId": f"${{{name}.VpcId}}", "ZoneId": "cn-hangzhou-k"}
    body = {
        "name": name, "cluster_type": "ManagedKubernetes", "cluster_spec": "ack.pro.small",
        "region_id": "cn-hangzhou", "vpcid": f"${{{name}.VpcId}}",
        "vswitch_ids": [f"${{{name}s.VSwitchId}}"], "container_cidr": "172.20.0.0/16",
        "service_cidr": "172.21.0.0/20", "endpoint_public_access": False,
    }  # fmt: skip
    return [
        {"name": name, "action": "vpc.CreateVpc", "parameters": {"CidrBlock": "10.0.0.0/8"}},
        {"name": f"{name}s", "action": "vpc.CreateVSwitch",
         "parameters": {**network, "CidrBlock": "10.0.0.0/16"}},
        {"action": "cs.CreateCluster", "body": body},
    ]  # fmt: skip


def measure(clusters: int, *, links: int) -> tuple[float, float, int]:
    """Seconds of the reads, seconds of the slowest chain, and the number of calls."""
    scenario = {
        "regions": list(REGIONS),
        "limits": {"vpcs": 100, "clusters": 100, "security_groups": 200, "balancers": 200},
        "faults": [SILENT] if links > 1 else [],
        "resources": [resource for number in range(clusters) for resource in cluster(number)],
    }
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "scenario.json"
        path.write_text(json.dumps(scenario))
        serve = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(path), str(LATENCY_MS)], stdout=subprocess.PIPE
        )
        try:
            assert serve.stdout is not None
            env = json.loads(serve.stdout.readline())
            return _timed({**os.environ, **env, "HOME": directory}, links)
        finally:
            serve.terminate()
            serve.wait()


SERVE = """
import json, signal, sys
from pathlib import Path
from ackgpu.emulator import Emulator
with Emulator(scenario=Path(sys.argv[1]), latency_ms=float(sys.argv[2]), speed=1) as emulator:
    print(json.dumps(emulator.env), flush=True)
    signal.pause()
"""


def _timed(env: dict[str, str], links: int) -> tuple[float, float, int]:
    before = len(_requests(env))
    output = Path(env["HOME"]) / "out.json"
    with output.open("w") as file:
        began = time.perf_counter()
        stdout, sys.stdout = sys.stdout, file
        try:
            code = ackgpu(("check-quota", "-o", "json"), env)
        finally:
            sys.stdout = stdout
        whole = time.perf_counter() - began
    assert code == 0, output.read_text()
    rows = _requests(env)[before:]
    reads = json.loads(output.read_text())["durations"]["total"]
    assert reads <= whole
    chain = links * (LATENCY_MS / 1000 + max(row["seconds"] for row in rows))
    return reads, chain, len(rows)


def _requests(env: dict[str, str]) -> list[dict[str, Any]]:
    with urlopen(f"{env['ACKGPU_ENDPOINT_URL']}/_emulator/requests") as answer:  # noqa: S310
        rows: list[dict[str, Any]] = json.load(answer)["requests"]
    return rows


def main() -> None:
    """Measure the four cases; the first run warms imports and connections."""
    measure(0, links=1)
    rows = []
    for clusters in (1, 50):
        for name, links in (("one region", 1), ("20 regions", 2)):
            reads, chain, calls = min(measure(clusters, links=links) for _ in range(3))
            rows.append(
                (
                    f"clusters: {clusters}, counted in {name}",
                    str(calls),
                    f"{reads * 1000:.0f} ms",
                    f"{chain * 1000:.0f} ms",
                    f"{reads / chain:.2f}",
                )
            )
    head = (f"{LATENCY_MS} ms an answer", "calls", "wall", "slowest chain", "ratio")
    print(table(head, rows))


if __name__ == "__main__":
    main()
