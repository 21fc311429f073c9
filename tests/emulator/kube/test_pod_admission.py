"""What stands against pods: quotas, ranges, PodSecurity, a webhook; and pods that are evicted."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import DEPLOYMENTS, PODS, Api, deployment, pod
from tests.emulator.kube.clusters import write_node

MERGE = "application/merge-patch+json"
QUOTAS = "/api/v1/namespaces/default/resourcequotas"
RANGES = "/api/v1/namespaces/default/limitranges"
REPLICA_SETS = "/apis/apps/v1/namespaces/default/replicasets"


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    write_node(emulator, cluster)
    return Api(emulator, cluster)


def quota(**hard: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "q"},
        "spec": {"hard": {name.replace("_", "."): value for name, value in hard.items()}},
    }


def failure(api: Api, path: str = f"{DEPLOYMENTS}/d") -> str:
    """The message of the condition ReplicaFailure; empty without one."""
    rows = api.get(path)["status"].get("conditions") or []
    return next((row["message"] for row in rows if row["type"] == "ReplicaFailure"), "")


def test_a_quota_refuses_pods_and_their_deployment_says_why(api: Api) -> None:
    api.create(QUOTAS, quota(pods="0"))
    refused = api("POST", PODS, pod("p"))
    why = "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"
    assert (refused.status, refused.body["reason"]) == (403, "Forbidden")
    assert refused.body["message"] == f'pods "p" is forbidden: {why}'
    api.create(DEPLOYMENTS, deployment())
    assert failure(api).endswith(f"is forbidden: {why}")
    [replica_set] = api.get(REPLICA_SETS)["items"]
    assert failure(api, f"{REPLICA_SETS}/{replica_set['metadata']['name']}") == failure(api)
    assert api.get(PODS)["items"] == []


def test_a_quota_that_is_raised_lets_the_pods_come(api: Api) -> None:
    api.create(QUOTAS, quota(pods="1"))
    api.create(DEPLOYMENTS, deployment(replicas=2))
    assert "used: pods=1" in failure(api)
    assert api.get(f"{QUOTAS}/q")["status"]["used"] == {"pods": "1"}
    raised = {"spec": {"hard": {"pods": "2"}}}
    assert api("PATCH", f"{QUOTAS}/q", raised, content_type=MERGE).status == 200
    assert failure(api) == ""
    assert len(api.get(PODS)["items"]) == 2


def test_a_quota_on_gpus_counts_them(api: Api) -> None:
    api.create(QUOTAS, quota(**{"requests_nvidia.com/gpu": "1"}))
    limits = {"nvidia.com/gpu": "1"}
    api.create(PODS, pod("first", limits=limits))
    refused = api("POST", PODS, pod("second", limits=limits))
    assert "limited: requests.nvidia.com/gpu=1" in refused.body["message"]
    api.create(PODS, pod("without"))


def test_a_quota_on_memory_wants_to_be_told_of_it(api: Api) -> None:
    api.create(QUOTAS, quota(requests_memory="1Gi"))
    refused = api("POST", PODS, pod("p"))
    assert "failed quota: q: must specify requests.memory for: c" in refused.body["message"]


def test_a_range_refuses_what_lies_outside(api: Api) -> None:
    row = {"type": "Container", "min": {"memory": "64Mi"}, "max": {"memory": "1Gi"}}
    body = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "r"},
            "spec": {"limits": [row]}}  # fmt: skip
    api.create(RANGES, body)
    small = api("POST", PODS, pod("p", limits={"memory": "1Mi"}))
    words = "minimum memory usage per Container is 64Mi, but request is 1Mi"
    assert small.body["message"] == f'pods "p" is forbidden: {words}'
    large = api("POST", PODS, pod("p", limits={"memory": "2Gi"}))
    assert "maximum memory usage per Container is 1Gi, but limit is 2Gi" in large.body["message"]
    api.create(PODS, pod("p", limits={"memory": "512Mi"}))


def test_pod_security_restricted_names_all_that_is_missing(api: Api) -> None:
    labels = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    path = "/api/v1/namespaces/default"
    assert api("PATCH", path, labels, content_type=MERGE).status == 200
    refused = api("POST", PODS, pod("p"))
    assert refused.status == 403
    for words in (
        'violates PodSecurity "restricted:latest"', "allowPrivilegeEscalation != false",
        "unrestricted capabilities", "runAsNonRoot != true", "seccompProfile",
    ):  # fmt: skip
        assert words in refused.body["message"]
    good = pod("p", securityContext={"runAsNonRoot": True, "runAsUser": 1000,
                                     "seccompProfile": {"type": "RuntimeDefault"}})  # fmt: skip
    good["spec"]["containers"][0]["securityContext"] = {
        "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    api.create(PODS, good)


def test_a_webhook_refuses_in_its_own_words(emulator: Emulator, api: Api) -> None:
    emulator.set_faults({"faults": [{"kind": "pod_refused", "message": "no GPUs on Fridays"}]})
    api.create(DEPLOYMENTS, deployment())
    assert "denied the request: no GPUs on Fridays" in failure(api)


def test_an_evicted_pod_stays_and_another_takes_its_place(
    emulator: Emulator, api: Api, clock: ManualClock
) -> None:
    emulator.set_faults({"faults": [{"kind": "pod_evicted"}]})
    api.create(DEPLOYMENTS, deployment())
    clock.advance(30)
    pods = {row["status"]["phase"]: row for row in api.get(PODS)["items"]}
    assert set(pods) == {"Failed", "Running"}
    assert pods["Failed"]["status"]["reason"] == "Evicted"
    assert "low on resource" in pods["Failed"]["status"]["message"]
    assert api.get(f"{DEPLOYMENTS}/d")["status"]["readyReplicas"] == 1
    api("DELETE", f"{DEPLOYMENTS}/d", {"propagationPolicy": "Background"})
    clock.advance(60)
    assert api.get(PODS)["items"] == []


def test_throttling_says_when_to_come_back(emulator: Emulator, api: Api) -> None:
    emulator.set_faults({"faults": [{"kind": "kube_throttled", "times": 1, "retry_after": 3}]})
    refused = api("GET", PODS)
    assert (refused.status, refused.headers["retry-after"]) == (429, "3")
    assert api("GET", PODS).status == 200
