"""Whether the key pairs of the node pools exist in the region."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ackgpu.preflight.check import Check, Finding
from ackgpu.preflight.facts import Facts, Reads, Target

ID = "key-pair"


def _named(target: Target) -> list[str]:
    return sorted({pool.key_pair for pool in target.spec.node_pools if pool.key_pair})


def _reads(target: Target) -> Reads:
    return {
        f"key pair {name}": partial(target.cloud.compute.key_pairs, name) for name in _named(target)
    }


def _judge(target: Target, facts: Facts) -> Iterator[Finding]:
    names = _named(target)
    missing = [name for name in names if name not in facts[f"key pair {name}"]]
    for name in missing:
        fix = "Make or import it there first, or name another with --key-pair."
        what = f"there is no key pair {name} in {target.region}"
        yield Finding(ID, "error", what, "", fix)
    if not missing:
        yield Finding(ID, "ok", ", ".join(names) or "none asked for")


CHECK = Check(ID, _judge, _reads)
