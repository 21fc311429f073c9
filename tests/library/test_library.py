"""The library: what the command line does, for a Python program."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.instructions import times_pass
from support.programs import SPEC, around

import ackgpu
from ackgpu import errors, records
from ackgpu.emulator import Emulator
from ackgpu.engine.events import Event
from ackgpu.spec.load import load_file


@pytest.mark.long
def test_the_life_of_a_cluster(cloud: ackgpu.Ackgpu, tmp_path: Path) -> None:
    planned = cloud.plan(SPEC).record
    assert [row.action for row in planned.steps if row.step == "vpc"] == ["CREATE"]
    made = cloud.create(SPEC)
    assert made.record.gpu_nodes_verified == 2
    assert {row.type for row in made.resources} >= {"Vpc", "Cluster", "NodePool"}
    assert made.durations["total"] > 0
    assert "demo" in (tmp_path / ".kube" / "config").read_text()
    assert cloud.create(SPEC).record.changed is False
    [row] = cloud.list().record.clusters
    assert (row.name, row.state) == ("demo", "running")
    assert cloud.describe("demo").record.node_pools[0].desired == 2
    assert len(cloud.verify("demo").record.nodes) == 2
    assert cloud.run_sample("demo").record.passed
    assert "client-key-data" in cloud.kubeconfig("demo", minutes=60)
    assert cloud.wait("demo", "gpu").record.facts["for"] == "gpu"
    gone = cloud.delete("demo")
    assert gone.record.complete
    assert cloud.list().record.clusters == ()


@pytest.mark.long
def test_node_pools_and_nodes(cloud: ackgpu.Ackgpu) -> None:
    cloud.create(SPEC)
    added = cloud.add_node_pool("demo", "more", {"desiredSize": 1}).record
    assert {pool.name for pool in added.node_pools} == {"gpu", "more"}
    scaled = cloud.scale_node_pool("demo", "more", 2).record
    assert {pool.name: pool.healthy for pool in scaled.node_pools} == {"gpu": 2, "more": 2}
    changed = cloud.update_node_pool("demo", "more", labels={"team": "sound"}).record
    assert [row.setting for row in changed.changes] == ["nodePools[more].labels.team"]
    node = next(row for row in cloud.nodes("demo").record.nodes if row.node_pool == "gpu")
    cloud.drain_node("demo", node.name)
    assert cloud.delete_node_pool("demo", "more").record.node_pools[0].name == "gpu"
    assert [pool.name for pool in cloud.node_pools("demo").record.node_pools] == ["gpu"]


@pytest.mark.long
def test_sleep_wake_and_export(cloud: ackgpu.Ackgpu) -> None:
    cloud.create(SPEC)
    before = cloud.export("demo")
    assert cloud.sleep("demo").record.asleep
    with pytest.raises(errors.ConflictError, match="sleeps"):
        cloud.create(SPEC)
    assert cloud.wake("demo").record.asleep is False
    assert cloud.export("demo") == before
    assert "alicloud_cs_managed_kubernetes" in cloud.export("demo", "terraform")
    assert cloud.gc(older_than="1s").record.executed is False
    cloud.extend("demo", ttl="2h")
    assert cloud.gc(older_than="1s", execute=True).record.executed
    assert cloud.list().record.clusters == ()


@pytest.mark.long
def test_before_anything_is_made(cloud: ackgpu.Ackgpu) -> None:
    assert cloud.check_quota(SPEC).record.quotas
    assert cloud.preflight(SPEC, only=["quota"]).record.checks
    assert {row.zone for row in cloud.offers(gpu_mem="2..8").record.offers}
    many: dict[str, Any] = {**SPEC, "nodePools": [{"name": "gpu", "desiredSize": 60}]}
    with pytest.raises(errors.PreflightFailed) as refused:
        cloud.check_quota(many)
    assert refused.value.exits_with == 3
    answer = refused.value.answer
    assert answer is not None
    assert "short" in {row.verdict for row in answer.record.quotas}


@pytest.mark.long
def test_apply_changes_what_stands(cloud: ackgpu.Ackgpu) -> None:
    cloud.create(SPEC)
    wider = {**SPEC, "nodePools": [{"name": "gpu", "desiredSize": 3}]}
    assert cloud.apply(wider, dry_run=True).record.applied is False
    assert cloud.apply(wider).record.applied is True
    assert cloud.node_pools("demo").record.node_pools[0].healthy == 3


@pytest.mark.long
def test_a_spec_is_a_mapping_a_model_or_a_path(cloud: ackgpu.Ackgpu, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    whole = {"apiVersion": "ackgpu.dev/v1alpha1", "kind": "GpuCluster", **SPEC}
    path.write_text(json.dumps(whole))
    plans = [cloud.plan(spec).record for spec in (SPEC, path, str(path), load_file(path).spec)]
    assert plans == plans[:1] * 4
    with pytest.raises(errors.SpecError, match="wrong with it") as wrong:
        cloud.plan({**SPEC, "nodePool": []})
    assert "spec" in str(wrong.value.findings[0])


def test_errors_say_what_to_do(cloud: ackgpu.Ackgpu) -> None:
    with pytest.raises(errors.NoSuchCluster) as missing:
        cloud.describe("nope")
    assert missing.value.exits_with == 5
    assert "`ackgpu list --all-regions" in str(missing.value.resolution)
    with pytest.raises(errors.UsageError):
        cloud.delete("")
    with pytest.raises(errors.UsageError):
        cloud.delete("-y")


@pytest.mark.long
def test_a_failed_verification_comes_with_its_rows(
    cloud: ackgpu.Ackgpu, emulator: Emulator
) -> None:
    emulator.set_faults({"faults": [{"kind": "label_missing", "pool": "gpu", "count": 1}]})
    cloud.create({**SPEC, "verify": {"level": "none"}})
    with pytest.raises(errors.VerificationFailed) as failed:
        cloud.verify("demo")
    answer = failed.value.answer
    assert answer is not None
    assert len(answer.record.nodes) == 2
    assert not all(row.ok for row in answer.record.nodes)


@pytest.mark.long
def test_events_by_callback(emulator: Emulator, tmp_path: Path) -> None:
    heard: list[Event] = []
    with ackgpu.Ackgpu(emulator=emulator, env=around(tmp_path), progress=heard.append) as cloud:
        cloud.create(SPEC)
    kinds = [type(event).__name__ for event in heard]
    assert (kinds[0], kinds[-1]) == ("RunStarted", "RunFinished")
    assert "Tick" not in kinds


@pytest.mark.long
def test_events_by_iteration_and_the_result_behind_them(cloud: ackgpu.Ackgpu) -> None:
    creation = cloud.start(cloud.create, SPEC)
    done = [getattr(event, "step", "") for event in creation if type(event).__name__ == "StepDone"]
    assert {"vpc", "cluster", "gpu nodes"} <= set(done)
    assert creation.result().record.cluster.name == "demo"
    assert creation.done
    assert list(creation) == []


@pytest.mark.long
def test_a_cancel_stops_where_it_is_safe_and_create_goes_on(cloud: ackgpu.Ackgpu) -> None:
    creation = cloud.start(cloud.create, SPEC)
    for event in creation:
        if type(event).__name__ == "StepDone" and getattr(event, "step", "") == "vpc":
            creation.cancel()
    with pytest.raises(errors.Interrupted) as stopped:
        creation.result()
    assert stopped.value.aftermath is not None
    assert "Vpc" in {row.type for row in stopped.value.aftermath.resources}
    assert cloud.create(SPEC).record.gpu_nodes_verified == 2


def test_the_token_of_a_client_stops_all_its_calls(emulator: Emulator, tmp_path: Path) -> None:
    token = ackgpu.CancelToken()
    token.request()
    with (
        ackgpu.Ackgpu(emulator=emulator, env=around(tmp_path), cancel=token) as cloud,
        pytest.raises(errors.Interrupted),
    ):
        cloud.create(SPEC)
    assert [entry.action for entry in emulator.requests.writes()] == []


@pytest.mark.long
def test_it_prints_nothing_and_leaves_signals_alone(
    cloud: ackgpu.Ackgpu, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    creation = cloud.start(cloud.create, SPEC)
    seen = [[signal.getsignal(number) for number in numbers] for _ in creation]
    creation.result()
    cloud.delete("demo")
    assert all(now == before for now in seen)
    assert capfd.readouterr() == ("", "")


@pytest.mark.long
def test_two_clusters_in_two_threads(cloud: ackgpu.Ackgpu) -> None:
    names = ("one", "two")

    def life(name: str) -> int:
        spec = {"metadata": {"name": name, "region": "cn-hangzhou"}}
        return cloud.create(spec).record.gpu_nodes

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(life, names)) == [2, 2]
    assert {row.name for row in cloud.list().record.clusters} == set(names)


@pytest.mark.long
def test_one_cluster_is_not_worked_on_twice_at_once(cloud: ackgpu.Ackgpu) -> None:
    first = cloud.start(cloud.create, SPEC)
    next(iter(first))
    with pytest.raises(errors.ConflictError, match="Another ackgpu is working on demo"):
        cloud.create(SPEC)
    assert first.result().record.gpu_nodes == 2


def test_threads_of_a_call_end_with_it(cloud: ackgpu.Ackgpu) -> None:
    cloud.list()
    cloud.close()
    assert not [t for t in threading.enumerate() if t.name == "ackgpu-operation"]


def test_the_embedded_account_is_kept(tmp_path: Path) -> None:
    env = around(tmp_path)
    with ackgpu.Ackgpu(emulator=True, env=env) as cloud:
        assert cloud.list().record.clusters == ()
        assert cloud.env["ACKGPU_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert (tmp_path / "state" / "emulator").is_dir()


@pytest.mark.parametrize("name", records.__all__)
def test_every_record_is_there(name: str) -> None:
    found = getattr(records, name)
    assert found is not None
    if dataclasses.is_dataclass(found):
        assert found.__dataclass_params__.frozen
        assert found.__doc__


@pytest.mark.long
def test_the_import_costs_at_most_two_and_a_half_times_pass(tmp_path: Path) -> None:
    assert times_pass(tmp_path, program=("-c", "import ackgpu")) <= 2.5


LOADED = """
import sys
import ackgpu
with ackgpu.Ackgpu() as cloud:
    cloud.list()
