"""What is exported is what stands: ackgpu finds nothing to change, and each id is there once."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.cli import Cli, cli_on

from ackgpu.cloud.api import NodePool
from ackgpu.commands.export import hcl
from ackgpu.spec.fingerprint import differences
from ackgpu.spec.load import load_file
from ackgpu.spec.model import ClusterSpec, document_of, parse
from ackgpu.spec.render import to_yaml
from ackgpu.steps.observed_pool import pool_document, unsupported_settings
from tests.cli.machines import TYPE, bodies, ecs_of

VALID = sorted((Path(__file__).parents[2] / "fixtures" / "specs" / "valid").glob("*.yaml"))
OPEN = {"imageType", "version", "zone", "cidr", "category"}
"""Keys of what a spec may leave to ackgpu or to ACK: an export says what was decided."""
ROOMY = {
    "limits": {"nodes_per_cluster": 200, "routes_per_table": 200, "vgpu_instances": 200},
    "stock": {f"ap-southeast-1{z}": {"ecs.vgn6i-m4-vws.xlarge": "WithStock"} for z in "ab"},
}

DOCUMENTED = {
    "alicloud_vpc": {"vpc_name", "cidr_block", "tags"},
    "alicloud_vswitch": {"vswitch_name", "vpc_id", "zone_id", "cidr_block", "tags"},
    "alicloud_security_group": {"security_group_name", "vpc_id", "tags"},
    "alicloud_security_group_rule": {
        "security_group_id", "type", "ip_protocol", "port_range", "nic_type", "policy", "priority",
        "cidr_ip", "source_security_group_id",
    },
    "alicloud_nat_gateway": {
        "nat_gateway_name", "vpc_id", "vswitch_id", "nat_type", "payment_type", "tags",
    },
    "alicloud_eip_address": {
        "address_name", "bandwidth", "internet_charge_type", "payment_type", "tags",
    },
    "alicloud_eip_association": {"allocation_id", "instance_id", "instance_type"},
    "alicloud_snat_entry": {
        "snat_entry_name", "snat_table_id", "source_vswitch_id", "snat_ip", "depends_on",
    },
    "alicloud_cs_managed_kubernetes": {
        "name", "cluster_spec", "version", "vswitch_ids", "security_group_id", "service_cidr",
        "pod_cidr", "pod_vswitch_ids", "node_cidr_mask", "proxy_mode", "timezone",
        "cluster_domain", "addons", "new_nat_gateway", "slb_internet_enabled",
        "deletion_protection", "tags", "lifecycle",
    },
    "alicloud_cs_kubernetes_node_pool": {
        "cluster_id", "node_pool_name", "vswitch_ids", "instance_types", "security_group_ids",
        "instance_charge_type", "spot_strategy", "key_name", "system_disk_category",
        "system_disk_size", "desired_size", "data_disks", "scaling_config", "tags", "lifecycle",
        "image_type", "multi_az_policy", "on_demand_base_capacity", "spot_price_limit", "labels",
        "taints", "runtime_name", "runtime_version", "user_data", "period", "period_unit",
        "auto_renew",
    },
}  # fmt: skip
"""Arguments as the provider's pages name them (aliyun/alicloud 1.241 and later)."""

WITH_MORE = """
apiVersion: ackgpu.dev/v1alpha1
kind: GpuCluster
metadata: {name: demo, tags: {team: graphics}}
cluster:
  addons: [{name: nginx-ingress-controller, config: '{"IngressSlbNetworkType":"intranet"}'}]
  raw: {timezone: Asia/Shanghai}
gpu: {licenseServer: "license.example.com:7070"}
nodePools:
  - name: small
    instanceTypes: [ecs.vgn5i-m2.xlarge]
    desiredSize: 1
    dataDisks: [{category: cloud_ssd, size: 200}]
    labels: {team: graphics}
    taints: [{key: dedicated, value: gpu}]
    userData: "#!/usr/bin/env python3\\nprint('${HOME}')\\n"
  - name: elastic
    instanceTypes: [ecs.vgn5i-m2.xlarge, ecs.vgn5i-m4.2xlarge]
    desiredSize: 1
    autoScaling: {enable: true, min: 1, max: 3}
    spot: {strategy: SpotWithPriceLimit, priceLimit: 2.5, onDemandBase: 1}
    multiAzPolicy: COST_OPTIMIZED
verify: {level: none}
"""


def made(cli: Cli, *flags: str) -> None:
    cli.ok("create", "demo", "--no-verify", *flags)
    cli.emulator.requests.clear()


