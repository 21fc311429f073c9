from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackgpu import naming

PARTS = ("account", "region", "cluster", "run", "step")


def token(**parts: str) -> str:
    return naming.client_token(**{part: parts.get(part, "x") for part in PARTS})


@given(st.text(), st.text())
def test_client_tokens_are_ascii_and_short_enough(account, cluster):
    found = token(account=account, cluster=cluster)
    assert found.isascii()
    assert len(found) <= 64


def test_the_same_request_has_the_same_token_in_any_process():
    assert token(step="vpc") == "ackgpu-2e025219ab2bd19eb5c316c6b04cf634bc0605ba"


@pytest.mark.parametrize("part", PARTS)
def test_another_part_makes_another_token(part):
    assert token(**{part: "other"}) != token()


def test_parts_do_not_run_into_each_other():
    assert token(cluster="a", run="b") != token(cluster="ab", run="")


def test_run_ids_sort_by_time_and_differ():
    start = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    first = naming.run_id(start, b"one")
    assert first.startswith("20261124T090000Z-")
    assert naming.run_id(start, b"two") != first
    assert naming.run_id(start + timedelta(seconds=1), b"one") > first


def test_ownership_tags_say_whose_it_is_and_until_when():
    shanghai = timezone(timedelta(hours=8))
    expires = datetime(2026, 11, 24, 17, 0, tzinfo=shanghai)
    tags = naming.ownership_tags(cluster="demo", run="r1", expires=expires)
    assert tags == {
        "ackgpu:cluster": "demo",
        "ackgpu:run": "r1",
        "ackgpu:expires-at": "2026-11-24T09:00:00Z",
    }
    assert naming.cluster_name_from_tags(tags) == "demo"
    assert naming.expiry_from_tags(tags) == expires


def test_tags_keep_within_the_narrowest_limits():
    longest = "课" * 63
    start = datetime(2026, 11, 24, tzinfo=UTC)
    tags = naming.ownership_tags(cluster=longest, run=naming.run_id(start, b""), expires=start)
    assert all(0 < len(key) <= 64 and len(value) <= 128 for key, value in tags.items())
    assert not any(key.startswith(("aliyun", "acs:")) for key in tags)


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"ackgpu:expires-at": "soon"},
        {"ackgpu:expires-at": "2026-11-24T09:00:00Z", "ackgpu:hold": "true"},
    ],
)
def test_nothing_expires_without_a_readable_time_or_while_held(tags):
    assert naming.expiry_from_tags(tags) is None


@pytest.mark.parametrize("value", ["true", "TRUE", "True", "yes", "1", "on", "please", " true "])
def test_any_word_that_is_no_denial_holds(value):
    assert naming.is_held({"ackgpu:hold": value})


@pytest.mark.parametrize("value", ["", " ", "false", "False", "NO", "0"])
def test_a_denial_holds_nothing(value):
    assert not naming.is_held({"ackgpu:hold": value})


@pytest.mark.parametrize("value", ["soon", "2026-11-24", "2026-13-01T00:00:00Z", " "])
def test_an_expiry_that_is_no_time_is_told_from_none(value):
    assert naming.unreadable_expiry({"ackgpu:expires-at": value}) == value


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"ackgpu:expires-at": ""},
        {"ackgpu:expires-at": "2026-11-24T09:00:00Z"},
        {"ackgpu:expires-at": "soon", "ackgpu:hold": "true"},
    ],
)
def test_nothing_is_unreadable_without_an_expiry_or_where_none_counts(tags):
    assert naming.unreadable_expiry(tags) == ""


def test_what_is_not_ours_has_no_cluster():
    assert naming.cluster_name_from_tags({"team": "ml"}) is None
    assert naming.cluster_name_from_tags({"ackgpu:cluster": ""}) is None


@pytest.mark.parametrize("name", ["demo", "Demo-1", "课堂-1", "1", "a" * 63])
def test_names_that_ack_takes(name):
    assert naming.problem_with_cluster_name(name) == ""


@pytest.mark.parametrize("name", ["", "-a", "a_b", "a b", "a.b", "a" * 64, "é", "a\n"])
def test_names_that_ack_refuses(name):
    assert naming.problem_with_cluster_name(name)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("", "x"),
        ("k" * 65, "x"),
        ("k", "v" * 129),
        ("ackgpu:run", "x"),
        ("Aliyun-x", "x"),
        ("k", "acs:x"),
        ("k", "see https://example.com"),
    ],
)
def test_tags_that_the_cloud_or_ackgpu_keeps_are_refused(key, value):
    assert naming.problem_with_tag(key, value)


def test_an_ordinary_tag_is_fine():
    assert naming.problem_with_tag("team", "ml") == ""


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("ackgpu-demo-snat-k", True),
        ("ackgpu-demo-snat-k-pods", True),
        ("ackgpu-demo-snat-snat-k", False),
        ("ackgpu-demo-snat-x-snat-k", False),
        ("ackgpu-demo-snat", False),
    ],
)
def test_names_of_a_cluster_that_begins_alike_are_told_apart(name: str, *, is_ours: bool) -> None:
    assert naming.is_zone_resource(name, "demo", "snat") is is_ours