print(*sys.modules)
"""


def loaded_by_list(emulator: Emulator, tmp_path: Path) -> list[str]:
    """What a program has loaded whose only call is `list`, in that order."""
    env = {**around(tmp_path), **emulator.env, "PATH": os.environ["PATH"]}
    told = subprocess.run(
        [sys.executable, "-c", LOADED], env=env, capture_output=True, text=True, check=True
    )
    return told.stdout.split()


@pytest.mark.long
def test_a_first_call_loads_what_it_needs_only(emulator: Emulator, tmp_path: Path) -> None:
    loaded = set(loaded_by_list(emulator, tmp_path))
    assert "ackgpu.commands.account.list_clusters" in loaded
    unwanted = {"typer", "rich", "ackgpu.commands.cluster.create", "ruamel", "httpx2"}
    assert loaded & unwanted == set()


@pytest.mark.long
@pytest.mark.timeout(600)  # valgrind takes fifty times as long as the program
def test_a_program_whose_only_call_is_list_costs_at_most_forty_four_times_pass(
    emulator: Emulator, tmp_path: Path
) -> None:
    program = "import ackgpu\nwith ackgpu.Ackgpu() as cloud: cloud.list()"
    assert times_pass(tmp_path, env=emulator.env, program=("-c", program)) <= 44
