"""What an account and a server bear: many clusters, many changes at once, requests, connections.

    python -m benchmarks.bench_load                         # from the root of a checkout

Ten creates at once beside 190 clusters run on a clock that is moved by hand, so that their figures
repeat; the gateway refuses each call over ten in a second. The server's figures are of a process of
its own with one account of two clusters.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from ackgpu.emulator.faults import Fault
from ackgpu.emulator.operation import ApiOperation
from benchmarks.bench_emulator import UNBOUNDED, Wire, fill, memory, serving

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from simulation.kernel import Kernel
from simulation.machine import Machine, Process
from simulation.wires import connected
from simulation.world import ENDPOINT, Verdict, World

CLUSTERS, CHANGING, RATE = 200, 10, 10
ROUNDS = 6
"""How often a command that was refused is run again, a minute later, as its message says."""
REQUESTS, SAMPLES, CONNECTIONS, EACH = 50_000, 5, 300, 20
BODY = {
    "cluster_type": "ManagedKubernetes", "cluster_spec": "ack.pro.small",
    "region_id": "cn-hangzhou", "container_cidr": "172.16.0.0/16", "service_cidr": "172.21.0.0/20",
}  # fmt: skip


class Turnstile:
    """Lets so many calls a second through and refuses the others, as flow control does."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._second, self._calls = -1, 0
        self.seen: Counter[str] = Counter()

    def judge(self, product: str, operation: ApiOperation | None) -> Verdict:
        """What becomes of a call."""
        if product == "kube" or operation is None:
            return Verdict()
        if int(self._kernel.now) != self._second:
            self._second, self._calls = int(self._kernel.now), 0
        self._calls += 1
        over = self._calls > RATE
        self.seen["refused" if over else "answered"] += 1
        return Verdict(fault=Fault(effect="throttle", acts=False) if over else None)


def crowd(world: World, clusters: int) -> None:
    """So many clusters of others, each in a network of its own."""
    for number in range(clusters):
        vpc = world.do("vpc", "CreateVpc", CidrBlock="192.168.0.0/16")["VpcId"]
        world.kernel.wait(10)
        where = {"VpcId": vpc, "ZoneId": "cn-hangzhou-k", "CidrBlock": "192.168.0.0/20"}
        vswitch = world.do("vpc", "CreateVSwitch", **where)["VSwitchId"]
        world.kernel.wait(10)
        own = {"name": f"other-{number}", "vpcid": vpc, "vswitch_ids": [vswitch]}
        world.do("cs", "CreateCluster", body={**BODY, **own})


def many_at_once(home: Path) -> None:
    """Ten creates, then ten deletions, at the same moment; what is refused is run again."""
    kernel = Kernel()
    world = World(kernel, 7, {"faults": [], "limits": UNBOUNDED})
    world.do("ram", "CreateUser", UserName="you")
    key = world.do("ram", "CreateAccessKey", UserName="you")["AccessKey"]
    env = {
        "ACKGPU_ENDPOINT_URL": ENDPOINT,
        "ACKGPU_ACCESS_KEY_ID": key["AccessKeyId"],
        "ACKGPU_ACCESS_KEY_SECRET": key["AccessKeySecret"],
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
    }
    machines = [Machine(f"m{n}", home / f"m{n}", env) for n in range(CHANGING)]
    crowd(world, CLUSTERS - CHANGING)
    kernel.wait(600)
    turnstile = Turnstile(kernel)
    world.judge = turnstile.judge
    certificate = lambda: getattr(kernel.current, "certificate", None)  # noqa: E731
    with connected(world, certificate):
        for words in (("create", "--no-verify"), ("delete", "-y")):
            left = list(range(CHANGING))
            for attempt in range(1, ROUNDS + 1):
                turnstile.seen.clear()
                runs = [
                    Process(kernel, machines[n], (words[0], f"load-{n}", *words[1:]), n + attempt)
                    for n in left
                ]
                began = kernel.now
                for run in runs:
                    run.start()
                kernel.run(until=kernel.now + 24 * 3600)
                minutes = (max(run.ended or 0.0 for run in runs) - began) / 60
                ends = dict(Counter(run.code for run in runs))
                counts = f"{turnstile.seen.total()} calls, {turnstile.seen['refused']} refused"
                print(f"{len(left)} x {words[0]}: exit codes {ends}, {counts}, {minutes:.1f} min")
                left = [n for n, run in zip(left, runs, strict=True) if run.code != 0]
                if not left:
                    break
                kernel.wait(60)
    print(f"clusters in the end: {len(world.alive('cluster'))}")
    world.close()


def many_requests(folder: Path) -> None:
    """The server's memory over many requests, and many connections at once."""
    state = folder / "state"
    fill(state, 2)
    with serving(state, folder / "scenario.json") as (announcement, pid, _):
        wire = Wire(announcement["endpoint"])
        began = time.perf_counter()
        for part in range(SAMPLES):
            for number in range(REQUESTS // SAMPLES // 2):
                wire.rpc("ecs", "DescribeInstances", MaxResults="10")
                wire.rpc("ecs", "DescribeRegions") if number % 2 else wire.rpc(
                    "vpc", "DescribeVpcs"
                )
            now, most = memory(pid)
            seconds = time.perf_counter() - began
            print(f"{(part + 1) * REQUESTS // SAMPLES} requests: {now} MiB, {seconds:.0f} s")
        many_connections(announcement["endpoint"])
        now, most = memory(pid)
        print(f"after {CONNECTIONS} connections at once: {now} MiB, at most {most} MiB")


def many_connections(endpoint: str) -> None:
    """All of them open before the first asks."""
    answered: Counter[str] = Counter()
    gate = threading.Barrier(CONNECTIONS)

    def client() -> None:
        wire = Wire(endpoint)
        wire.rpc("ecs", "DescribeRegions")
        gate.wait()
        for _ in range(EACH):
            answered["well" if wire.rpc("vpc", "DescribeVpcs")["Vpcs"] else "badly"] += 1
        wire.close()

    threads = [threading.Thread(target=client) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    print(f"{CONNECTIONS} connections x {EACH} requests: {dict(answered)}, {seconds:.1f} s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="ackgpu-load-") as name:
        many_at_once(Path(name))
        many_requests(Path(name))
