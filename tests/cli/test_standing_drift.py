"""create and plan against a cluster that runs: what another spec changes is never "no changes"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import alibabacloud_vpc20160428.models as vpc_models
import pytest
from alibabacloud_vpc20160428.client import Client as VpcClient
from ruamel.yaml import YAML
from support.cli import Cli, Ended, cli_on

from tests.cli.machines import ecs_of
from tests.cli.test_networks import own_network
from tests.emulator.net.apis import Api

POOL: dict[str, Any] = {
    "name": "gpu",
    "instanceTypes": ["ecs.vgn5i-m2.xlarge"],
    "desiredSize": 1,
}
SMALL: dict[str, Any] = POOL | {"name": "small", "desiredSize": 0}
SPEC: dict[str, Any] = {
    "apiVersion": "ackgpu.dev/v1alpha1",
    "kind": "GpuCluster",
    "metadata": {"name": "demo"},
    "lifecycle": {"ttl": "3h"},
    "network": {"vswitches": [{"zone": "cn-hangzhou-k"}]},
    "nodePools": [POOL, SMALL],
    "verify": {"level": "none"},
}
TERWAY = {"plugin": "terway", "vswitches": [{"zone": "cn-hangzhou-k"}]}
J = {"vswitches": [{"zone": "cn-hangzhou-j"}]}
BOTH = {"vswitches": [{"zone": "cn-hangzhou-k"}, {"zone": "cn-hangzhou-j"}]}
NO_NAT = {"vswitches": [{"zone": "cn-hangzhou-k"}], "nat": {"create": False}}


def run(cli: Cli, tmp_path: Path, verb: str, spec: dict[str, Any], *flags: str) -> Ended:
    path = tmp_path / "cluster.yaml"
    YAML().dump(spec, path)
    return cli(verb, "-f", str(path), "-o", "json", *flags)


@pytest.fixture
def standing(cli: Cli, tmp_path: Path) -> Cli:
    """A shell on an account where the cluster of SPEC stands."""
    created = run(cli, tmp_path, "create", SPEC)
    assert created.code == 0, created.err
    cli.emulator.requests.clear()
    return cli


OTHERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "another network plugin": (
        {"network": TERWAY}, "network.plugin: the spec says terway-eniip, found flannel", ""
    ),
    "another zone": (
        {"network": J}, "network.vswitches: the spec says cn-hangzhou-j, found cn-hangzhou-k", ""
    ),
    "a zone more": (
        {"network": BOTH},
        "network.vswitches: the spec says cn-hangzhou-j, cn-hangzhou-k, found cn-hangzhou-k",
        "",
    ),
    "deletion protection": (
        {"lifecycle": {"ttl": "3h", "deletionProtection": True}},
        "lifecycle.deletionProtection: the spec says true, found false",
        "ackgpu apply -f FILE",
    ),
    "another ttl": (
        {"lifecycle": {"ttl": "5h"}},
        "lifecycle.ttl: the spec says 5h, found 3h",
        "ackgpu extend demo --ttl 5h",
    ),
    "a pool less": (
        {"nodePools": [POOL]},
        "nodePools[small]: the spec says none, found 0 × ecs.vgn5i-m2.xlarge",
        "ackgpu nodepool delete demo small",
    ),
    "no NAT gateway": (
        {"network": NO_NAT}, "network.nat.create: the spec says false, found ngw-", ""
    ),
    "another size": (
        {"nodePools": [POOL | {"desiredSize": 2}, SMALL]},
        "nodePools[gpu].desiredSize: the spec says 2, found 1",
        "ackgpu nodepool scale demo gpu --nodes 2",
    ),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("verb", ["plan", "create"])
def test_another_spec_is_a_conflict_that_names_the_command_that_changes_it(
    standing: Cli, tmp_path: Path, verb: str
) -> None:
    for case, (other, difference, command) in OTHERS.items():
        ended = run(standing, tmp_path, verb, SPEC | other)
        assert ended.code == 6, case
        error = ended.json["error"]
        assert difference in "\n".join(error["details"]), case
        way = error["resolution"]
        named = command.replace("FILE", str(tmp_path / "cluster.yaml"))
        assert (f"`{named}`" if command else "cannot be changed in place") in way, case
    assert standing.emulator.requests.writes() == []


@pytest.mark.long
def test_another_home_is_a_conflict_and_makes_nothing_in_it(cli: Cli, tmp_path: Path) -> None:
    (vpc_id, vswitch_id), (other_vpc, other_vswitch) = own_network(cli), own_network(cli)
    group = ecs_of(cli)("CreateSecurityGroup", VpcId=vpc_id)["SecurityGroupId"]
    home = {"vpc": {"id": vpc_id}, "vswitches": [{"id": vswitch_id}], "securityGroupId": group}
    spec = SPEC | {"network": home}
    assert run(cli, tmp_path, "create", spec, "--skip-preflight", "all").code == 0
    cli.emulator.requests.clear()
    elsewhere = {"vpc": {"id": other_vpc}, "vswitches": [{"id": other_vswitch}]}
    others = {
        f"network.vpc.id: the spec says {other_vpc}, found {vpc_id}": elsewhere,
        f"network.vpc.id: the spec says none, found {vpc_id}": {},
        f"network.securityGroupId: the spec says none, found {group}": (
            {key: home[key] for key in ("vpc", "vswitches")}
        ),
    }
    for difference, network in others.items():
        ended = run(cli, tmp_path, "create", spec | {"network": network})
        assert ended.code == 6, difference
        assert difference in ended.json["error"]["details"]
    assert cli.emulator.requests.writes() == []
    assert run(cli, tmp_path, "create", spec).json["changed"] is False


@pytest.mark.long
def test_another_address_of_the_gateway_is_a_conflict(cli: Cli, tmp_path: Path) -> None:
    vpc = Api(VpcClient, vpc_models, cli.emulator)
    given = str(vpc("AllocateEipAddress")["AllocationId"])
    zone = {"vswitches": [{"zone": "cn-hangzhou-k"}]}
    spec = SPEC | {"network": zone | {"nat": {"eip": {"id": given}}}}
    assert run(cli, tmp_path, "create", spec).code == 0
    cli.emulator.requests.clear()
    ended = run(cli, tmp_path, "create", spec | {"network": zone})
    assert ended.code == 6
    assert (
        f"network.nat.eip.id: the spec says none, found {given}" in ended.json["error"]["details"]
    )
    assert cli.emulator.requests.writes() == []


@pytest.mark.long
def test_other_zones_of_terways_pods_and_other_addons_are_conflicts(
    cli: Cli, tmp_path: Path
) -> None:
    zones = [{"zone": "cn-hangzhou-j"}, {"zone": "cn-hangzhou-k"}]
    network = {"plugin": "terway", "vswitches": zones, "podVswitches": [{"zone": "cn-hangzhou-j"}]}
    pool = POOL | {"instanceTypes": ["ecs.vgn7i-vws-m4.xlarge"]}
    addons = [{"name": "ack-gpu-exporter", "config": '{"interval": 30}'}]
    spec = SPEC | {"network": network, "nodePools": [pool], "cluster": {"addons": addons}}
    made = run(cli, tmp_path, "create", spec)
    assert made.code == 0, made.err
    cli.emulator.requests.clear()
    others: dict[str, dict[str, Any]] = {
        "network.podVswitches": {"network": network | {"podVswitches": zones}},
        "cluster.addons.ack-gpu-exporter.config": {
            "cluster": {"addons": [{"name": "ack-gpu-exporter", "config": '{"interval":60}'}]}
        },
        "cluster.addons.ack-gpu-exporter": {
            "cluster": {"addons": [{"name": "ack-gpu-exporter", "disabled": True}]}
        },
    }
    for key, other in others.items():
        ended = run(cli, tmp_path, "create", spec | other)
        assert ended.code == 6, key
        assert any(line.startswith(f"{key}: ") for line in ended.json["error"]["details"]), key
    same = [{"name": "ack-gpu-exporter", "config": '{"interval":30}'}]
    again = run(cli, tmp_path, "create", spec | {"cluster": {"addons": same}})
    assert again.json["changed"] is False
    assert cli.emulator.requests.writes() == []


@pytest.mark.long
def test_extend_is_what_a_ttl_of_the_file_follows(standing: Cli, tmp_path: Path) -> None:
    standing.ok("extend", "demo", "--ttl", "+1h")
    standing.ok("extend", "demo", "--hold")
    assert run(standing, tmp_path, "create", SPEC).json["changed"] is False
    standing.ok("extend", "demo", "--ttl", "5h")
    later = SPEC | {"lifecycle": {"ttl": "5h"}}
    assert run(standing, tmp_path, "create", later).json["changed"] is False
    assert run(standing, tmp_path, "create", SPEC).code == 6


def test_without_a_lifetime_of_its_own_a_cluster_is_given_one_by_extend(cli: Cli) -> None:
    cli.ok("create", "demo", "--nodes", "1", "--no-verify")
    refused = cli("create", "demo", "--nodes", "1", "--no-verify", "--ttl", "3h")
    assert refused.code == 6
    assert "`ackgpu extend demo --ttl 3h`" in " ".join(refused.err.split())


@pytest.mark.long
def test_a_create_that_got_no_stock_goes_on_in_another_zone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zone = "cn-hangzhou-k"
    faults = {"faults": [{"kind": "stock_out", "zone": zone, "announced": False}]}
    with cli_on(tmp_path / "user", capsys, faults=faults) as cli:
        words = ("create", "demo", "--nodes", "1", "--no-verify", "--ttl", "3h", "-o", "json")
        assert cli(*words, "--zone", zone).code == 8
        assert cli(*words, "--zone", "cn-hangzhou-j").json["changed"] is True
        assert cli(*words, "--zone", "cn-hangzhou-j").json["changed"] is False
        assert cli(*words, "--zone", zone).code == 6


@pytest.mark.long
def test_an_export_of_a_cluster_that_went_on_in_another_zone_is_its_spec(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = {"faults": [{"kind": "stock_out", "zone": "cn-hangzhou-k", "announced": False}]}
    with cli_on(tmp_path / "user", capsys, faults=faults) as cli:
        cli.ok("create", "demo", "--nodes", "1", "--no-verify")
        path = tmp_path / "exported.yaml"
        path.write_text(cli.ok("export", "spec", "demo").out)
        again = cli.ok("create", "-f", str(path), "--no-verify", "-o", "json")
        assert again.json["changed"] is False
