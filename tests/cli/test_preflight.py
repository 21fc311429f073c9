"""``preflight``: each check by what it finds, alone and before a creation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from support.cli import Cli, Ended, cli_on

from ackgpu.emulator.store import Doc

CHECKS = ("credentials", "permissions", "region", "name", "service", "roles", "version", "quota",
          "stock", "network", "security-group", "egress", "images", "key-pair", "vgpu", "terway",
          "price")  # fmt: skip
Shell = Callable[..., Cli]
K = "cn-hangzhou-k"


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """Makes shells on accounts with a scenario or faults."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(cli_on(tmp_path / "user", capsys, **options))


def refusing(action: str, code: str, status: int = 403) -> dict[str, Any]:
    return {"faults": [{"effect": "error", "action": action, "code": code, "status": status}]}


def found(ended: Ended, check: str) -> list[dict[str, Any]]:
    return [row for row in ended.json["checks"] if row["name"] == check]


def verdict(ended: Ended, check: str) -> str:
    (row,) = found(ended, check)
    return str(row["verdict"])


def test_every_check_runs_in_its_order_and_changes_nothing(cli: Cli) -> None:
    ended = cli.ok("preflight", "demo", "-o", "json")
    assert tuple(dict.fromkeys(row["name"] for row in ended.json["checks"])) == CHECKS
    assert {row["verdict"] for row in ended.json["checks"]} == {"passed", "warning", "skipped"}
    assert cli.emulator.requests.writes() == []


def test_only_carries_out_the_checks_that_were_named_and_their_reads(cli: Cli) -> None:
    ended = cli.ok("preflight", "--only", "roles,version", "-o", "json")
    assert [row["name"] for row in ended.json["checks"]] == ["roles", "version"]
    asked = {entry.action for entry in cli.emulator.requests}
    assert asked == {"CheckServiceRole", "DescribeKubernetesVersionMetadata"}


def test_a_check_that_does_not_exist_is_2_and_lists_those_that_do(cli: Cli) -> None:
    for command in (("preflight", "--only", "rols"), ("create", "x", "--skip-preflight", "rols")):
        ended = cli(*command)
        assert ended.code == 2
        assert "roles" in ended.err
    assert cli.account() == {}


def test_a_creation_looks_at_nothing_before_it_knows_what_is_skipped(cli: Cli) -> None:
    for more in ((), ("--dry-run",)):
        ended = cli("create", "x", "--skip-preflight", "rols", *more)
        assert ended.code == 2
        assert "There is no check 'rols'." in ended.err
        assert "vpc" not in ended.err + ended.out
    assert list(cli.emulator.requests) == []


def assumed_role(cli: Cli) -> dict[str, str]:
    """Temporary keys that the emulated account made for a role which may do everything."""
    policies = {"System/AdministratorAccess": 0.0}
    role = {"RoleId": "300000000000000001", "Policies": policies}
    token = {
        "AccessKeySecret": "secret", "SecurityToken": "token", "Expiration": "99999999999",
        "RoleArn": "acs:ram::1234567890123456:role/ci", "RoleSessionName": "ci",
    }  # fmt: skip
    with cli.emulator.backend.transaction(write=True) as session:
        session.put(Doc("ramrole", "ci", name="ci", created_at=0.0, body=role))
        session.put(Doc("ststoken", "STS.ci", created_at=0.0, body=token))
    return {"access_key_id": "STS.ci", "access_key_secret": "secret", "sts_token": "token"}


@pytest.mark.parametrize(
    ("until", "verdict_of_it"), [(1, "failed"), (90_000, "passed"), (None, "warning")]
)
def test_a_token_must_outlast_the_creation(cli: Cli, until: int | None, verdict_of_it: str) -> None:
    profile = {"name": "ci", "mode": "StsToken", "region_id": "cn-hangzhou", **assumed_role(cli)}
    if until is not None:
        end = datetime.now(UTC) + timedelta(seconds=until)
        profile["sts_expiration"] = int(end.timestamp())
    folder = cli.home / ".aliyun"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"current": "ci", "profiles": [profile]}))
    cli.env["ACKGPU_TIMEOUT"] = "45m"
    ended = cli("preflight", "--only", "credentials", "--profile", "ci", "-o", "json")
    assert verdict(ended, "credentials") == verdict_of_it
    assert ended.code == (3 if verdict_of_it == "failed" else 0)


