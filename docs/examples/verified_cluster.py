"""A verified cluster for one piece of work, and nothing left after it.

python verified_cluster.py [--emulator]
"""

from __future__ import annotations

import sys

import ackgpu
from ackgpu import errors

SPEC = {
    "metadata": {"name": "batch", "region": "cn-hangzhou"},
    "nodePools": [{"name": "gpu", "desiredSize": 1}],
    "lifecycle": {"ttl": "3h"},
}


def work(kubeconfig: str) -> int:
    """What the cluster is for."""
    return len(kubeconfig)


def main(*, emulator: bool) -> int:
    """Make the cluster, work with it, delete it."""
    with ackgpu.Ackgpu(region="cn-hangzhou", emulator=emulator) as cloud:
        try:
            made = cloud.create(SPEC)
        except errors.NoCapacity as error:
            print("sold out:", *error.details, sep="\n  ")
            return error.exits_with
        print(f"{made.record.gpu_nodes_verified} nodes verified in {made.record.seconds:.0f} s")
        try:
            work(cloud.kubeconfig("batch", minutes=60))
        finally:
            gone = cloud.delete("batch")
    return 0 if gone.record.complete else 10


if __name__ == "__main__":
    raise SystemExit(main(emulator="--emulator" in sys.argv))
