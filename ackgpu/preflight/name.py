"""Whether the account has the cluster's name already, where a creation does not go on with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ackgpu.cloud.api import Cluster, ComputeApi, ContainerApi
from ackgpu.engine.reads import ReadResults
from ackgpu.errors import ConflictError
from ackgpu.preflight.calls import call
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import Reads, Target
from ackgpu.preflight.quota_reads import CLUSTERS
from ackgpu.preflight.reads import clusters_in
from ackgpu.steps.placement import name_taken
from ackgpu.steps.reads import REGIONS

ID = "name"


def _reads(target: Target) -> Reads:
    return {
        REGIONS: call(ComputeApi.regions),
        clusters_in(target.region): call(ContainerApi.clusters),
    }


def _judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    """The region itself is looked at first: a name that stands here is gone on with."""
    named = _named(target, facts[clusters_in(target.region)])
    # Only before the cluster is made; what goes on with one has its place.
    if not named and CLUSTERS in target.needs:
        elsewhere = (facts[clusters_in(region)] for region in facts[REGIONS])
        named = [cluster for found in elsewhere for cluster in _named(target, found)]
    taken = name_taken(target.spec, named)
    if taken is None:
        yield CheckFinding(ID, "ok", f"{target.spec.name} can be had")
    else:
        fix = taken.resolution or ""
        yield CheckFinding(ID, "error", taken.message, "", fix, failure=ConflictError)


def _named(target: Target, clusters: Sequence[Cluster]) -> list[Cluster]:
    return [cluster for cluster in clusters if cluster.name == target.spec.name]


CHECK = Check(ID, _judge, _reads)