def test_a_missing_service_role_is_3_with_the_link_that_grants_it(shell: Shell) -> None:
    missing = ["AliyunCSManagedLogRole", "AliyunCSKubernetesAuditRole"]
    cli = shell(scenario={"missing_roles": missing})
    for region, site in (("cn-hangzhou", "aliyun.com"), ("ap-southeast-1", "alibabacloud.com")):
        ended = cli("preflight", "--only", "roles", "-r", region)
        assert ended.code == 3
        assert "AliyunCSManagedLogRole is not granted" in ended.out
        link = next(word for word in ended.out.split() if word.startswith("https://"))
        assert link.startswith(f"https://ram.console.{site}/role/authorize?request=")
        assert json.loads(unquote(link.partition("request=")[2])) == {
            "ReturnUrl": "https://cs.console.aliyun.com/",
            "Services": [
                {
                    "Service": "CS",
                    "Roles": [
                        {"RoleName": missing[0], "TemplateId": missing[0]},
                        {"RoleName": missing[1], "TemplateId": "KubernetesAudit"},
                    ],
                }
            ],
        }


@pytest.mark.long
def test_an_account_that_has_just_been_authorised_is_not_refused(shell: Shell) -> None:
    optional = ["AutoScaler", "Nlc", "Acr", "Security", "Cost", "BackupRestore", "Edge", "VK"]
    cli = shell(scenario={"missing_roles": [f"AliyunCSManaged{name}Role" for name in optional]})
    ended = cli("preflight", "--only", "roles", "-o", "json")
    assert ended.code == 0
    assert verdict(ended, "roles") == "passed"
    assert cli("create", "demo", "--no-verify").code == 0


def test_the_services_own_message_is_shown_with_its_whole_link(shell: Shell) -> None:
    cli = shell(scenario={"missing_roles": ["AliyunCSManagedLogRole"]})
    ended = cli("create", "demo", "--skip-preflight", "roles")
    assert ended.code != 0
    link = next(word for word in ended.err.split() if "role/authorize?request=" in word)
    (service,) = json.loads(unquote(link.partition("request=")[2]))["Services"]
    assert len(service["Roles"]) == 12


def test_a_role_that_only_scaling_needs_is_a_warning_with_its_link(
    shell: Shell, tmp_path: Path
) -> None:
    cli = shell(scenario={"missing_roles": ["AliyunOOSLifecycleHook4CSRole"]})
    ended = cli("preflight", "--only", "roles")
    assert ended.code == 0
    assert "%22Service%22%3A%22OOS%22" in ended.out
    cli = shell(scenario={"missing_roles": ["AliyunCSManagedAutoScalerRole"]})
    assert "AutoScaler" not in cli("preflight", "--only", "roles").out
    file = tmp_path / "cluster.yaml"
    file.write_text(
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
        "nodePools:\n- name: gpu\n  instanceTypes: [ecs.vgn5i-m2.xlarge]\n"
        "  autoScaling: {enable: true, min: 0, max: 4}\n"
    )
    ended = cli("preflight", "--only", "roles", "-f", str(file), "-o", "json")
    assert ended.code == 0
    assert verdict(ended, "roles") == "warning"


def test_a_service_that_is_not_open_is_said_so_with_where_to_open_it(shell: Shell) -> None:
    cli = shell(faults=refusing("CheckServiceRole", "ErrServiceNotOpen", 400))
    ended = cli("preflight", "--only", "service")
    assert ended.code == 3
    assert "Container Service is not open" in ended.out
    assert "https://cs.console.aliyun.com" in ended.out