def made_with_more(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "more.yaml"
    path.write_text(WITH_MORE)
    cli.ok("create", "-f", str(path))
    cli.emulator.requests.clear()


def exported_spec(cli: Cli, tmp_path: Path, name: str = "demo") -> Path:
    path = tmp_path / "exported.yaml"
    path.write_text(cli.ok("export", "spec", name).out)
    return path


def resources(text: str) -> Iterator[tuple[str, str, str]]:
    """Kind, name and body of each resource block, whose closing brace stands at the left edge."""
    pattern = r'^resource "(\w+)" "([\w-]+)" \{\n(.*?)^\}'
    yield from re.findall(pattern, text, re.MULTILINE | re.DOTALL)


def imports(text: str) -> dict[str, str]:
    pattern = r'^import \{\n  to = (\S+)\n  id = "([^"]+)"\n\}'
    return dict(re.findall(pattern, text, re.MULTILINE))


def ids_of(cli: Cli) -> set[str]:
    """The ids of the network and the cluster that ackgpu made."""
    described = cli.ok("describe", "demo", "--resources", "-o", "json").json
    of_ours = {row["id"] for row in described["resources"] if row["name"].startswith("ackgpu-demo")}
    account = cli.account()
    return of_ours | {*account["cluster"], *account["nodepool"]}


@pytest.mark.long
@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("--zone", "cn-hangzhou-j", "--zone", "cn-hangzhou-k"),
        ("--no-public-endpoint",),
        ("--network", "terway", "--instance-type", "ecs.vgn7i-vws-m4.xlarge"),
        ("--nodes", "1", "--service-cidr", "172.19.0.0/20", "--pod-cidr", "172.18.0.0/16"),
    ],
    ids=["plain", "two zones", "private", "terway", "other ranges"],
)
def test_create_finds_nothing_to_change_in_an_exported_spec(
    cli: Cli, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    made(cli, *flags)
    spec = exported_spec(cli, tmp_path)
    again = cli.ok("create", "-f", str(spec), "--no-verify", "-o", "json").json
    assert again["changed"] is False
    assert cli.emulator.requests.writes() == []
    assert cli("plan", "-f", str(spec), "--no-verify", "--detailed-exitcode").code == 0


@pytest.mark.long
def test_what_shows_nothing_of_itself_in_a_tag_comes_back(cli: Cli, tmp_path: Path) -> None:
    tags = {"owner": "a\u202eb\u2066c\u200bd"}
    spec = parse({"metadata": {"name": "demo", "tags": tags}})
    wanted = tmp_path / "cluster.yaml"
    wanted.write_text(to_yaml(spec), encoding="utf-8")
    assert load_file(wanted).spec.metadata.tags == tags
    cli.ok("create", "-f", str(wanted), "--no-verify")
    exported = exported_spec(cli, tmp_path)
    assert load_file(exported).spec.metadata.tags == tags
    assert not set("\u202e\u2066\u200b") & set(exported.read_text(encoding="utf-8"))


@pytest.mark.long
def test_pools_disks_bounds_and_tags_are_in_the_spec(cli: Cli, tmp_path: Path) -> None:
    made_with_more(cli, tmp_path)
    path = exported_spec(cli, tmp_path)
    spec = load_file(path).spec
    assert spec.metadata.tags == {"team": "graphics"}
    pools = {pool.name: pool for pool in spec.node_pools}
    small, elastic = pools["small"], pools["elastic"]
    assert [(disk.category, disk.size) for disk in small.data_disks] == [("cloud_ssd", 200)]
    assert (elastic.auto_scaling.min, elastic.auto_scaling.max) == (1, 3)
    assert (elastic.spot.price_limit, elastic.spot.on_demand_base) == (2.5, 1)
    assert small.user_data.endswith("print('${HOME}')\n")
    assert spec.gpu.license_server == "license.example.com:7070"
    again = cli.ok("create", "-f", str(path), "--no-verify", "-o", "json").json
    assert again["changed"] is False


def written(tmp_path: Path, document: dict[str, Any]) -> Path:
    path = tmp_path / "wanted.yaml"
    YAML().dump(document, path)
    return path


def adapted(cli: Cli, path: Path) -> dict[str, Any]:
    """A valid spec as this account can make it, without what leaves no trace in a cluster."""
    document = document_of(load_file(path).spec, defaults=False)
    document["metadata"] = {**document.get("metadata", {}), "name": "demo"}
    document["verify"] = {"level": "none"}
    if path.stem == "complete":
        ecs_of(cli)("CreateKeyPair", KeyPairName="ci-key")
        document["lifecycle"] = {"deletionProtection": True}
        document["metadata"]["version"] = "auto"
        del document["cluster"]["ssh"]  # a private cluster has no balancer that it could open
        del document["cluster"]["addons"][0]  # ACK installs it anyway
        del document["nodePools"][0]["attach"]  # an act: they are nodes like others from then on
        del document["nodePools"][0]["runtime"]  # the emulator has one version alone
    if path.stem == "given-network":
        document["network"] = network_of_another(cli)
    return document


def network_of_another(cli: Cli) -> dict[str, Any]:
    """The network of another cluster by its ids, and a vSwitch to make in it."""
    ranges = ("--pod-cidr", "172.24.0.0/16", "--service-cidr", "172.25.0.0/20")
    cli.ok("create", "host", "--nodes", "1", "--no-verify", *ranges)
    account = cli.account()
    beside = {"zone": "cn-hangzhou-i", "cidr": "192.168.7.0/24"}
    names = [body["name"] for body in bodies(cli, "securitygroup")]
    return {
        "vpc": {"id": account["vpc"][0]},
        "vswitches": [{"id": account["vswitch"][0]}, beside],
        "nat": {"id": account["natgateway"][0]},
        "securityGroupId": account["securitygroup"][names.index("ackgpu-host-sg")],
    }


def settled(wanted: Any, stands: Any, key: str = "") -> Any:
    """``wanted`` with what it leaves open as it ``stands``, a size that scales itself with it."""
    if isinstance(wanted, dict):
        if wanted.get("autoScaling", {}).get("enable"):
            wanted = wanted | {"desiredSize": stands["desiredSize"]}
        return {k: settled(value, stands[k], k) for k, value in wanted.items()}
    if isinstance(wanted, list) and len(wanted) == len(stands):
        return [settled(*pair, key) for pair in zip(wanted, stands, strict=True)]
    return stands if key in OPEN and wanted in {"auto", ""} else wanted


def as_decided(wanted: ClusterSpec, stands: ClusterSpec) -> ClusterSpec:
    return parse(settled(document_of(wanted), document_of(stands)))


@pytest.mark.long
@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_every_setting_of_a_valid_spec_comes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: Path
) -> None:
    with cli_on(tmp_path / "user", capsys, scenario=ROOMY) as cli:
        wanted = written(tmp_path, adapted(cli, path))
        region = load_file(wanted).spec.region
        made = cli("create", "-f", str(wanted), "--skip-preflight", "all", "-y")
        if path.stem == "unusual":
            assert "no new dedicated clusters" in made.err
            return
        assert made.code == 0, made.err
        text = cli.ok("export", "spec", "demo", "-r", region).out
        exported = tmp_path / "exported.yaml"
        exported.write_text(text)
        stands = load_file(exported).spec
        assert differences(as_decided(load_file(wanted).spec, stands), stands) == []
        cli.emulator.requests.clear()
        for file in (exported, wanted):
            again = cli.ok("create", "-f", str(file), "--no-verify", "-o", "json").json
            assert again["changed"] is False
        assert cli.emulator.requests.writes() == []


