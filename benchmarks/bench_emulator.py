"""How fast the emulator is: to its first answer, and with many clusters in the account.

    python -m benchmarks.bench_emulator [clusters …]        # from the root of a checkout

For 1, 50 and 1,000 clusters of 100 nodes each: requests a second and latency of signed reads and
writes over one kept connection and over four, and the memory of the server's process. One cluster
is made through the API; the others are copies of its documents under other ids.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.wire import WireRequest
from tests.support.signing import acs3

NODES = 100
SECONDS = 2.0
CONNECTIONS = 4
UNBOUNDED = dict.fromkeys(
    (
        "clusters", "nodes_per_cluster", "vpcs", "routes_per_table", "security_groups",
        "balancers", "eips", "vgpu_instances", "enis",
    ),
    10**9,
)  # fmt: skip
IDS = re.compile(r"\b(?:[a-z]{1,4}-bp1[0-9a-z]{14,22}|c[0-9a-f]{32}|np[0-9a-f]{32}|T-[0-9a-f]{24})")
VERSIONS = {"vpc": "2016-04-28", "ecs": "2014-05-26"}


@dataclass(frozen=True)
class Sample:
    """The latencies of one kind of request, in seconds, and how long all of them took."""

    latencies: list[float]
    seconds: float

    def row(self, name: str) -> str:
        ordered = sorted(self.latencies)
        p50 = statistics.median(ordered) * 1000
        p99 = ordered[int(len(ordered) * 0.99)] * 1000
        return f"| {name} | {len(ordered) / self.seconds:.0f} | {p50:.2f} | {p99:.2f} |"


class Wire:
    """A kept connection that sends signed requests."""

    def __init__(self, endpoint: str) -> None:
        self.host = endpoint.removeprefix("http://")
        self._connection = http.client.HTTPConnection(self.host, timeout=60)

    def rpc(self, product: str, action: str, **parameters: str) -> Any:
        request = acs3(
            action, VERSIONS[product], {"RegionId": "cn-hangzhou"} | parameters, host=self.host
        )
        return self.send(request)

    def cs(self, action: str, method: str, path: str, body: Any = None) -> Any:
        content = json.dumps(body).encode() if body is not None else b""
        request = acs3(action, "2015-12-15", method=method, path=path, body=content, host=self.host)
        return self.send(request)

    def send(self, request: WireRequest) -> Any:
        headers = {k: v for k, v in request.headers if k != "host"}
        self._connection.request(
            request.method, request.target, request.body, {"Host": self.host} | headers
        )
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        if response.status >= 300:
            raise RuntimeError(f"{request.target}: {answer}")
        return answer

    def close(self) -> None:
        self._connection.close()


def make_one(emulator: Emulator, clock: ManualClock) -> None:
    """A VPC, a cluster and its pool of 100 nodes."""
    wire = Wire(emulator.endpoint)
    vpc_id = wire.rpc("vpc", "CreateVpc", CidrBlock="192.168.0.0/16")["VpcId"]
    clock.advance(10)
    zone = {"ZoneId": "cn-hangzhou-k", "CidrBlock": "192.168.0.0/20"}
    vswitch_id = wire.rpc("vpc", "CreateVSwitch", VpcId=vpc_id, **zone)["VSwitchId"]
    clock.advance(10)
    cluster = {
        "name": "bench",
        "cluster_type": "ManagedKubernetes",
        "cluster_spec": "ack.pro.small",
        "region_id": "cn-hangzhou",
        "vpcid": vpc_id,
        "vswitch_ids": [vswitch_id],
        "container_cidr": "172.16.0.0/16",
        "service_cidr": "172.21.0.0/20",
        "snat_entry": False,
        "addons": [{"name": "flannel"}],
    }
    cluster_id = wire.cs("CreateCluster", "POST", "/clusters", cluster)["cluster_id"]
    clock.advance(600)
    pool = {
        "nodepool_info": {"name": "vgpu"},
        "scaling_group": {
            "instance_types": ["ecs.vgn5i-m2.xlarge"],
            "vswitch_ids": [vswitch_id],
            "system_disk_category": "cloud_efficiency",
            "system_disk_size": 120,
            "desired_size": NODES,
        },
    }
    wire.cs("CreateClusterNodePool", "POST", f"/clusters/{cluster_id}/nodepools", pool)
    clock.advance(1200)
    wire.close()


def multiply(emulator: Emulator, clusters: int) -> None:
    """Copies of every document, so that there are ``clusters`` of everything."""
    with emulator.backend.transaction(write=True) as session:
        kinds = session.kinds(at=emulator.backend.timeline_now(session))
        originals = [doc for kind in kinds for doc in session.find(kind)]
        texts = [
            (
                doc.kind,
                doc.region,
                doc.created_at,
                json.dumps([doc.id, doc.scope, doc.name, doc.body]),
            )
            for doc in originals
        ]
        for copy in range(1, clusters):
            mark = f"{copy:04x}"
            for kind, region, created, text in texts:
                other = IDS.sub(lambda match, mark=mark: match[0][:-4] + mark, text)
                doc_id, scope, name, body = json.loads(other)
                session.put(
                    type(originals[0])(kind, doc_id, region, scope, name, created, None, body)
                )


def fill(state: Path, clusters: int) -> None:
    """An account with that many clusters, all of them settled."""
    clock = ManualClock()
    with Emulator(state, clock=clock, seed=7, scenario={"limits": UNBOUNDED}) as emulator:
        make_one(emulator, clock)
        multiply(emulator, clusters)


@contextmanager
def serving(state: Path, scenario: Path) -> Iterator[tuple[dict[str, Any], int, float]]:
    """A server of its own on the account: its announcement, its pid, seconds to the first answer.

    The last is from the start of the process until a signed request was answered.
    """
    scenario.write_text(json.dumps({"limits": UNBOUNDED}))
    started = time.perf_counter()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "ackgpu", "emulator", "serve", "--state", str(state),
            "--speed", "1", "--scenario", str(scenario),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    announcement = json.loads(process.stdout.readline())
    wire = Wire(announcement["endpoint"])
    wire.rpc("ecs", "DescribeRegions")
    first = time.perf_counter() - started
    wire.close()
    try:
        yield announcement, process.pid, first
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def measure(endpoint: str, ask: Callable[[Wire], Any], connections: int) -> Sample:
    """Ask for two seconds, on so many connections at once."""
    latencies: list[float] = []
    end = time.perf_counter() + SECONDS

    def client() -> None:
        wire = Wire(endpoint)
        ask(wire)
        while time.perf_counter() < end:
            begun = time.perf_counter()
            ask(wire)
            latencies.append(time.perf_counter() - begun)
        wire.close()

    threads = [threading.Thread(target=client) for _ in range(connections)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Sample(latencies, time.perf_counter() - begun)


def requests_of(wire: Wire) -> dict[str, Callable[[Wire], Any]]:
    """What is asked, each for resources that exist."""
    cluster = wire.cs("DescribeClustersV1", "GET", "/api/v1/clusters")["clusters"][0]
    path, vpc_id = f"/clusters/{cluster['cluster_id']}", cluster["vpc_id"]
    pool = wire.cs("DescribeClusterNodePools", "GET", f"{path}/nodepools")["nodepools"][0]
    pool_path = f"{path}/nodepools/{pool['nodepool_info']['nodepool_id']}"
    instances = wire.rpc("ecs", "DescribeInstances", VpcId=vpc_id, MaxResults="100")
    ids = json.dumps([row["InstanceId"] for row in instances["Instances"]["Instance"][:10]])
    tag = {"ResourceType": "VPC", "ResourceId.1": vpc_id, "Tag.1.Key": "a", "Tag.1.Value": "b"}
    return {
        "read: DescribeRegions": lambda w: w.rpc("ecs", "DescribeRegions"),
        "read: DescribeVpcs, one": lambda w: w.rpc("vpc", "DescribeVpcs", VpcId=vpc_id),
        "read: DescribeVpcs, a page of all": lambda w: w.rpc("vpc", "DescribeVpcs"),
        "read: DescribeVSwitches of a VPC": lambda w: w.rpc(
            "vpc", "DescribeVSwitches", VpcId=vpc_id
        ),
        "read: DescribeInstances, 10 by id": lambda w: w.rpc(
            "ecs", "DescribeInstances", InstanceIds=ids
        ),
        "read: DescribeInstances, 100 of a VPC": lambda w: w.rpc(
            "ecs", "DescribeInstances", VpcId=vpc_id, MaxResults="100"
        ),
        "read: DescribeInstances, a page of all": lambda w: w.rpc("ecs", "DescribeInstances"),
        "read: DescribeClusterDetail": lambda w: w.cs("DescribeClusterDetail", "GET", path),
        "read: DescribeClustersV1, a page": lambda w: w.cs(
            "DescribeClustersV1", "GET", "/api/v1/clusters"
        ),
        "read: DescribeClusterNodePoolDetail": lambda w: w.cs(
            "DescribeClusterNodePoolDetail", "GET", pool_path
        ),
        "read: DescribeClusterNodes": lambda w: w.cs(
            "DescribeClusterNodes", "GET", f"{path}/nodes"
        ),
        "write: TagResources": lambda w: w.rpc("vpc", "TagResources", **tag),
        "write: CreateVpc": lambda w: w.rpc("vpc", "CreateVpc", CidrBlock="10.0.0.0/8"),
        "write: CreateSecurityGroup": lambda w: w.rpc("ecs", "CreateSecurityGroup", VpcId=vpc_id),
    }


def memory(pid: int) -> tuple[int, int]:
    """The process's resident memory now and at its highest, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return tuple(
        int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) // 1024 for name in ("VmRSS", "VmHWM")
    )


