"""Whatever state a cluster, a pool or an add-on is in: an operation is done or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from ackgpu.emulator.cs import PRODUCT
from ackgpu.emulator.cs.states import ADDON, CLUSTER, POOL
from tests.emulator.cs.ack import Ack
from tests.emulator.cs.test_attach import run_instance

STATES = [
    (kind, state)
    for kind, lifecycle in (("cluster", CLUSTER), ("nodepool", POOL), ("addon", ADDON))
    for state in sorted({state for pair in lifecycle.allowed for state in pair})
]
ADDON_NAME = "metrics-server"


class Account:
    """A cluster with a pool of two nodes, and an instance that is no node."""

    def __init__(self, ack: Ack) -> None:
        self.ack = ack
        self.cluster_id = ack.make_cluster(kubernetes_version="1.34")
        self.pool_id = ack.make_pool(self.cluster_id)
        self.instance_id = run_instance(ack)
        self.next_version = ack.detail(self.cluster_id)["next_version"]
        node = ack.nodes(self.cluster_id)[0]
        self.path = {
            "cluster_id": self.cluster_id,
            "clusterid": self.cluster_id,
            "nodepool_id": self.pool_id,
            "component_id": ADDON_NAME,
            "instance_name": ADDON_NAME,
            "resource_type": "SLB",
            "check_id": "none",
            "uid": "1",
        }
        self.node_name, self.node_id = node["node_name"], node["instance_id"]

    def requests(self) -> Iterator[tuple[str, Any, Mapping[str, str]]]:
        """Each operation on a cluster or what is in it: what it needs in the body, the query."""
        needs = self.needs()
        for name, operation in PRODUCT.operations.items():
            if "{cluster" in operation.path:
                for body, query in needs.get(name, [({}, {})]):
                    yield name, body, query

    def needs(self) -> dict[str, list[tuple[Any, Mapping[str, str]]]]:
        pool = self.ack.pool_request("another", 1)
        nodes = {"nodes": [self.node_name]}
        addon = {"name": ADDON_NAME, "component_name": ADDON_NAME, "next_version": "v9"}
        return {
            "AttachInstances": [
                ({"instances": [self.instance_id], "nodepool_id": self.pool_id}, {})
            ],
            "AttachInstancesToNodePool": [({"instances": [self.instance_id]}, {})],
            "CreateClusterNodePool": [(pool, {})],
            "DeleteClusterNodepool": [({}, {"force": "true"})],
            "DeleteClusterNodes": [(nodes, {})],
            "InstallClusterAddons": [([addon], {})],
            "ModifyCluster": [
                ({"timezone": "UTC"}, {}),
                ({"api_server_eip": True}, {}),
            ],
            "ModifyClusterAddon": [({"config": "{}"}, {})],
            "ModifyClusterNodePool": [
                ({"scaling_group": {"desired_size": 3}}, {}),
                ({"scaling_group": {"desired_size": 1}}, {}),
                ({"kubernetes_config": {"unschedulable": True}}, {}),
            ],
            "ModifyClusterTags": [([{"key": "a", "value": "b"}], {})],
            "ModifyNodePoolNodeConfig": [({"kubelet_config": {"maxPods": 60}}, {})],
            "RemoveClusterNodes": [(nodes, {})],
            "RemoveNodePoolNodes": [({}, {"instance_ids": f'["{self.node_id}"]'})],
            "ScaleClusterNodePool": [({"count": 1}, {})],
            "UnInstallClusterAddons": [([addon], {})],
            "UpgradeCluster": [({"next_version": self.next_version}, {})],
            "UpgradeClusterAddons": [([addon], {})],
        }

    def ask(self, name: str, body: Any, query: Mapping[str, str]) -> str:
        """The code that it is refused with; empty where it is done."""
        operation = PRODUCT.operations[name]
        path = operation.path.format_map(self.path)
        with suppress(Exception):  # the SDK cannot read an answer without a body
            self.ack.raw(name, operation.method, path, body, query)
        latest = list(self.ack.emulator.requests)[-1]
        assert latest.action == name
        return latest.code

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Take back what happens within."""
        backend = self.ack.emulator.backend
        with backend.transaction() as session:
            before = [
                doc
                for kind in session.kinds(at=backend.timeline_now(session))
                for doc in session.find(kind)
            ]
        yield
        with backend.transaction(write=True) as session:
            for doc in before:
                session.put(doc)
            known = {(doc.kind, doc.id) for doc in before}
            for kind in session.kinds(at=backend.timeline_now(session)):
                for doc in session.find(kind):
                    if (kind, doc.id) not in known:
                        session.remove(kind, doc.id)

    def put_in_state(self, kind: str, state: str) -> None:
        """Let everything of a kind have been in ``state`` ever since."""
        with self.ack.emulator.backend.transaction(write=True) as session:
            for doc in session.find(kind):
                doc.body |= {"phases": [[doc.created_at, state]], "delete_task_id": "T-1"}
                session.put(doc)


@pytest.fixture
def account(ack: Ack) -> Account:
    return Account(ack)


@pytest.mark.sweep
@pytest.mark.parametrize(("kind", "state"), STATES)
def test_no_operation_fails_of_a_state(account: Account, kind: str, state: str) -> None:
    account.put_in_state(kind, state)
    failed = []
    for request in account.requests():
        with account.undone():
            if account.ask(*request) == "InternalError":
                failed.append(request)
    assert failed == []


def test_where_nothing_is_under_way_the_changes_are_done(account: Account) -> None:
    """So that above they are refused for the states, and not for what they ask."""
    refused = []
    for name, requests in account.needs().items():
        for body, query in requests:
            with account.undone():
                refused += [(name, body, code)] if (code := account.ask(name, body, query)) else []
    assert refused == []


@pytest.mark.parametrize("action", ["RepairClusterNodePool", "UpgradeClusterNodepool"])
def test_a_pool_that_failed_is_neither_repaired_nor_upgraded(account: Account, action: str) -> None:
    account.put_in_state("nodepool", "failed")
    assert account.ask(action, {}, {}) == "InvalidNodePoolStatus.Forbidden"


def test_a_cluster_takes_a_pool_with_it_that_is_being_deleted(account: Account) -> None:
    ack = account.ack
    ack.emulator.set_faults({"faults": [{"kind": "pool_delete_failed", "pool": "gpu"}]})
    assert account.ask("DeleteClusterNodepool", {}, {"force": "true"}) == ""
    assert account.ask("DeleteCluster", {}, {}) == ""
    ack.clock.advance(3600)
    assert ack.refusal("DescribeClusterDetail", account.cluster_id)[1] == 404
