"""Clusters, their pools, nodes and instances agree, in any order of calls.

What one list shows another shows too: a cluster in the list and by itself, the size of a cluster,
the counts of its pools, its nodes and the instances of the VPC. What was requested is there once
the cloud has had the time for it, and of what was deleted nothing is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.cs.states import CLUSTER, POOL
from tests.emulator.cs.ack import Ack

SETTLED = 700.0
"""Enough for whatever was requested last, also on a cluster that was being made."""
MOST = 2


@dataclass
class Known:
    """A cluster: the sizes of its pools, the seconds of its last change, whether it is going."""

    changed: float
    pools: dict[str, int] = field(default_factory=dict)
    going: bool = False


class Clusters(RuleBasedStateMachine):
    """Two clusters at most in one VPC, made, grown, shrunk and deleted at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.emulator = Emulator(clock=self.clock, seed=1)
        self.emulator.__enter__()
        self.ack = Ack(self.emulator, self.clock)
        self.ack.make_network()
        self.known: dict[str, Known] = {}
        self.made = 0
        self.states: dict[str, str] = {}

    def teardown(self) -> None:
        self.emulator.__exit__(None, None, None)

    @precondition(lambda self: len(self.known) < MOST)
    @rule()
    def make(self) -> None:
        self.made += 1
        cluster_id, _ = self.ack.ask_cluster(
            name=f"c{self.made}",
            container_cidr=f"10.{self.made}.0.0/16",
            service_cidr=f"172.{16 + self.made % 15}.0.0/20",
        )
        assert cluster_id not in self.known
        self.known[cluster_id] = Known(self.clock.now())

    @precondition(lambda self: self.known)
    @rule(data=st.data(), nodes=st.integers(0, 3))
    def add_a_pool(self, data: st.DataObject, nodes: int) -> None:
        cluster_id, known = self._one(data)
        self.made += 1
        request = self.ack.pool_request(f"p{self.made}", nodes)
        if self.ack.detail(cluster_id)["state"] in {"initial", "deleting"}:
            refused = self.ack.refusal("CreateClusterNodePool", cluster_id, **request)
            assert refused[0] == "InvalidClusterStatus.Forbidden"
        else:
            made = self.ack("CreateClusterNodePool", cluster_id, **request)["nodepool_id"]
            assert made not in known.pools
            known.pools[made], known.changed = nodes, self.clock.now()

    @precondition(lambda self: any(known.pools for known in self.known.values()))
    @rule(data=st.data(), nodes=st.integers(0, 3))
    def scale(self, data: st.DataObject, nodes: int) -> None:
        """A pool at rest takes another size, unless its cluster is going."""
        cluster_id, known, pool_id = self._one_pool(data)
        group = {"scaling_group": {"desired_size": nodes}}
        if known.going:
            assert self.ack.refusal("ModifyClusterNodePool", cluster_id, pool_id, **group)
        elif self.ack.pool(cluster_id, pool_id)["status"]["state"] == "active":
            path = f"/clusters/{cluster_id}/nodepools/{pool_id}"
            self.ack.raw("ModifyClusterNodePool", "PUT", path, group)
            known.pools[pool_id], known.changed = nodes, self.clock.now()

    @precondition(lambda self: any(known.pools for known in self.known.values()))
    @rule(data=st.data())
    def remove_a_pool(self, data: st.DataObject) -> None:
        """A pool goes once its nodes have been made; until then this is refused."""
        cluster_id, known, pool_id = self._one_pool(data)
        busy = not known.going and self._state(cluster_id, pool_id) in {"initial", "scaling"}
        if known.going or busy:
            refused = self.ack.refusal("DeleteClusterNodepool", cluster_id, pool_id, force=True)
            assert not busy or refused[0] == "InvalidNodePoolStatus.Forbidden"
        else:
            self.ack("DeleteClusterNodepool", cluster_id, pool_id, force=True)
            del known.pools[pool_id]
            known.changed = self.clock.now()

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        cluster_id, known = self._one(data)
        self.ack("DeleteCluster", cluster_id)
        if not known.going:
            known.going, known.changed = True, self.clock.now()

    @rule(seconds=st.sampled_from([5.0, 60.0, 200.0, SETTLED]))
    def let_time_pass(self, seconds: float) -> None:
        self.clock.advance(seconds)
        listed = {row["cluster_id"] for row in self.ack("DescribeClustersV1")["clusters"]}
        for cluster_id, known in list(self.known.items()):
            assert known.going or cluster_id in listed
            if cluster_id not in listed:
                refused = self.ack.refusal("DescribeClusterDetail", cluster_id)
                assert refused[0] == "ErrorClusterNotFound"
                del self.known[cluster_id]
            else:
                assert not (known.going and self._settled(known))

    @invariant()
    def lists_agree(self) -> None:
        listed = {row["cluster_id"]: row for row in self.ack("DescribeClustersV1")["clusters"]}
        assert set(listed) == set(self.known)
        for cluster_id, known in self.known.items():
            detail = self.ack.detail(cluster_id)
            shown = [(row["state"], row["size"]) for row in (listed[cluster_id], detail)]
            assert shown[0] == shown[1]
            self._follows(cluster_id, detail["state"], CLUSTER.allowed)
            self._its_pools_agree(cluster_id, known, detail)
        if not self.known:
            assert self.ack.instances() == []

    def _its_pools_agree(self, cluster_id: str, known: Known, detail: dict[str, Any]) -> None:
        pools = {
            row["nodepool_info"]["nodepool_id"]: row["status"]
            for row in self.ack("DescribeClusterNodePools", cluster_id)["nodepools"]
        }
        nodes = self.ack.nodes(cluster_id)
        instances = {row["InstanceId"] for row in self.ack.instances()}
        assert {node["instance_id"] for node in nodes} <= instances
        for pool_id, status in pools.items():
            own = [node for node in nodes if node["nodepool_id"] == pool_id]
            assert int(status["total_nodes"]) == len(own)
            assert int(status["healthy_nodes"]) <= int(status["total_nodes"])
            self._follows(pool_id, status["state"], POOL.allowed)
        if known.going:
            return
        assert set(known.pools) <= set(pools)
        if self._settled(known):
            assert detail["state"] == "running"
            assert detail["size"] == len(nodes) == sum(known.pools.values())
            for pool_id, wanted in known.pools.items():
                status = pools[pool_id]
                found = (status["state"], status["total_nodes"], status["healthy_nodes"])
                assert found == ("active", wanted, wanted)

    def _follows(self, thing: str, state: str, allowed: frozenset[tuple[str, str]]) -> None:
        """The state is that of the last look, or can be reached from it."""
        reached = {self.states.get(thing, state)}
        while more := {after for before, after in allowed if before in reached} - reached:
            reached |= more
        assert state in reached
        self.states[thing] = state

    def _settled(self, known: Known) -> bool:
        return self.clock.now() - known.changed >= SETTLED

    def _one(self, data: st.DataObject) -> tuple[str, Known]:
        cluster_id = data.draw(st.sampled_from([*self.known]))
        return cluster_id, self.known[cluster_id]

    def _state(self, cluster_id: str, pool_id: str) -> str:
        return str(self.ack.pool(cluster_id, pool_id)["status"]["state"])

    def _one_pool(self, data: st.DataObject) -> tuple[str, Known, str]:
        pairs = [(c, pool) for c, known in self.known.items() for pool in known.pools]
        cluster_id, pool_id = data.draw(st.sampled_from(pairs))
        return cluster_id, self.known[cluster_id], pool_id


SETTINGS = settings(
    max_examples=5, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
Clusters.TestCase.settings = SETTINGS
TestClusters = Clusters.TestCase


class ManyClusters(Clusters):
    """The same, at greater length."""


ManyClusters.TestCase.settings = settings(SETTINGS, max_examples=25, stateful_step_count=40)
TestManyClusters = pytest.mark.timeout(900)(pytest.mark.long(ManyClusters.TestCase))