@pytest.mark.long
def test_ssh_and_a_licence_server_of_one_pool_come_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SSH where port 22 opens at all: on a public balancer of its own."""
    with cli_on(tmp_path / "user", capsys, scenario={"doubts": {"api_balancers": "two"}}) as cli:
        _ssh_comes_back(cli, tmp_path)


def _ssh_comes_back(cli: Cli, tmp_path: Path) -> None:
    ecs_of(cli)("CreateKeyPair", KeyPairName="ops")
    pools = [
        {"name": name, "instanceTypes": ["ecs.vgn5i-m2.xlarge"], "desiredSize": 1, "keyPair": "ops",
         "licenseServer": f"{name}.example.com:7070", "imageType": "Ubuntu"}
        for name in ("one", "two")
    ]  # fmt: skip
    document = {"apiVersion": "ackgpu.dev/v1alpha1", "kind": "GpuCluster",
                "metadata": {"name": "demo"}, "cluster": {"ssh": True}, "nodePools": pools,
                "verify": {"level": "none"}}  # fmt: skip
    path = written(tmp_path, document)
    cli.ok("create", "-f", str(path))
    stands = load_file(exported_spec(cli, tmp_path)).spec
    assert stands.cluster.ssh is True
    assert differences(as_decided(load_file(path).spec, stands), stands) == []


@pytest.mark.long
def test_a_given_network_is_exported_by_its_ids(cli: Cli, tmp_path: Path) -> None:
    made(cli)
    account = cli.account()
    (vpc,), (vswitch,) = account["vpc"], account["vswitch"]
    given = ("--vpc-id", vpc, "--vswitch-id", vswitch, "--pod-cidr", "172.22.0.0/16")
    ranges = ("--service-cidr", "172.23.0.0/20", "--no-verify")
    cli.ok("create", "second", *given, *ranges)
    spec = load_file(exported_spec(cli, tmp_path, "second")).spec
    assert spec.network.vpc.id == vpc
    assert [v.id for v in spec.network.vswitches] == [vswitch]
    text = cli.ok("export", "terraform", "second").out
    assert "alicloud_vpc" not in dict.fromkeys(kind for kind, _, _ in resources(text))
    assert text.count(f'"{vpc}"') <= 1
    assert text.count(f'"{vswitch}"') == 1
    assert vswitch not in imports(text).values()
    assert "local.vswitch_" in text


@pytest.mark.long
def test_a_cluster_that_is_not_up_yet_is_exported_with_a_word_on_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with cli_on(tmp_path / "user", capsys, speed=30) as slow:
        slow.ok("create", "demo", "--no-wait")
        ended = slow.ok("export", "spec", "demo")
    assert "The cluster is initial" in ended.err
    assert "name: demo" in ended.out


@pytest.mark.long
@pytest.mark.parametrize("form", ["spec", "terraform", "ros"])
def test_nothing_is_written_to_the_cloud(cli: Cli, form: str) -> None:
    made(cli)
    before = cli.account()
    cli.ok("export", form, "demo")
    assert cli.emulator.requests.writes() == []
    assert cli.account() == before


@pytest.mark.parametrize("form", ["spec", "terraform", "ros"])
def test_what_is_not_there_ends_with_5(cli: Cli, form: str) -> None:
    assert cli("export", form, "nothing").code == 5


@pytest.mark.long
@pytest.mark.parametrize("form", ["spec", "terraform", "ros"])
def test_when_it_expires_is_said_beside_it(cli: Cli, form: str) -> None:
    made(cli, "--ttl", "1000h")
    document = cli.ok("export", form, "demo", "-o", "json").json
    assert "expires" in " ".join(document["warnings"])
    assert document["text"]


@pytest.mark.long
def test_terraform_braces_and_quotes_are_balanced(cli: Cli, tmp_path: Path) -> None:
    made_with_more(cli, tmp_path)
    text = cli.ok("export", "terraform", "demo").out
    depth = 0
    for line in text.splitlines():
        assert line.count('"') % 2 == 0, line
        outside = re.sub(r'"[^"]*"', "", line)
        depth += outside.count("{") - outside.count("}")
        assert depth >= 0
        assert outside.count("[") == outside.count("]")
    assert depth == 0


@pytest.mark.long
def test_terraform_takes_each_resource_over_by_its_id_once(cli: Cli, tmp_path: Path) -> None:
    made_with_more(cli, tmp_path)
    text = cli.ok("export", "terraform", "demo").out
    taken = imports(text)
    assert set(taken) == {f"{kind}.{name}" for kind, name, _ in resources(text)}
    own = Counter(re.split(r":", id_)[-1 if "snat" in to or "node_pool" in to else 0]
                  for to, id_ in taken.items()
                  if "association" not in to and "rule" not in to)  # fmt: skip
    assert set(own) == ids_of(cli)
    assert set(own.values()) == {1}
    lines = "".join(body for _, _, body in resources(text)).splitlines()
    bodies = "".join(line for line in lines if '"ackgpu:' not in line)  # tags of ours hold ids
    assert not [id_ for id_ in own if id_ in bodies]


@pytest.mark.long
def test_terraform_references_lead_to_resources_of_the_file(cli: Cli, tmp_path: Path) -> None:
    made_with_more(cli, tmp_path)
    text = cli.ok("export", "terraform", "demo").out
    there = {f"{kind}.{name}" for kind, name, _ in resources(text)}
    used = set(re.findall(r"\b(alicloud_\w+\.[\w-]+)", re.sub(r'"[^"]*"', "", text)))
    assert used == there


@pytest.mark.long
def test_terraform_uses_the_arguments_that_the_provider_documents(cli: Cli, tmp_path: Path) -> None:
    made_with_more(cli, tmp_path)
    seen = set()
    for kind, _, body in resources(cli.ok("export", "terraform", "demo").out):
        seen.add(kind)
        assert set(re.findall(r"^  (\w+)", body, re.MULTILINE)) <= DOCUMENTED[kind], kind
    assert seen == set(DOCUMENTED)


@pytest.mark.long
def test_terraform_keeps_every_tag_so_that_an_apply_takes_none_off(cli: Cli) -> None:
    made(cli)
    bodies = {kind: body for kind, _, body in resources(cli.ok("export", "terraform", "demo").out)}
    for kind in ("alicloud_vpc", "alicloud_eip_address", "alicloud_cs_managed_kubernetes"):
        assert re.search(r'"ackgpu:cluster" += "demo"', bodies[kind])
        assert "ack.aliyun.com" not in bodies[kind]


@pytest.mark.long
def test_terraform_leaves_alone_what_the_provider_has_defaults_for(cli: Cli) -> None:
    """``node_cidr_mask`` above all: another one than the provider's replaces the cluster."""
    made(cli, "--network", "terway", "--instance-type", "ecs.vgn7i-vws-m4.xlarge")
    bodies = {kind: body for kind, _, body in resources(cli.ok("export", "terraform", "demo").out)}
    ignored = {
        kind: re.findall(r"ignore_changes = \[(.*)\]", body) for kind, body in bodies.items()
    }
    (of_cluster,) = ignored["alicloud_cs_managed_kubernetes"]
    assert {"node_cidr_mask", "name_prefix"} <= set(of_cluster.split(", "))
    (of_pool,) = ignored["alicloud_cs_kubernetes_node_pool"]
    assert "install_cloud_monitor" in of_pool.split(", ")