@pytest.mark.long
def test_a_refused_read_is_named_by_permissions_and_unknown_elsewhere(shell: Shell) -> None:
    cli = shell(faults=refusing("DescribePrice", "Forbidden.RAM"))
    ended = cli("preflight", "-o", "json")
    assert ended.code == 3
    assert verdict(ended, "permissions") == "failed"
    assert verdict(ended, "price") == "unknown"
    assert "DescribePrice" in found(ended, "permissions")[0]["message"]
    others = {row["name"] for row in ended.json["checks"] if row["verdict"] == "failed"}
    assert others == {"permissions"}


def test_a_short_limit_fails_quota(shell: Shell) -> None:
    ended = shell(scenario={"limits": {"eips": 1}})("preflight", "-o", "json")
    assert ended.code == 3
    assert [row["verdict"] for row in found(ended, "quota")] == ["failed"]


def test_no_stock_anywhere_fails_with_what_was_looked_at(shell: Shell) -> None:
    sold_out = {zone: {"ecs.vgn5i-m2.xlarge": "WithoutStock"} for zone in (K, "cn-hangzhou-j")}
    ended = shell(scenario={"stock": sold_out})(
        "preflight", "--instance-type", "ecs.vgn5i-m2.xlarge", "--only", "stock", "-o", "json"
    )
    assert ended.code == 3
    assert f"{K} ecs.vgn5i-m2.xlarge WithoutStock" in found(ended, "stock")[0]["message"]


@pytest.mark.parametrize(
    ("flags", "check", "words"),
    [
        (("--zone", "cn-hangzhou-i"), "stock", "no zone there sells it"),
        (("--zone", "cn-hangzhou-x"), "region", "no zone cn-hangzhou-x"),
        (("--kubernetes-version", "1.20"), "version", "cannot be created"),
        (("--key-pair", "nobody"), "key-pair", "no key pair nobody"),
    ],
)
def test_what_the_region_does_not_have_fails_its_check(
    cli: Cli, flags: tuple[str, ...], check: str, words: str
) -> None:
    ended = cli("preflight", *flags, "-o", "json")
    assert ended.code == 3
    (row,) = [row for row in found(ended, check) if row["verdict"] == "failed"]
    assert words in row["message"]


def test_a_region_that_is_closed_to_the_account_fails_its_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with cli_on(tmp_path, capsys, scenario={"regions": ["cn-hangzhou"]}) as cli:
        ended = cli("preflight", "--region", "cn-beijing", "-o", "json")
    assert ended.code == 3
    assert "cn-beijing does not exist" in found(ended, "region")[0]["message"]


def test_a_retired_family_is_a_warning_and_a_current_one_is_not(cli: Cli) -> None:
    old = cli.ok("preflight", "--only", "vgpu", "-o", "json")
    assert "vgn5i is retired" in old.out
    new = cli.ok("preflight", "--only", "vgpu", "--instance-type", "ecs.sgn7i-vws-m4.2xlarge",
                 "-o", "json")  # fmt: skip
    assert "retired" not in new.out
    assert verdict(new, "vgpu") == "warning", "nobody has published a proof of its driver"


def test_a_pool_without_types_gets_no_tick_where_nothing_is_in_stock(shell: Shell) -> None:
    cli = shell(faults={"faults": [{"kind": "stock_out"}]})
    ended = cli("preflight", "--only", "vgpu,stock", "-o", "json")
    assert ended.code == 3
    assert {row["verdict"] for row in found(ended, "vgpu")} == {"warning"}
    assert verdict(ended, "stock") == "failed"


def test_terways_pod_density_is_told(cli: Cli) -> None:
    flags = ("--network", "terway", "--instance-type", "ecs.vgn5i-m4.2xlarge")
    ended = cli.ok("preflight", "--only", "terway", *flags, "-o", "json")
    assert "pods a node" in found(ended, "terway")[0]["message"]


