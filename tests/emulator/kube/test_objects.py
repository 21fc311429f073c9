"""Patches, ownership, quantities, protobuf and the serial forms: pure functions."""

from __future__ import annotations

import copy
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ackgpu.emulator.kube.ages import short
from ackgpu.emulator.kube.managed_fields import flat, nested, paths_of
from ackgpu.emulator.kube.patches import json_patch, strategic_merge
from ackgpu.emulator.kube.protobuf import decode
from ackgpu.emulator.kube.selectors import matches
from ackgpu.emulator.kube.status import KubeError
from ackgpu.emulator.shared.merge_patches import merge_difference, merge_patch
from ackgpu.emulator.shared.quantities import amount, shown
from ackgpu.emulator.spdy import DICTIONARY

LEAVES = st.one_of(st.booleans(), st.integers(), st.text(max_size=5))
OBJECTS: Any = st.dictionaries(
    st.text("abc", min_size=1, max_size=2),
    st.recursive(
        LEAVES,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3),
        ),
        max_leaves=8,
    ),
    max_size=4,
)


@pytest.mark.long
@given(OBJECTS, OBJECTS)
def test_a_difference_leads_from_one_object_to_the_other(old: Any, new: Any) -> None:
    before = copy.deepcopy(old)
    assert merge_patch(old, merge_difference(old, new)) == new
    assert old == before


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine
@given(OBJECTS)
def test_a_strategic_merge_of_an_object_onto_itself_changes_nothing(obj: Any) -> None:
    assert strategic_merge(obj, obj) == obj


@given(OBJECTS)
def test_owned_fields_survive_their_nested_form(obj: Any) -> None:
    paths = paths_of({"spec": obj})
    assert flat(nested(paths)) == paths


def test_strategic_directives() -> None:
    target = {"env": [{"name": "a", "value": "1"}, {"name": "b"}], "finalizers": ["x", "y"]}
    patch = {
        "env": [{"name": "c"}, {"name": "a", "$patch": "delete"}],
        "$setElementOrder/env": [{"name": "c"}, {"name": "b"}],
        "finalizers": ["z"],
        "$deleteFromPrimitiveList/finalizers": ["x"],
    }
    merged = strategic_merge(target, patch)
    assert merged["env"] == [{"name": "c"}, {"name": "b"}]
    assert set(merged["finalizers"]) == {"y", "z"}
    assert strategic_merge({"a": {"b": 1}}, {"a": {"$patch": "replace", "c": 2}}) == {"a": {"c": 2}}
    kept = strategic_merge({"a": {"b": 1, "c": 2}}, {"a": {"$retainKeys": ["c"], "c": 3}})
    assert kept == {"a": {"c": 3}}


@pytest.mark.parametrize(
    ("operations", "result"),
    [
        ([{"op": "add", "path": "/a/-", "value": 3}], {"a": [1, 2, 3]}),
        ([{"op": "remove", "path": "/a/0"}], {"a": [2]}),
        ([{"op": "copy", "from": "/a", "path": "/b~1c"}], {"a": [1, 2], "b/c": [1, 2]}),
        ([{"op": "move", "from": "/a", "path": "/b"}], {"b": [1, 2]}),
        ([{"op": "replace", "path": "", "value": {}}], {}),
    ],
)
def test_json_patches(operations: Any, result: Any) -> None:
    assert json_patch({"a": [1, 2]}, operations) == result


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "remove", "path": "/none"}],
        [{"op": "replace", "path": "/none", "value": 1}],
        [{"op": "test", "path": "/a/0", "value": 9}],
        [{"op": "add", "path": "/a/9x", "value": 1}],
        [{"op": "fly", "path": "/a"}],
        [7],
    ],
)
def test_json_patches_that_cannot_be_done_are_refused(operations: Any) -> None:
    with pytest.raises(KubeError) as error:
        json_patch({"a": [1, 2]}, operations)
    assert error.value.code == 422


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("100m", Decimal("0.1")), ("1Gi", 2**30), ("2k", 2000), ("1.5", Decimal("1.5"))],
)
def test_quantities(text: str, number: Any) -> None:
    assert amount(text) == number


@pytest.mark.parametrize("text", ["", "x", "1Q", "Gi", "1 2"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- decimal's and our own
        amount(text)


def test_quantities_are_shown_in_thousandths_where_they_are_no_integers() -> None:
    assert (shown(Decimal("1.5")), shown(Decimal(2))) == ("1500m", "2")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (119, "119s"), (120, "2m"), (192, "3m12s"), (3600, "60m"), (10900, "3h1m"),
     (90000, "25h"), (200000, "2d7h"), (900000, "10d")],
)  # fmt: skip
def test_ages_read_as_kubectl_shows_them(seconds: int, text: str) -> None:
    assert short(seconds) == text


def test_selectors_as_objects() -> None:
    labels = {"a": "1", "n": "5"}
    rows = [
        ({"key": "a", "operator": "In", "values": ["1"]}, True),
        ({"key": "a", "operator": "NotIn", "values": ["1"]}, False),
        ({"key": "b", "operator": "Exists"}, False),
        ({"key": "b", "operator": "DoesNotExist"}, True),
        ({"key": "n", "operator": "Gt", "values": ["4"]}, True),
        ({"key": "n", "operator": "Lt", "values": ["x"]}, False),
    ]
    for row, holds in rows:
        assert matches({"matchExpressions": [row]}, labels) is holds


def field(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | 2, len(payload)]) + payload


def envelope(api_version: bytes, kind: bytes, raw: bytes) -> bytes:
    meta = field(1, api_version) + field(2, kind)
    return b"k8s\x00" + field(1, meta) + field(2, raw)


def test_a_protobuf_body_becomes_the_object_it_stands_for() -> None:
    label = field(1, b"app") + field(2, b"web")
    metadata = field(1, b"settings") + field(3, b"team") + field(11, label)
    data = field(1, b"k") + field(2, b"v")
    body = envelope(b"v1", b"ConfigMap", field(1, metadata) + field(2, data))
    assert decode(body) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "team", "labels": {"app": "web"}},
        "data": {"k": "v"},
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"k8s\x00",
        b"k8s\x00\xff\xff",
        envelope(b"v1", b"Widget", b""),
        envelope(b"v1", b"ConfigMap", b"\x0a\x7f"),
        envelope(b"v1", b"ConfigMap", b"\x0b"),
    ],
)
def test_a_protobuf_body_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(KubeError) as error:
        decode(body)
    assert error.value.code == 400


@given(st.binary(max_size=60))
def test_no_protobuf_body_breaks_the_decoder(raw: bytes) -> None:
    with suppress(KubeError):
        assert decode(envelope(b"v1", b"Pod", raw))["kind"] == "Pod"


def test_the_spdy_dictionary_is_the_specifications() -> None:
    import zlib

    assert (len(DICTIONARY), zlib.adler32(DICTIONARY)) == (1423, 0xE3C6A7C2)
