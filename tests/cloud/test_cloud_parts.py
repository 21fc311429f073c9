"""Paging, dates, tags and hand-written bodies."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ackgpu.cloud.aliyun.container_bodies import create_cluster, create_node_pool
from ackgpu.cloud.aliyun.container_records import release
from ackgpu.cloud.aliyun.pages import by_number, by_token, chunks
from ackgpu.cloud.aliyun.rows import amount, instant, number, tags_of
from ackgpu.cloud.api import AddonRequest, ClusterRequest, NodePoolRequest
from ackgpu.errors import LostReply


def told_apart(row: int) -> int:
    return row


def test_numbered_pages_are_read_to_their_total() -> None:
    pages = {1: [1, 2], 2: [3, 4], 3: [5]}
    asked: list[int] = []

    def fetch(page: int) -> tuple[list[int], int]:
        asked.append(page)
        return pages[page], 5

    assert by_number("A", fetch) == [1, 2, 3, 4, 5]
    assert asked == [1, 2, 3]


@pytest.mark.parametrize(
    ("page_of", "words"),
    [
        (lambda _: ([], 1), "A contradicts itself: it gave 0 rows and says TotalCount 1"),
        (lambda page: ([1, 2] if page == 1 else [], 3), "it gave 2 rows and says TotalCount 3"),
        (lambda _: ([1, 2], 4), "it gave 2 rows and says TotalCount 4"),
        (lambda page: ([page], 1_000_000_000 + page), "TotalCount was 1000000001 and then"),
        (lambda _: ([1, 2], 1), "it gave 2 rows and says TotalCount 1"),
        (lambda _: ([1], None), "A was answered without its TotalCount"),
        (lambda _: (None, 1), "A was answered without its list"),
    ],
    ids=["empty", "cut short", "repeated", "never ending", "too many", "no total", "no list"],
)
def test_numbered_pages_that_contradict_their_total_are_not_believed(
    page_of: Callable[[int], Any], words: str
) -> None:
    with pytest.raises(LostReply, match=words):
        by_number("A", page_of, key=told_apart)


def test_a_list_that_changed_between_its_pages_is_read_again_from_the_start() -> None:
    answers = iter([([1, 2], 4), ([3], 3), ([1, 2], 3), ([3], 3)])
    asked: list[int] = []

    def fetch(page: int) -> tuple[list[int], int]:
        asked.append(page)
        return next(answers)

    assert by_number("A", fetch, key=told_apart) == [1, 2, 3]
    assert asked == [1, 2, 1, 2]


def test_a_row_that_comes_twice_is_one_row() -> None:
    pages = {1: [1, 2], 2: [2, 3], 3: [4]}
    assert by_number("A", lambda page: (pages[page], 4), key=told_apart) == [1, 2, 3, 4]
    answers = {None: ([1, 2], "a"), "a": ([2, 3], "")}
    assert by_token("A", lambda token: answers[token], key=told_apart) == [1, 2, 3]


def test_rows_without_an_id_yet_are_rows_of_their_own() -> None:
    rows = [SimpleNamespace(id=""), SimpleNamespace(id="")]
    assert by_number("A", lambda _: (rows, 2), key=lambda row: row.id) == rows


def test_tokens_are_followed_until_one_is_empty() -> None:
    answers = {None: ([1], "a"), "a": ([2], "b"), "b": ([3], "")}
    assert by_token("A", lambda token: answers[token]) == [1, 2, 3]


def test_a_token_that_comes_twice_ends_in_an_error() -> None:
    with pytest.raises(LostReply, match="A contradicts itself: its NextToken came twice"):
        by_token("A", lambda _: ([1], "again"))


def test_tokens_without_end_end_in_an_error() -> None:
    tokens = map(str, itertools.count())
    with pytest.raises(LostReply, match="without an end to its pages"):
        by_token("A", lambda _: ([], next(tokens)))


def test_no_ids_means_all() -> None:
    assert chunks([], 2) == [None]
    assert chunks(["a", "b", "c"], 2) == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-09-16T19:14:47+08:00", datetime(2026, 9, 16, 11, 14, 47, tzinfo=UTC)),
        (
            "2026-09-16T19:17:49.109695065+08:00",
            datetime(2026, 9, 16, 11, 17, 49, 109695, tzinfo=UTC),
        ),
        ("2025-04-16T07:28:00Z", datetime(2025, 4, 16, 7, 28, tzinfo=UTC)),
        ("2025-04-16T07:28Z", datetime(2025, 4, 16, 7, 28, tzinfo=UTC)),
        ("2022-12-15 23:00:00", datetime(2022, 12, 15, 23, tzinfo=UTC)),
        ("", None),
        (None, None),
        ("yesterday", None),
    ],
)
def test_every_spelling_of_an_instant_is_read(text: str | None, expected: datetime | None) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize(
    ("value", "integer", "real"),
    [
        (3, 3, 3.0),
        ("3", 3, 3.0),
        ("3.5", 3, 3.5),
        (None, 0, None),
        ("", 0, None),
        ("many", 0, None),
        ([1], 0, None),
        ("NaN", 0, None),
        (float("inf"), 0, None),
        (10**400, 0, None),
    ],
)
def test_numbers_are_read_also_where_they_are_text(
    value: object, integer: int, real: float | None
) -> None:
    assert number(value) == integer
    assert amount(value) == real


def test_a_total_that_is_text_is_a_total() -> None:
    pages: dict[int, tuple[list[int], Any]] = {1: ([1, 2], "3"), 2: ([3], 3)}
    assert by_number("A", lambda page: pages[page], key=lambda row: row) == [1, 2, 3]


def test_both_spellings_of_tags_are_read() -> None:
    rows = [
        SimpleNamespace(key="a", value="1"),
        SimpleNamespace(tag_key="b", tag_value="2"),
        SimpleNamespace(key="c", value=None),
    ]
    assert tags_of(rows) == {"a": "1", "b": "2", "c": ""}
    assert tags_of(None) == {}


def test_versions_sort_by_number() -> None:
    texts = ["1.9.3-aliyun.1", "1.34.10-aliyun.1", "1.34.2-aliyun.1"]
    assert sorted(texts, key=release) == [texts[0], texts[2], texts[1]]


def cluster_request(**changes: Any) -> ClusterRequest:
    values: dict[str, Any] = {
        "name": "demo",
        "cluster_spec": "ack.pro.small",
        "version": "1.34.10-aliyun.1",
        "vpc_id": "vpc-1",
        "vswitch_ids": ("vsw-1",),
        "security_group_id": "sg-1",
        "pod_cidr": "172.20.0.0/16",
        "node_cidr_mask": 26,
        "public_endpoint": True,
        "ssh": False,
        "deletion_protection": False,
        "addons": (AddonRequest("flannel"),),
        "tags": {"k": "v"},
    }
    return ClusterRequest(**{**values, **changes})


def test_a_cluster_is_asked_for_without_empty_lists_and_without_pools() -> None:
    body = create_cluster(cluster_request(addons=()), region="cn-hangzhou", token="tok")
    assert "addons" not in body
    assert "nodepools" not in body
    assert body["vpcid"] == "vpc-1"
    assert body["node_cidr_mask"] == "26"
    assert body["client_token"] == "tok"
    assert body["snat_entry"] is False
    assert body["tags"] == [{"key": "k", "value": "v"}]


def test_terway_has_no_pod_cidr_and_its_vswitches_in_the_addon() -> None:
    addons = (AddonRequest("terway-eniip", '{"PodVswitchId":{"z":["vsw-a"]}}'),)
    request = cluster_request(pod_cidr="", addons=addons, security_group_id="")
    body = create_cluster(request, region="r", token="t")
    assert not {"container_cidr", "node_cidr_mask", "security_group_id"} & body.keys()
    assert body["addons"] == [{"name": "terway-eniip", "config": addons[0].config}]


def test_an_addon_goes_with_its_version_and_one_to_leave_out_says_so() -> None:
    addons = (AddonRequest("csi-plugin", version="v1.2"), AddonRequest("x", disabled=True))
    body = create_cluster(cluster_request(addons=addons), region="r", token="t")
    assert body["addons"] == [
        {"name": "csi-plugin", "version": "v1.2"},
        {"name": "x", "disabled": True},
    ]


def test_what_the_spec_passes_through_wins_object_by_object() -> None:
    extra = {"timezone": "UTC", "operation_policy": {"a": 1}, "tags": []}
    settings = {"timezone": "CET", "operation_policy.b": 2}
    request = cluster_request(extra=extra, settings=settings)
    body = create_cluster(request, region="r", token="t")
    assert body["operation_policy"] == {"a": 1, "b": 2}
    assert body["timezone"] == "UTC"
    assert body["tags"] == []
    assert body["name"] == "demo"


def pool_request(**changes: Any) -> NodePoolRequest:
    values: dict[str, Any] = {
        "name": "gpu",
        "instance_types": ("ecs.a", "ecs.b"),
        "desired": 0,
        "vswitch_ids": ("vsw-1",),
        "disk_category": "cloud_ssd",
        "disk_size_gib": 120,
        "charge_type": "PostPaid",
        "labels": {"l": "1"},
        "taints": (("k", "v", "NoSchedule"),),
        "tags": {"t": "u"},
    }
    return NodePoolRequest(**{**values, **changes})


def test_a_pool_is_asked_for_with_its_desired_size_even_when_it_is_none() -> None:
    body = create_node_pool(pool_request())
    group = body["scaling_group"]
    assert group["desired_size"] == 0
    assert not {"key_pair", "period", "spot_strategy", "data_disks", "security_group_ids"} & set(
        group
    )
    assert body["kubernetes_config"] == {
        "labels": [{"key": "l", "value": "1"}],
        "taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}],
    }


def test_a_spot_price_limit_is_text_for_each_type() -> None:
    group = create_node_pool(pool_request(spot=True, spot_price_limit=1.5))["scaling_group"]
    assert group["spot_strategy"] == "SpotWithPriceLimit"
    assert group["spot_price_limit"] == [
        {"instance_type": "ecs.a", "price_limit": "1.5"},
        {"instance_type": "ecs.b", "price_limit": "1.5"},
    ]
    assert create_node_pool(pool_request(spot=True))["scaling_group"]["spot_strategy"] == (
        "SpotAsPriceGo"
    )


def test_a_subscription_has_its_period_in_months() -> None:
    request = pool_request(charge_type="PrePaid", period=3, auto_renew=True)
    group = create_node_pool(request)["scaling_group"]
    assert (group["period"], group["period_unit"], group["auto_renew"]) == (3, "Month", True)


def test_a_passed_through_pool_setting_keeps_its_neighbours() -> None:
    request = pool_request(extra={"scaling_group": {"system_disk_size": 200}})
    group = create_node_pool(request)["scaling_group"]
    assert (group["system_disk_size"], group["system_disk_category"]) == (200, "cloud_ssd")