def test_what_a_spec_has_no_word_for_is_left_out_and_named() -> None:
    pool = NodePool(
        "np-1", "gpu", "active", (TYPE,), 1, 1, 1, 0, {}, charge_type="PrePaid",
        user_data="cut off ****",
        settings={
            "scaling_group.image_type": "WindowsCore",
            "kubernetes_config.runtime": "Sandboxed-Container.runv",
        },
    )  # fmt: skip
    assert unsupported_settings(pool) == {
        "imageType": "WindowsCore",
        "runtime.name": "Sandboxed-Container.runv",
        "period": "in weeks",
    }
    assert not {"imageType", "runtime", "period", "userData"} & set(pool_document(pool))


def test_strings_that_look_like_templates_are_escaped() -> None:
    assert hcl.quoted('a "b" ${c} %{d}') == r'"a \"b\" $${c} %%{d}"'


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if set(value) in ({"Ref"}, {"Fn::GetAtt"}):
            yield value
            return
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


@pytest.mark.long
def test_ros_is_a_template_whose_references_lead_somewhere(cli: Cli, tmp_path: Path) -> None:
    made_with_more(cli, tmp_path)
    template = json.loads(cli.ok("export", "ros", "demo").out)
    there = template["Resources"]
    for leaf in leaves(template):
        if isinstance(leaf, dict):
            target = leaf.get("Ref") or leaf["Fn::GetAtt"][0]
            assert target in there
    for resource in there.values():
        needed = resource.get("DependsOn", [])
        assert set([needed] if isinstance(needed, str) else needed) <= set(there)
        assert set(resource) <= {"Type", "Properties", "DependsOn", "Metadata"}
    types = {resource["Type"] for resource in there.values()}
    assert types == {
        "ALIYUN::ECS::VPC", "ALIYUN::ECS::VSwitch", "ALIYUN::ECS::SecurityGroup",
        "ALIYUN::ECS::SecurityGroupIngress",
        "ALIYUN::VPC::NatGateway", "ALIYUN::VPC::EIP", "ALIYUN::VPC::EIPAssociation",
        "ALIYUN::VPC::SnatEntry", "ALIYUN::CS::ManagedKubernetesCluster",
        "ALIYUN::CS::ClusterNodePool",
    }  # fmt: skip


@pytest.mark.long
def test_ros_names_each_id_once_and_makes_nothing_that_looks_like_ackgpus(
    cli: Cli, tmp_path: Path
) -> None:
    made_with_more(cli, tmp_path)
    text = cli.ok("export", "ros", "demo").out
    assert "ackgpu:cluster" not in text
    assert '"team"' in text
    there = json.loads(text)["Resources"]
    ids = [resource["Metadata"]["Id"] for resource in there.values() if "Metadata" in resource]
    assert set(ids) == ids_of(cli)
    assert all(text.count(f'"{id_}"') == 1 for id_ in ids)
