from __future__ import annotations

import pytest

from ackgpu.errors import SpecError, UsageError
from ackgpu.spec.load import SpecFlags, from_flags, load_file, load_text
from ackgpu.spec.model import ClusterSpec

HEAD = "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\n"


def spec_of(body: str) -> ClusterSpec:
    return load_text(HEAD + body, name="cluster.yaml").spec


def findings_of(**flags: object) -> list[str]:
    with pytest.raises(SpecError) as refused:
        from_flags(SpecFlags(**flags))
    return [str(finding) for finding in refused.value.findings]


def test_the_defaults_are_the_documented_cluster():
    spec = from_flags(SpecFlags(name="demo"))
    (pool,) = spec.node_pools
    assert (spec.region, spec.metadata.version) == ("cn-hangzhou", "auto")
    assert (pool.name, pool.desired_size) == ("gpu", 2)
    assert pool.instance_types == ("ecs.vgn5i-m2.xlarge",)
    assert (pool.disk_category, pool.system_disk.size) == ("cloud_ssd", 120)
    assert spec.cluster.spec == "ack.pro.small"
    assert spec.cluster.endpoint_public_access
    assert not spec.cluster.ssh
    assert spec.network.plugin == "flannel"
    assert [vswitch.zone for vswitch in spec.network.vswitches] == ["auto"]


# flags, and the file that says the same
EQUIVALENTS = [
    ({}, ""),
    ({"region": "ap-southeast-1"}, "metadata: {name: demo, region: ap-southeast-1}"),
    (
        {"zones": ("cn-hangzhou-k", "cn-hangzhou-j")},
        "network: {vswitches: [{zone: cn-hangzhou-k}, {zone: cn-hangzhou-j}]}",
    ),
    (
        {"instance_types": ("ecs.vgn7i-vws-m4.xlarge",), "nodes": 3},
        "nodePools: [{name: gpu, instanceTypes: [ecs.vgn7i-vws-m4.xlarge], desiredSize: 3}]",
    ),
    (
        {"vpc_id": "vpc-bp1a", "vswitch_ids": ("vsw-bp1a", "vsw-bp1b")},
        "network: {vpc: {id: vpc-bp1a}, vswitches: [{id: vsw-bp1a}, {id: vsw-bp1b}]}",
    ),
    ({"network": "terway"}, "network: {plugin: terway-eniip}"),
    ({"pod_cidr": "10.0.0.0/16"}, "network: {podCidr: 10.0.0.0/16}"),
    ({"service_cidr": "10.1.0.0/20"}, "cluster: {serviceCidr: 10.1.0.0/20}"),
    ({"kubernetes_version": "1.34"}, 'metadata: {name: demo, version: "1.34"}'),
    ({"cluster_spec": "ack.standard"}, "cluster: {spec: ack.standard}"),
    ({"public_endpoint": False}, "cluster: {endpointPublicAccess: false}"),
    (
        {"ssh": True, "key_pair": "mine"},
        (
            "cluster: {ssh: true}\n"
            "nodePools: [{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge], keyPair: mine}]"
        ),
    ),
    (
        {"spot": True},
        (
            "nodePools: [{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge],"
            " spot: {strategy: SpotAsPriceGo}}]"
        ),
    ),
    (
        {"spot": True, "spot_price_limit": 1.5},
        (
            "nodePools: [{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge],"
            " spot: {strategy: SpotWithPriceLimit, priceLimit: 1.5}}]"
        ),
    ),
    (
        {"charge_type": "PrePaid", "period": 12},
        (
            "nodePools: [{name: gpu, instanceTypes: [ecs.vgn5i-m2.xlarge],"
            " chargeType: PrePaid, period: 12}]"
        ),
    ),
    (
        {"ttl": "3h", "max_hourly_price": 20.0, "on_failure": "rollback", "timeout": "1h"},
        "lifecycle: {ttl: 3h, maxHourlyPrice: 20, onFailure: rollback, timeout: 1h}",
    ),
    ({"verify": False}, "verify: {level: none}"),
]


@pytest.mark.parametrize(("flags", "body"), EQUIVALENTS)
def test_flags_and_file_give_the_same_spec(flags, body):
    named = body if "metadata" in body else f"metadata: {{name: demo}}\n{body}"
    assert from_flags(SpecFlags(name="demo", **flags)) == spec_of(named)


def test_flags_override_the_file_and_leave_the_rest():
    base = spec_of(
        "metadata: {name: filed, tags: {team: ml}}\n"
        "nodePools: [{name: mine, instanceTypes: [ecs.vgn7i-vws-m4.xlarge], desiredSize: 5}]"
    )
    spec = from_flags(SpecFlags(name="demo", nodes=7), base)
    assert (spec.name, spec.metadata.tags) == ("demo", {"team": "ml"})
    assert (spec.node_pools[0].name, spec.node_pools[0].desired_size) == ("mine", 7)
    assert spec.node_pools[0].instance_types == ("ecs.vgn7i-vws-m4.xlarge",)


def test_no_flags_leave_a_file_as_it_is():
    base = spec_of("metadata: {name: filed}\nlifecycle: {ttl: 90m}")
    assert from_flags(SpecFlags(), base) == base


def test_verify_turns_a_level_of_none_on_again_and_keeps_another():
    off = spec_of("metadata: {name: demo}\nverify: {level: none}")
    deep = spec_of("metadata: {name: demo}\nverify: {level: cuda}")
    assert from_flags(SpecFlags(verify=True), off).verify.level == "allocatable"
    assert from_flags(SpecFlags(verify=True), deep).verify.level == "cuda"