def test_too_expensive_is_13(cli: Cli) -> None:
    assert cli("preflight", "--max-hourly-price", "5").code == 13


def test_a_spot_limit_below_todays_price_is_a_warning(cli: Cli) -> None:
    spot = ("preflight", "demo", "--only", "price", "-o", "json", "--spot", "--spot-price-limit")
    low, high = found(cli(*spot, "0.5"), "price"), found(cli(*spot, "9"), "price")
    assert [row["verdict"] for row in low] == ["passed", "warning"]
    assert low[1]["message"].startswith("gpu: 0.5 an hour is below today's spot price, ")
    assert [row["verdict"] for row in high] == ["passed"]


def test_a_report_that_could_not_be_written_is_refused_before_anything_is_read(
    cli: Cli, tmp_path: Path
) -> None:
    cli.emulator.requests.clear()
    ended = cli("preflight", "--junit", str(tmp_path / "missing" / "report.xml"))
    assert ended.code == 2
    assert "missing" in ended.err
    assert list(cli.emulator.requests) == []


def test_the_report_is_junit(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    line = ("preflight", "demo", "--zone", "cn-hangzhou-i", "--junit", str(path))
    assert cli(*line).code == 3
    (suite,) = ET.parse(path).getroot().findall("testsuite")  # noqa: S314 -- our own file
    assert suite.get("failures") == "1"
    assert {case.get("name") for case in suite.findall("testcase")} == set(CHECKS)


class TestGivenNetwork:
    """A VPC that somebody else made, with two vSwitches, the first with a way out."""

    @pytest.fixture
    def cli(self, shell: Shell) -> Cli:
        resources = [
            {"name": "net", "action": "vpc.CreateVpc", "parameters": {"CidrBlock": "10.0.0.0/8"}},
            {"name": "a", "action": "vpc.CreateVSwitch",
             "parameters": {"VpcId": "${net.VpcId}", "ZoneId": K, "CidrBlock": "10.0.0.0/24"}},
            {"name": "b", "action": "vpc.CreateVSwitch",
             "parameters": {"VpcId": "${net.VpcId}", "ZoneId": K, "CidrBlock": "10.0.1.0/29"}},
            {"name": "nat", "action": "vpc.CreateNatGateway",
             "parameters": {"VpcId": "${net.VpcId}", "VSwitchId": "${a.VSwitchId}",
                            "NatType": "Enhanced"}},
            {"name": "eip", "action": "vpc.AllocateEipAddress", "parameters": {}},
        ]  # fmt: skip
        return shell(scenario={"resources": resources})

    @staticmethod
    def check(cli: Cli, tmp_path: Path, **network: Any) -> Ended:
        account = cli.account()
        spec = {
            "apiVersion": "ackgpu.dev/v1alpha1",
            "kind": "GpuCluster",
            "metadata": {"name": "demo"},
            "network": {
                "vpc": {"id": account["vpc"][0]},
                "vswitches": [{"id": vswitch_id} for vswitch_id in account["vswitch"]],
                **network,
            },
        }
        path = tmp_path / "cluster.yaml"
        path.write_text(json.dumps(spec))
        return cli("preflight", "-f", str(path), "-o", "json")

    @pytest.mark.long
    def test_it_fits(self, cli: Cli, tmp_path: Path) -> None:
        ended = self.check(cli, tmp_path)
        assert ended.code == 0, ended.err
        assert verdict(ended, "network") == verdict(ended, "egress") == "passed"

    @pytest.mark.long
    def test_pods_that_overlap_the_vpc_are_found(self, cli: Cli, tmp_path: Path) -> None:
        ended = self.check(cli, tmp_path, podCidr="10.64.0.0/16")
        assert ended.code == 3
        assert (
            "the pod CIDR 10.64.0.0/16 overlaps 10.0.0.0/8" in found(ended, "network")[0]["message"]
        )

    def test_a_vswitch_of_another_vpc_is_found(self, cli: Cli, tmp_path: Path) -> None:
        ended = self.check(cli, tmp_path, vswitches=[{"id": "vsw-elsewhere"}])
        assert "vsw-elsewhere is not in" in found(ended, "network")[0]["message"]

    def test_a_vswitch_without_a_way_out_is_found(self, cli: Cli, tmp_path: Path) -> None:
        ended = self.check(cli, tmp_path, nat={"create": False})
        assert ended.code == 3
        assert "has no way out" in found(ended, "egress")[0]["message"]

    def test_a_given_nat_gateway_needs_an_eip(self, cli: Cli, tmp_path: Path) -> None:
        nat = {"create": False, "id": cli.account()["natgateway"][0]}
        ended = self.check(cli, tmp_path, nat=nat)
        assert "has no EIP" in found(ended, "egress")[0]["message"]

    def test_a_vpc_that_does_not_exist_is_named(self, cli: Cli, tmp_path: Path) -> None:
        ended = self.check(cli, tmp_path, vpc={"id": "vpc-nowhere"})
        assert "vpc-nowhere" in found(ended, "network")[0]["message"]
        assert verdict(ended, "network") == "failed"


@pytest.mark.long
def test_a_name_that_is_taken_in_another_region_is_named(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    (cluster_id,) = cli.account()["cluster"]
    ended = cli("preflight", "demo", "-r", "cn-beijing", "--only", "name", "-o", "json")
    assert ended.code == 3
    (row,) = found(ended, "name")
    assert f"in cn-hangzhou ({cluster_id})" in row["message"]
    assert "`ackgpu describe demo --region cn-hangzhou`" in row["remedy"]
    for line in ("demo --only name", "other -r cn-beijing --only name", "-r cn-beijing"):
        again = cli("preflight", *line.split(), "-o", "json")
        assert all(row["verdict"] == "passed" for row in found(again, "name")), again.out


class TestBeforeCreating:
    """``create`` checks first, and makes nothing where a check fails."""

    @pytest.mark.long
    def test_the_headline_tells_what_was_checked(self, cli: Cli) -> None:
        ended = cli.ok("create", "demo", "--no-verify")
        assert "Preflight ✓ 17 checks   quota 12/12 · stock cn-hangzhou-k ✓" in ended.err
        assert "costs       ¥ 9.47 an hour" in ended.out

    def test_nothing_is_made_where_a_check_fails(self, shell: Shell) -> None:
        cli = shell(scenario={"limits": {"eips": 1}})
        ended = cli("create", "demo")
        assert ended.code == 3
        assert "1 check failed: quota" in ended.err
        assert "EIPs" in ended.err
        assert "--skip-preflight" in ended.err
        assert cli.emulator.requests.writes() == []
        assert cli.account() == {}

    @pytest.mark.long
    def test_a_check_can_be_skipped_and_the_cloud_decides(self, shell: Shell) -> None:
        cli = shell(scenario={"limits": {"eips": 1}})
        ended = cli("create", "demo", "--skip-preflight", "quota")
        assert ended.code == 11
        assert cli.account()["vpc"]

    def test_too_expensive_is_13_and_nothing_is_made(self, cli: Cli) -> None:
        ended = cli("create", "demo", "--max-hourly-price", "5")
        assert ended.code == 13
        assert cli.account() == {}

    @pytest.mark.long
    def test_a_limit_that_is_not_known_warns_and_does_not_stop(self, shell: Shell) -> None:
        faults = {"faults": [{"effect": "throttle", "action": "ListProductQuotas",
                              "retry_after_ms": 600_000}]}  # fmt: skip
        ended = shell(faults=faults)("create", "demo", "--no-verify", "-o", "json")
        assert ended.code == 0, ended.err
        assert any(
            "assumed: EIPs (the documented 20" in warning for warning in ended.json["warnings"]
        )

    @pytest.mark.long
    def test_a_second_create_with_nothing_to_make_checks_nothing(self, cli: Cli) -> None:
        cli.ok("create", "demo", "--no-verify")
        cli.emulator.requests.clear()
        cli.ok("create", "demo", "--no-verify")
        assert "CheckServiceRole" not in {entry.action for entry in cli.emulator.requests}


class TestCapacity:
    """Where the chosen zone is sold out, the next one is taken in the same run."""

    @pytest.mark.long
    def test_the_next_zone_is_taken_and_the_cluster_is_verified(self, shell: Shell) -> None:
        cli = shell(faults={"faults": [{"kind": "stock_out", "zone": K, "announced": False}]})
        ended = cli("create", "demo", "-o", "json")
        assert ended.code == 0, ended.err
        assert ended.json["gpuNodesVerified"] == 2
        assert "going on in cn-hangzhou-j" in ended.err
        account = cli.account()
        assert len(account["nodepool"]) == 1
        assert len(account["vswitch"]) == len(account["snat"]) == 2
        again = cli.ok("create", "demo", "-o", "json").json
        assert again["changed"] is False
        cli.ok("delete", "demo", "-y")
        assert cli.account() == {}

    def test_only_the_zone_of_the_nat_gateway_must_hold_one(
        self, shell: Shell, tmp_path: Path
    ) -> None:
        stock = {"cn-hangzhou-b": {"ecs.vgn5i-m2.xlarge": "WithStock"}}  # no NAT gateways there
        cli = shell(scenario={"stock": stock})
        path = tmp_path / "cluster.yaml"
        for vswitches in ("[{zone: auto}, {zone: auto}]", f"[{{zone: {K}}}, {{zone: auto}}]"):
            path.write_text(
                "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: demo}\n"
                f"network: {{vswitches: {vswitches}}}\n"
            )
            planned = cli.ok("plan", "-f", str(path), "-o", "json").json["steps"]
            zones = [r["detail"] for r in planned if r["step"].startswith("vswitch ")]
            assert [zone.split()[-1] for zone in zones] == [K, "cn-hangzhou-b"]

    def test_8_where_no_zone_that_is_left_holds_a_nat_gateway(self, shell: Shell) -> None:
        stock = {zone: {"ecs.vgn5i-m2.xlarge": "WithoutStock"} for zone in (K, "cn-hangzhou-j")}
        stock["cn-hangzhou-b"] = {"ecs.vgn5i-m2.xlarge": "WithStock"}
        ended = shell(scenario={"stock": stock})("create", "demo", "-o", "json")
        assert ended.code == 8
        last = ended.json["error"]["details"][-1]
        assert last == "cn-hangzhou-b: no NAT gateway can be made there"

    @pytest.mark.long
    def test_8_with_all_that_was_tried_where_nothing_is_left(self, shell: Shell) -> None:
        cli = shell(faults={"faults": [{"kind": "stock_out", "announced": False}]})
        ended = cli("create", "demo", "--instance-type", "ecs.vgn5i-m2.xlarge", "-o", "json")
        assert ended.code == 8
        details = ended.json["error"]["details"]
        assert [line.split()[0] for line in details] == [K, "cn-hangzhou-j"]
        assert all("OperationDenied.NoStock" in line for line in details)
        assert "ackgpu offers" in ended.json["error"]["resolution"]
        assert "ackgpu delete demo" in ended.json["error"]["resolution"]
        assert "nodepool" not in cli.account()
        cli.emulator.set_faults(None)
        assert cli.ok("create", "demo", "--no-verify", "-o", "json").json["changed"] is True
        assert len(cli.account()["instance"]) == 2

    @pytest.mark.long
    def test_another_type_goes_on_from_a_sold_out_one(self, shell: Shell) -> None:
        gone = {"kind": "stock_out", "instance_type": "ecs.vgn5i-m2.xlarge", "announced": False}
        cli = shell(faults={"faults": [gone]})
        first = ("--instance-type", "ecs.vgn5i-m2.xlarge")
        assert cli("create", "demo", "--zone", K, *first).code == 8
        other = ("--instance-type", "ecs.vgn5i-m4.2xlarge")
        cli.ok("create", "demo", "--zone", K, *other, "--no-verify")
        assert len(cli.account()["cluster"]) == 1

    @pytest.mark.long
    def test_a_sold_out_pool_of_an_earlier_run_is_made_anew(self, shell: Shell) -> None:
        stuck = {"effect": "error", "action": "DeleteClusterNodepool", "code": "X", "status": 400}
        gone = {"kind": "stock_out", "announced": False}
        cli = shell(faults={"faults": [gone, stuck]})
        assert cli("create", "demo").code == 11
        (pool,) = cli.account()["nodepool"]
        cli.emulator.set_faults(None)
        cli.ok("create", "demo", "--no-verify")
        assert cli.account()["nodepool"] != [pool]
        assert len(cli.account()["instance"]) == 2

    @pytest.mark.long
    def test_a_zone_that_was_named_is_not_left(self, shell: Shell) -> None:
        cli = shell(faults={"faults": [{"kind": "stock_out", "zone": K, "announced": False}]})
        ended = cli("create", "demo", "--zone", K)
        assert ended.code == 8
        assert len(cli.account()["vswitch"]) == 1

    @pytest.mark.long
    def test_the_next_type_of_the_spec_serves_as_well(self, shell: Shell) -> None:
        first = {"kind": "stock_out", "instance_type": "ecs.vgn5i-m2.xlarge", "announced": False}
        cli = shell(faults={"faults": [first]})
        types = ("--instance-type", "ecs.vgn5i-m2.xlarge", "--instance-type",
                 "ecs.vgn5i-m4.2xlarge")  # fmt: skip
        ended = cli("create", "demo", *types, "--no-verify", "-o", "json")
        assert ended.code == 0, ended.err
        assert len(cli.account()["instance"]) == 2

    @pytest.mark.long
    def test_a_named_zone_that_is_known_to_lack_the_type_is_8_and_makes_nothing(
        self, cli: Cli
    ) -> None:
        ended = cli("create", "demo", "--zone", "cn-hangzhou-i")
        assert ended.code == 8
        assert "no zone there sells it" in ended.err
        assert cli.account() == {}

    def test_known_sold_out_everywhere_makes_nothing(self, shell: Shell) -> None:
        cli = shell(faults={"faults": [{"kind": "stock_out"}]})
        ended = cli("create", "demo")
        assert ended.code == 8
        assert f"{K}  ecs.vgn5i-m2.xlarge" in ended.err
        assert cli.account() == {}

    @pytest.mark.long
    @pytest.mark.parametrize("line", ["create demo", "create demo --dry-run", "plan demo"])
    def test_nothing_is_made_where_the_name_is_taken_in_another_region(
        self, cli: Cli, line: str
    ) -> None:
        cli.ok("create", "demo", "--no-verify")
        (cluster_id,) = cli.account()["cluster"]
        before = len(cli.emulator.requests.writes())
        type_there = "ecs.vgn6i-m4.xlarge"
        ended = cli(*line.split(), "-r", "cn-beijing", "--instance-type", type_there)
        assert ended.code == 6
        assert f"in cn-hangzhou ({cluster_id})" in " ".join(ended.err.split())
        assert "`ackgpu describe demo --region cn-hangzhou`" in " ".join(ended.err.split())
        assert len(cli.emulator.requests.writes()) == before

    @pytest.mark.long
    def test_a_cluster_of_somebody_else_in_another_region_takes_the_name_too(
        self, cli: Cli
    ) -> None:
        cli.ok("create", "demo", "--no-verify")
        with cli.emulator.backend.transaction(write=True) as session:
            for cluster in session.find("cluster"):
                cluster.body["Tags"] = {}
                session.put(cluster)
        ended = cli("plan", "demo", "-r", "cn-beijing")
        assert ended.code == 6
        assert "not ackgpu's" in " ".join(ended.err.split())
