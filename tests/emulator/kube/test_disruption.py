"""PodDisruptionBudgets, and evictions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import DEPLOYMENTS, PODS, Answer, Api, deployment
from tests.emulator.kube.clusters import write_node
from tests.emulator.kube.conftest import Kubectl

BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
MERGE = "application/merge-patch+json"


@pytest.fixture
def api(emulator: Emulator, cluster: str, clock: ManualClock) -> Api:
    """A cluster of two nodes in which three pods run."""
    for index in range(2):
        write_node(emulator, cluster, index)
    found = Api(emulator, cluster)
    found.create(DEPLOYMENTS, deployment(replicas=3))
    clock.advance(30)
    return found


def budget(name: str = "keep", **spec: Any) -> dict[str, Any]:
    selector = {"selector": {"matchLabels": {"app": "d"}}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {**selector, **spec},
    }


def names(api: Api) -> list[str]:
    rows = api.get(PODS)["items"]
    return [row["metadata"]["name"] for row in rows if "deletionTimestamp" not in row["metadata"]]


def evict(api: Api, name: str) -> Answer:
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    return api("POST", f"{PODS}/{name}/eviction", body)


@pytest.mark.parametrize(
    ("spec", "desired", "allowed"),
    [
        ({"minAvailable": 2}, 2, 1),
        ({"minAvailable": "50%"}, 2, 1),
        ({"minAvailable": "100%"}, 3, 0),
        ({"maxUnavailable": 1}, 2, 1),
        ({"maxUnavailable": "34%"}, 1, 2),
        ({"maxUnavailable": 0}, 3, 0),
    ],
)
def test_a_budget_says_how_many_disruptions_it_allows(
    api: Api, spec: dict[str, Any], desired: int, allowed: int
) -> None:
    api.create(BUDGETS, budget(**spec))
    status = api.get(f"{BUDGETS}/keep")["status"]
    assert (status["expectedPods"], status["currentHealthy"]) == (3, 3)
    assert (status["desiredHealthy"], status["disruptionsAllowed"]) == (desired, allowed)


def test_an_eviction_that_would_break_a_budget_is_refused_in_the_servers_words(api: Api) -> None:
    api.create(BUDGETS, budget(minAvailable=2))
    first, second, _ = names(api)
    assert evict(api, first).status == 201
    refused = evict(api, second)
    assert refused.status == 429
    assert refused.body["reason"] == "TooManyRequests"
    assert refused.body["message"] == (
        "Cannot evict pod as it would violate the pod's disruption budget."
    )
    assert refused.body["details"]["causes"] == [
        {
            "reason": "DisruptionBudget",
            "message": "The disruption budget keep needs 2 healthy pods and has 2 currently",
        }
    ]


def test_it_is_allowed_again_once_another_pod_runs(api: Api, clock: ManualClock) -> None:
    api.create(BUDGETS, budget(minAvailable=2))
    first, second, _ = names(api)
    evict(api, first)
    clock.advance(60)
    assert evict(api, second).status == 201


def test_two_budgets_of_one_pod_are_no_answer(api: Api) -> None:
    api.create(BUDGETS, budget(minAvailable=1))
    api.create(BUDGETS, budget("other", minAvailable=1))
    refused = evict(api, names(api)[0])
    assert refused.status == 500
    assert "more than one PodDisruptionBudget" in refused.body["message"]


def test_without_a_budget_a_pod_is_evicted(api: Api) -> None:
    assert evict(api, names(api)[0]).status == 201


@pytest.mark.long
def test_kubectl_drains_and_obeys(kubectl: Kubectl) -> None:
    kubectl("create", "deployment", "d", "--image=busybox", "--replicas=1", "--", "sleep", "9d")
    kubectl("wait", "--for=condition=Available", "deployment/d", "--timeout=60s")
    pod = kubectl.json("get", "pods", "-l", "app=d")["items"][0]
    node = pod["spec"]["nodeName"]
    kubectl("apply", "-f", "-", stdin=json.dumps(budget(minAvailable=1)))
    refused = kubectl.run("drain", node, "--ignore-daemonsets", "--timeout=2s")
    assert refused.returncode != 0
    assert "would violate the pod's disruption budget" in refused.stderr
    assert "keep" in kubectl("get", "pdb")
    kubectl("delete", "pdb", "keep")
    kubectl("drain", node, "--ignore-daemonsets", "--timeout=60s")
