"""Whether the key pairs of the node pools exist in the region."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu import flag
from ackgpu.cloud.api import ComputeApi
from ackgpu.engine.reads import ReadResults
from ackgpu.preflight.calls import call
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import Reads, Target
from ackgpu.preflight.reads import key_pairs_called

ID, FLAG = "key-pair", flag.KEY_PAIR


def _named(target: Target) -> list[str]:
    return sorted({pool.key_pair for pool in target.spec.node_pools if pool.key_pair})


def _reads(target: Target) -> Reads:
    return {key_pairs_called(name): call(ComputeApi.key_pairs, name) for name in _named(target)}


def _judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    names = _named(target)
    missing = [name for name in names if name not in facts[key_pairs_called(name)]]
    for name in missing:
        fix = f"Make or import it there first, or name another with {FLAG}."
        what = f"there is no key pair {name} in {target.region}"
        yield CheckFinding(ID, "error", what, "", fix)
    if not missing:
        yield CheckFinding(ID, "ok", ", ".join(names) or "none requested")


CHECK = Check(ID, _judge, _reads)
