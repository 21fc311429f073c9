"""A region that does not exist is refused before anything else is asked of the cloud."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.altering import Exchange, altering_proxy_to
from support.cli import Cli

NAMED = (
    ("list",), ("create", "demo"), ("plan", "demo"), ("check-quota",), ("preflight", "demo"),
    ("offers",), ("describe", "demo"), ("wait", "demo", "--for", "gpu"), ("verify", "demo"),
    ("run-sample", "demo"), ("upgrade", "demo"), ("nodepool", "list", "demo"),
    ("nodepool", "add", "demo", "small"), ("nodepool", "scale", "demo", "gpu", "--nodes", "1"),
    ("nodepool", "delete", "demo", "gpu", "-y"), ("kubeconfig", "write", "demo"),
    ("config", "init"), ("manifest", "sample", "demo"), ("delete", "demo", "-y"),
    ("gc",), ("extend", "demo", "--hold"), ("policy", "check"), ("export", "spec", "demo"),
    ("config", "show"), ("doctor",), ("list", "--all-regions"),
)  # fmt: skip
UNASKED = (("policy", "generate"), ("check-quota", "--offline"))
"""Commands that ask the cloud nothing."""


def calls(cli: Cli) -> list[str]:
    """The operations that the cloud was asked for, in their order."""
    return [call.action for call in cli.emulator.requests]


@pytest.mark.parametrize("line", NAMED, ids=" ".join)
def test_a_mistyped_region_is_refused_with_the_nearest(cli: Cli, line: tuple[str, ...]) -> None:
    refused = cli(*line, "--region", "cn-hangzho")
    assert refused.code == 2
    assert "There is no region 'cn-hangzho'" in refused.err
    assert "--region cn-hangzhou" in refused.err
    assert set(calls(cli)) == {"DescribeRegions"}


@pytest.mark.parametrize("line", UNASKED, ids=" ".join)
def test_where_nothing_is_asked_the_known_regions_decide(cli: Cli, line: tuple[str, ...]) -> None:
    refused = cli(*line, "--region", "cn-beijin")
    assert refused.code == 2
    assert "Did you mean cn-beijing?" in refused.err
    assert calls(cli) == []


@pytest.mark.parametrize("flag", ["--region", "--profile"])
def test_a_variable_that_is_not_set_is_not_the_default(cli: Cli, flag: str) -> None:
    for line in (("delete", "demo", "-y", flag, ""), (flag, "", "delete", "demo", "-y")):
        refused = cli(*line)
        assert refused.code == 2
        assert f"{flag} is empty" in refused.err
    assert calls(cli) == []


@pytest.mark.parametrize("variable", ["ACKGPU_REGION", "ALICLOUD_REGION"])
def test_a_region_of_the_environment_is_refused_too(cli: Cli, variable: str) -> None:
    cli.env.pop("ALIBABA_CLOUD_REGION_ID")
    refused = cli("list", env={variable: "cn-hangzho"})
    assert refused.code == 2
    assert "`ackgpu list --region cn-hangzhou`" in refused.err


def test_so_is_one_in_a_file(cli: Cli, tmp_path: Path) -> None:
    spec = (
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata: {name: a, region: cn-hangzho}"
    )
    (tmp_path / "cluster.yaml").write_text(spec)
    assert cli("create", "-f", str(tmp_path / "cluster.yaml")).code == 2
    assert set(calls(cli)) == {"DescribeRegions"}


def test_without_credentials_the_nearest_is_named_all_the_same(cli: Cli) -> None:
    cli.env.pop("ALIBABA_CLOUD_ACCESS_KEY_ID")
    assert "cn-hangzhou" in cli("list", "--region", "cn-hangzho").err


def newer_region(exchange: Exchange) -> bytes:
    """The answer of a cloud with a region that is newer than this ackgpu."""
    if exchange.action == "DescribeRegions":
        return exchange.content.replace(b'"cn-beijing"', b'"cn-hangzhou-2"')
    return exchange.content


def test_a_region_that_only_the_cloud_knows_is_taken(cli: Cli) -> None:
    with altering_proxy_to(cli.emulator.endpoint) as proxy:
        proxy.alter = newer_region
        listed = cli("list", "--region", "cn-hangzhou-2", env={"ACKGPU_ENDPOINT_URL": proxy.url})
    assert "There is no region" not in listed.err
    assert set(calls(cli)) > {"DescribeRegions"}


def test_a_region_is_taken_once(cli: Cli) -> None:
    for line in (
        ("list", "-r", "cn-beijing", "--region", "cn-hangzhou"),
        ("-r", "cn-beijing", "list", "-r", "cn-beijing"),
    ):
        refused = cli(*line)
        assert refused.code == 2
        assert "--region is given 2 times" in refused.err
    cli.ok("offers", "-r", "cn-beijing", "-r", "cn-hangzhou")


@pytest.mark.parametrize(
    "line",
    [
        ("create", "demo", "--nodes", "1", "--nodes", "2"),
        ("-o", "json", "list", "-o", "yaml"),
        ("nodepool", "scale", "demo", "gpu", "--nodes=1", "--nodes", "1"),
    ],
)
def test_so_is_every_flag_with_one_value(cli: Cli, line: tuple[str, ...]) -> None:
    assert cli(*line).code == 2
    assert calls(cli) == []
