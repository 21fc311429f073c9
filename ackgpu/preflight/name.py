"""Whether the account has the cluster's name already, where a creation does not go on with it."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.cloud.api import Cluster
from ackgpu.errors import ConflictError
from ackgpu.preflight.check import Check, Finding
from ackgpu.preflight.facts import Facts, Reads, Target
from ackgpu.steps.placement import name_taken

ID = "name"
READ = "clusters of the name"


def _reads(target: Target) -> Reads:
    name, containers = target.spec.name, target.cloud.containers
    return {READ: lambda: containers.clusters(name=name)}


def _judge(target: Target, facts: Facts) -> Iterator[Finding]:
    named: list[Cluster] = facts[READ]
    taken = name_taken(target.spec, named)
    if taken is None:
        yield Finding(ID, "ok", f"{target.spec.name} can be had")
    else:
        fix = taken.resolution or ""
        yield Finding(ID, "error", taken.message, "", fix, failure=ConflictError)


CHECK = Check(ID, _judge, _reads)
