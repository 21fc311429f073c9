"""What differs between specs, the way back to YAML, and the schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from ackgpu.spec.fingerprint import differences
from ackgpu.spec.load import SpecFlags, from_flags, load_file, load_text
from ackgpu.spec.model import document_of
from ackgpu.spec.render import to_yaml
from ackgpu.spec.schema import json_schema, keys_at

VALID = sorted((Path(__file__).parents[2] / "fixtures" / "specs" / "valid").glob("*.yaml"))


def demo(**flags: object):
    return from_flags(SpecFlags(name="demo", **flags))


SAME = [
    {"ttl": "3h"},
    {"timeout": "1h"},
    {"on_failure": "rollback"},
    {"max_hourly_price": 5.0},
    {"verify": False},
    {"nodes": 2},
    {"region": "cn-hangzhou"},
]
OTHER = [
    ({"nodes": 3}, "nodePools[gpu].desiredSize"),
    ({"region": "cn-shanghai"}, "metadata.region"),
    ({"kubernetes_version": "1.34"}, "metadata.version"),
    ({"public_endpoint": False}, "cluster.endpointPublicAccess"),
    ({"pod_cidr": "10.0.0.0/16"}, "network.podCidr"),
    ({"zones": ("cn-hangzhou-k",)}, "network.vswitches"),
    ({"instance_types": ("ecs.vgn5i-m4.2xlarge",)}, "nodePools[gpu].instanceTypes"),
]


@pytest.mark.parametrize("flags", SAME)
def test_how_a_run_goes_is_no_part_of_what_the_cluster_is(flags):
    assert differences(demo(), demo(**flags)) == []


@pytest.mark.parametrize(("flags", "key"), OTHER)
def test_what_makes_another_cluster_is_named(flags, key):
    assert [difference.key for difference in differences(demo(), demo(**flags))] == [key]


def test_a_difference_has_what_was_before_and_what_is_after():
    (difference,) = differences(demo(), demo(nodes=3))
    assert (difference.before, difference.after) == (2, 3)


def test_pools_that_come_and_go_are_differences():
    two = load_text(
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
        "nodePools: [{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge]},"
        " {name: more, instanceTypes: [ecs.vgn5i-m2.xlarge]}]",
        name="x.yaml",
    ).spec
    keys = {difference.key for difference in differences(demo(), two)}
    assert keys
    assert all(key.startswith("nodePools[more].") for key in keys)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
@pytest.mark.parametrize("defaults", [False, True], ids=["written", "all"])
def test_a_spec_written_as_yaml_loads_to_the_same(path, defaults):
    spec = load_file(path).spec
    text = to_yaml(spec, defaults=defaults)
    again = load_text(text, name="again.yaml").spec
    assert document_of(again) == document_of(spec)
    assert differences(spec, again) == []


def test_a_template_has_every_key_and_words_on_the_less_obvious():
    text = to_yaml(demo(), defaults=True)
    assert "podCidr: 172.20.0.0/16 # " in text
    assert "maxHourlyPrice: null # " in text
    assert "#" not in to_yaml(demo(), defaults=True, comments=False)


def test_what_was_not_written_is_not_in_a_short_spec():
    assert to_yaml(demo(), comments=False) == (
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata:\n  name: demo\n"
    )


def test_the_schema_speaks_the_words_of_the_file():
    schema = json_schema()
    assert schema["required"] == ["apiVersion", "kind"]
    assert schema["additionalProperties"] is False
    assert "nodePools" in schema["properties"]
    assert keys_at(["nodePools", 0, "systemDisk"]) == ("category", "size")
    assert keys_at(["metadata", "tags"]) == ()
    assert keys_at(["nowhere", 3]) == ()


def test_every_key_of_a_complete_document_is_in_the_schema():
    def check(value: object, path: list[str | int]) -> None:
        if isinstance(value, list):
            for index, item in enumerate(value):
                check(item, [*path, index])
        known = keys_at(path)
        if isinstance(value, dict) and known:
            assert set(value) <= set(known), path
            for key, inner in value.items():
                check(inner, [*path, key])

    check(document_of(load_file(VALID[0].with_name("complete.yaml")).spec), [])