def test_a_given_vpc_on_the_command_line_replaces_the_range_of_the_file():
    base = spec_of("metadata: {name: demo}\nnetwork: {vpc: {cidr: 10.0.0.0/8}}")
    spec = from_flags(SpecFlags(vpc_id="vpc-bp1a", vswitch_ids=("vsw-bp1a",)), base)
    assert spec.network.vpc.id == "vpc-bp1a"


def test_pool_flags_do_not_choose_among_several_pools_but_a_key_pair_is_for_all():
    base = spec_of(
        "metadata: {name: demo}\n"
        "nodePools:\n"
        "- {name: a, instanceTypes: [ecs.vgn7i-vws-m4.xlarge]}\n"
        "- {name: b, instanceTypes: [ecs.vgn7i-vws-m4.xlarge]}\n"
    )
    with pytest.raises(SpecError) as refused:
        from_flags(SpecFlags(nodes=3, period=1), base)
    assert [finding.where for finding in refused.value.findings] == ["--nodes", "--period"]
    spec = from_flags(SpecFlags(key_pair="mine"), base)
    assert [pool.key_pair for pool in spec.node_pools] == ["mine", "mine"]


def test_findings_name_the_flag_that_they_are_about():
    assert findings_of(name="demo", nodes=-1, network="terwy") == [
        (
            "--network: network.plugin: 'terwy' is not flannel or terway-eniip;"
            " did you mean 'terway-eniip'?"
        ),
        "--nodes: nodePools[0].desiredSize: must be 0 to 2000",
    ]


def test_zones_and_vswitch_ids_exclude_each_other():
    (finding,) = findings_of(
        name="demo", vpc_id="vpc-bp1a", zones=("cn-hangzhou-k",), vswitch_ids=("vsw-bp1a",)
    )[:1]
    assert finding.startswith("--zone: ")


def test_a_cluster_needs_a_name_from_somewhere():
    assert findings_of() == ["metadata.name: a cluster needs a name"]
    base = spec_of("cluster: {ssh: false}")
    assert base.name == ""
    assert from_flags(SpecFlags(name="demo"), base).name == "demo"


@pytest.mark.parametrize("metadata", ["metadata: [a]", "metadata:", "metadata: 5"])
def test_metadata_that_is_no_mapping_is_one_finding(metadata):
    with pytest.raises(SpecError) as refused:
        spec_of(metadata)
    assert [finding.key for finding in refused.value.findings] == ["metadata"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SpecError) as refused:
        load_file(tmp_path / "none.yaml")
    assert refused.value.findings[0].where == str(tmp_path / "none.yaml")
    assert "No such file" in refused.value.findings[0].message


def test_a_folder_and_bytes_are_no_spec(tmp_path):
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00k")
    for path, words in ((tmp_path, "Is a directory"), (binary, "is not UTF-8 text")):
        with pytest.raises(SpecError) as refused:
            load_file(path)
        assert words in refused.value.details[0]


def test_a_byte_order_mark_is_no_part_of_the_spec(tmp_path):
    path = tmp_path / "cluster.yaml"
    path.write_text("\ufeff" + HEAD + "metadata: {name: demo}\n", encoding="utf-8")
    assert load_file(path).spec.name == "demo"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: " + "x" * 262_145, "is too large for a spec"),
        ("- " * 3_000, "is nested too deeply"),
        ("a: \x00", "is not YAML"),
        ("? [a]\n: b\n", "a key must be a word"),
        ("a: *nowhere\n", "is not YAML"),
    ],
    ids=["large", "deep", "control character", "list as a key", "unknown alias"],
)
def test_hostile_text_is_refused_with_a_finding(text, words):
    with pytest.raises(SpecError) as refused:
        load_text(text, name="x.yaml")
    assert any(words in line for line in refused.value.details)


def test_scalars_are_read_as_yaml_1_2_reads_them():
    spec = spec_of(
        "metadata: {name: demo, tags: {day: 2026-11-24, yes: no}}\n"
        "nodePools: [{name: gpu, instanceTypes: [ecs.vgn7i-vws-m4.xlarge], desiredSize: 0x2}]"
    )
    assert spec.metadata.tags == {"day": "2026-11-24", "yes": "no"}
    assert spec.node_pools[0].desired_size == 2


def test_characters_that_json_escapes_in_halves_are_whole():
    spec = spec_of('metadata: {name: demo, tags: {face: "\\ud83d\\ude00", half: "\\ud83d"}}')
    assert spec.metadata.tags == {"face": "\U0001f600", "half": "\ufffd"}


@pytest.mark.parametrize("number", ["3", "2.5", "true"])
@pytest.mark.parametrize("key", ["ttl", "timeout"])
def test_a_number_without_a_unit_is_no_duration(key, number):
    with pytest.raises(SpecError) as refused:
        spec_of(f"metadata: {{name: demo}}\nlifecycle: {{{key}: {number}}}")
    (finding,) = refused.value.findings
    assert finding.key == f"lifecycle.{key}"
    assert finding.message.endswith("is not a duration such as 45m, 3h, 1h30m or 2d")


def test_a_price_limit_of_what_is_not_wanted_is_refused():
    with pytest.raises(UsageError, match="exclude each other"):
        from_flags(SpecFlags(name="demo", spot=False, spot_price_limit=1.5))
