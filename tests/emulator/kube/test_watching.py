"""Watches: what changed since a version, what changes from then on."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import NODES, PODS, TABLE, Api, pod
from tests.emulator.kube.clusters import write_node

CONFIGS = "/api/v1/namespaces/default/configmaps"
MERGE = "application/merge-patch+json"


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    return Api(emulator, cluster)


def named(events: list[Any]) -> list[tuple[str, str]]:
    return [(row["type"], row["object"]["metadata"].get("name", "")) for row in events]


def test_without_a_version_every_object_is_added_first(
    emulator: Emulator, cluster: str, api: Api
) -> None:
    name = write_node(emulator, cluster)
    assert named(api.events(NODES)) == [("ADDED", name)]


def test_from_a_version_only_what_came_after_it(api: Api) -> None:
    api.create(CONFIGS, {"metadata": {"name": "before"}})
    version = api.get(CONFIGS)["metadata"]["resourceVersion"]
    api.create(CONFIGS, {"metadata": {"name": "after"}})
    path = f"{CONFIGS}/before"
    api("DELETE", path)
    events = api.events(CONFIGS, resourceVersion=version)
    assert sorted(named(events)) == [("ADDED", "after"), ("DELETED", "before")]


def test_what_time_brings_is_an_event(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    name = write_node(emulator, cluster, t_join=0.0, t_ready=0.0, t_gpu=90.0)
    version = api.get(NODES)["metadata"]["resourceVersion"]
    assert api.events(NODES, resourceVersion=version) == []
    clock.advance(91)
    events = api.events(NODES, resourceVersion=version)
    assert named(events) == [("MODIFIED", name)]
    assert events[0]["object"]["status"]["allocatable"]["nvidia.com/gpu"] == "1"


def test_changes_arrive_while_the_watch_is_open(api: Api) -> None:
    version = api.get(CONFIGS)["metadata"]["resourceVersion"]
    path = f"{CONFIGS}/x"
    with api.following(CONFIGS, resourceVersion=version) as events:
        api.create(CONFIGS, {"metadata": {"name": "x"}})
        assert named([next(events)]) == [("ADDED", "x")]
        api("PATCH", path, {"data": {"a": "b"}}, content_type=MERGE)
        assert named([next(events)]) == [("MODIFIED", "x")]
        api("DELETE", path)
        assert named([next(events)]) == [("DELETED", "x")]


def test_an_object_that_leaves_the_selection_is_deleted_for_the_watcher(api: Api) -> None:
    api.create(CONFIGS, {"metadata": {"name": "x", "labels": {"a": "b"}}})
    with api.following(CONFIGS, labelSelector="a=b") as events:
        assert named([next(events)]) == [("ADDED", "x")]
        change = {"metadata": {"labels": {"a": None}}}
        api("PATCH", f"{CONFIGS}/x", change, content_type=MERGE)
        assert named([next(events)]) == [("DELETED", "x")]


def test_an_object_made_again_under_its_name_is_another(api: Api) -> None:
    api.create(CONFIGS, {"metadata": {"name": "x"}})
    with api.following(CONFIGS, fieldSelector="metadata.name=x") as events:
        first = next(events)["object"]["metadata"]["uid"]
        api("DELETE", f"{CONFIGS}/x")
        api.create(CONFIGS, {"metadata": {"name": "x"}})
        assert next(events)["type"] == "DELETED"
        again = next(events)
        assert again["type"] == "ADDED"
        assert again["object"]["metadata"]["uid"] != first


def test_a_version_that_is_too_old_is_410(api: Api, clock: ManualClock) -> None:
    version = api.get(PODS)["metadata"]["resourceVersion"]
    clock.advance(3601)
    answer = api("GET", PODS, watch="true", resourceVersion=version, timeoutSeconds=1)
    assert (answer.status, answer.body["reason"]) == (410, "Expired")


def test_initial_events_end_with_a_bookmark(emulator: Emulator, cluster: str, api: Api) -> None:
    write_node(emulator, cluster)
    events = api.events(
        NODES, sendInitialEvents="true", allowWatchBookmarks="true",
        resourceVersionMatch="NotOlderThan",
    )  # fmt: skip
    assert [row["type"] for row in events] == ["ADDED", "BOOKMARK"]
    annotations = events[1]["object"]["metadata"]["annotations"]
    assert annotations == {"k8s.io/initial-events-end": "true"}


def test_a_watch_may_be_of_one_object_and_as_a_table(
    emulator: Emulator, cluster: str, api: Api
) -> None:
    for index in range(2):
        write_node(emulator, cluster, index)
    field = "metadata.name=cn-hangzhou.192.168.0.1"
    answer = api("GET", NODES, accept=TABLE, watch="1", fieldSelector=field, timeoutSeconds=1)
    assert answer.body["object"]["kind"] == "Table"
    assert len(answer.body["object"]["rows"]) == 1


def test_a_pods_way_shows_as_its_steps(
    emulator: Emulator, cluster: str, api: Api, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    made = api.create(PODS, pod("p", "sleep", "infinity"))
    version = made["metadata"]["resourceVersion"]
    clock.advance(20)
    (event,) = api.events(PODS, resourceVersion=version)
    assert event["object"]["status"]["phase"] == "Running"