def bench(clusters: int) -> None:
    with tempfile.TemporaryDirectory(prefix="ackgpu-bench-") as folder:
        state = Path(folder) / "state"
        begun = time.perf_counter()
        fill(state, clusters)
        filled = time.perf_counter() - begun
        size = sum(file.stat().st_size for file in state.iterdir()) / 1e6
        with serving(state, Path(folder) / "scenario.json") as (announcement, pid, first):
            endpoint = announcement["endpoint"]
            print(f"\n## {clusters} clusters of {NODES} nodes\n")
            print(f"state {size:.0f} MB (filled in {filled:.0f} s), first answer {first:.2f} s,")
            print(f"memory at first {memory(pid)[0]} MiB\n")
            wire = Wire(endpoint)
            asks = requests_of(wire)
            wire.close()
            for connections in (1, CONNECTIONS):
                print(f"| {connections} connection(s) | requests/s | p50 ms | p99 ms |")
                print("|---|---:|---:|---:|")
                for name, ask in asks.items():
                    print(measure(endpoint, ask, connections).row(name), flush=True)
                print()
            print("memory {} MiB, at most {} MiB".format(*memory(pid)), flush=True)


if __name__ == "__main__":
    for number in [int(text) for text in sys.argv[1:]] or [1, 50, 1000]:
        bench(number)
