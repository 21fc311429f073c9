"""create on a cluster that stands: another setting of a spec is a conflict that shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.cli import Cli, Ended

from ackgpu.cloud.api import NodePool
from ackgpu.spec.model import DEFAULT_POOL, ClusterSpec
from ackgpu.steps.observed_pool import PoolDrift, pool_drift

POOL: dict[str, Any] = {
    "name": "gpu",
    "instanceTypes": ["ecs.vgn5i-m2.xlarge"],
    "desiredSize": 1,
    "systemDisk": {"size": 120},
    "dataDisks": [{"category": "cloud_ssd", "size": 200}],
    "labels": {"team": "graphics"},
    "taints": [{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}],
    "userData": "#!/bin/sh\necho token-of-ours\n",
}
SPEC: dict[str, Any] = {
    "apiVersion": "ackgpu.dev/v1alpha1",
    "kind": "GpuCluster",
    "metadata": {"name": "demo", "tags": {"team": "graphics"}},
    "cluster": {"addons": [{"name": "ack-gpu-exporter"}], "raw": {"timezone": "Asia/Shanghai"}},
    "gpu": {"licenseServer": "license.example.com:7070"},
    "nodePools": [POOL],
    "verify": {"level": "none"},
}


def create(cli: Cli, tmp_path: Path, spec: dict[str, Any], *flags: str) -> Ended:
    path = tmp_path / "cluster.yaml"
    YAML().dump(spec, path)
    return cli("create", "-f", str(path), "-o", "json", *flags)


@pytest.fixture
def standing(cli: Cli, tmp_path: Path) -> Cli:
    """A shell on an account where the cluster of SPEC stands."""
    assert create(cli, tmp_path, SPEC).code == 0
    cli.emulator.requests.clear()
    return cli


OTHER_POOLS = {
    "labels.team": {"labels": {"team": "sound"}},
    "labels.more": {"labels": {"team": "graphics", "more": "yes"}},
    "taints": {"taints": []},
    "imageType": {"imageType": "Ubuntu"},
    "systemDisk.size": {"systemDisk": {"size": 200}},
    "systemDisk.category": {"systemDisk": {"category": "cloud_efficiency", "size": 120}},
    "dataDisks": {"dataDisks": [{"category": "cloud_ssd", "size": 300}]},
    "multiAzPolicy": {"multiAzPolicy": "PRIORITY"},
    "spot.strategy": {"spot": {"strategy": "SpotAsPriceGo"}},
    "instanceTypes": {"instanceTypes": ["ecs.vgn5i-m4.2xlarge"]},
    "licenseServer": {"licenseServer": "other.example.com:7071"},
    "userData": {"userData": "#!/bin/sh\necho something-else\n"},
    "desiredSize": {"desiredSize": 2},
}
OTHER_CLUSTERS: dict[str, dict[str, Any]] = {
    "network.proxyMode": {"network": {"proxyMode": "iptables"}},
    "network.nodeCidrMask": {"network": {"nodeCidrMask": 25}},
    "metadata.tags.team": {"metadata": {"name": "demo", "tags": {"team": "sound"}}},
    "cluster.addons.ack-node-problem-detector": {
        "cluster": {"addons": [{"name": "ack-node-problem-detector"}]}
    },
    "cluster.raw.timezone": {"cluster": {"raw": {"timezone": "Europe/Paris"}}},
}


@pytest.mark.long
def test_another_setting_of_a_pool_is_a_conflict_that_shows_it(
    standing: Cli, tmp_path: Path
) -> None:
    for key, other in OTHER_POOLS.items():
        ended = create(standing, tmp_path, SPEC | {"nodePools": [POOL | other]})
        assert ended.code == 6, key
        details = "\n".join(ended.json["error"]["details"])
        assert f"nodePools[gpu].{key}: the spec says" in details, key
        assert "token-of-ours" not in ended.out + ended.err
    assert standing.emulator.requests.writes() == []


@pytest.mark.long
def test_another_setting_of_the_cluster_is_a_conflict_that_shows_it(
    standing: Cli, tmp_path: Path
) -> None:
    for key, other in OTHER_CLUSTERS.items():
        ended = create(standing, tmp_path, SPEC | other)
        assert ended.code == 6, key
        assert f"{key}: the spec says" in "\n".join(ended.json["error"]["details"])
    assert standing.emulator.requests.writes() == []


@pytest.mark.long
def test_the_same_spec_changes_nothing_however_it_is_written(standing: Cli, tmp_path: Path) -> None:
    same = POOL | {
        "licenseServer": "license.example.com:7070",
        "taints": [{"key": "dedicated", "value": "gpu"}],
        "systemDisk": {"category": "", "size": 120},
    }
    ended = create(standing, tmp_path, SPEC | {"nodePools": [same], "gpu": {}})
    assert ended.json["changed"] is False
    assert standing.emulator.requests.writes() == []


@pytest.mark.long
def test_a_pool_of_that_name_with_another_label_is_a_conflict_for_nodepool_add(
    standing: Cli,
) -> None:
    again = standing("nodepool", "add", "demo", "gpu", "--nodes", "1", "--label", "team=sound")
    assert again.code == 6
    assert "labels.team: requested sound, found graphics" in again.err


def test_what_was_not_told_and_what_ack_adds_is_no_difference() -> None:
    found = NodePool(
        "np-1", "gpu", "active", DEFAULT_POOL.instance_types, 2, 2, 2, 0, {},
        labels={"ack.aliyun.com": "c1", "alibabacloud.com/nodepool-id": "np-1"},
        user_data="not Base64 ****",
    )  # fmt: skip
    assert pool_drift(ClusterSpec(), DEFAULT_POOL, found) == ()
    others = NodePool(**vars(found) | {"labels": {"team": "sound"}})
    (drift,) = pool_drift(ClusterSpec(), DEFAULT_POOL, others)
    assert (drift.field, drift.found) == ("nodePools[gpu].labels.team", "sound")


def test_a_pool_is_compared_again_only_if_its_settings_change() -> None:
    found = NodePool("np-1", "gpu", "scaling", DEFAULT_POOL.instance_types, 2, 2, 0, 0, {},
                     labels={"team": "sound"})  # fmt: skip
    drift = PoolDrift(ClusterSpec(), DEFAULT_POOL)
    before = drift.of(found)
    assert [each.found for each in before] == ["sound"]
    assert drift.of(replace(found, healthy=1)) is before
    assert [each.found for each in drift.of(replace(found, labels={"team": "light"}))] == ["light"]
