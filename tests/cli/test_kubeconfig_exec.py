"""A kubeconfig that renews itself: kubectl asks ackgpu for a short-lived certificate."""

from __future__ import annotations

import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.cli import Cli
from support.instructions import times_pass

from ackgpu import credential_cache as cache

FETCH = "DescribeClusterUserKubeconfig"
V1, V1BETA1 = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
LINE = ("kubeconfig", "credential", "demo", "--region", "cn-hangzhou")
KUBECTLS = [name for name in os.environ.get("KUBECTL", "kubectl").split(os.pathsep) if name]


@pytest.fixture
def exec_cli(cli: Cli) -> Cli:
    """A shell whose cluster's kubeconfig asks ackgpu for credentials."""
    cli.ok("create", "demo", "--no-verify")
    cli.ok("kubeconfig", "write", "demo", "--exec", "--set-context")
    cli.emulator.requests.clear()
    return cli


def environment(cli: Cli, **more: str) -> dict[str, str]:
    return {**cli.env, "PATH": os.environ["PATH"], **more}


def ours(cli: Cli, *line: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ackgpu", *line]
    env = environment(cli, **more)
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def fetches(cli: Cli) -> int:
    return [entry.action for entry in cli.emulator.requests].count(FETCH)


def status_of(answer: str) -> dict[str, Any]:
    return dict(json.loads(answer)["status"])


def kept(cli: Cli) -> Path:
    [path] = (cli.home / "state" / "credentials").glob("demo.*.json")
    return path


def is_refused(cli: Cli, status: dict[str, Any], place: Path) -> bool:
    """Whether the API server refuses the certificate."""
    pem = place / "client.pem"
    pem.write_text(status["clientCertificateData"] + status["clientKeyData"])
    context = ssl.create_default_context(cadata=authority(cli))
    context.load_cert_chain(pem)
    url = f"{cli.emulator.kube_endpoint}/api/v1/nodes"
    try:
        with urllib.request.urlopen(url, context=context):  # noqa: S310 -- loopback
            return False
    except OSError:
        return True


def config(cli: Cli) -> dict[str, Any]:
    return dict(YAML(typ="safe", pure=True).load(cli.kubeconfig.read_text()))


def authority(cli: Cli) -> str:
    data = config(cli)["clusters"][0]["cluster"]["certificate-authority-data"]
    return base64.b64decode(data).decode()


def kubectl(cli: Cli, program: str, *line: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed: nothing was asked of the real client")
    done = subprocess.run(
        [found, "--cache-dir", str(cli.home / "cache"), *line],
        capture_output=True, text=True, check=False, timeout=100,
        env=environment(cli, KUBECONFIG=str(cli.kubeconfig)),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_the_kubeconfig_holds_no_key_and_names_a_program_that_is_there(exec_cli: Cli) -> None:
    [user] = config(exec_cli)["users"]
    plugin = user["user"].pop("exec")
    assert user["user"] == {}
    assert plugin["apiVersion"] == V1BETA1
    assert plugin["interactiveMode"] == "Never"
    assert Path(plugin["command"]).is_file()
    assert plugin["args"][-5:] == list(LINE)
    assert plugin["env"] == [
        {"name": "ACKGPU_STATE_DIR", "value": exec_cli.env["ACKGPU_STATE_DIR"]}
    ]


@pytest.mark.long
@pytest.mark.parametrize("program", KUBECTLS)
def test_kubectl_goes_on_past_the_end_of_a_certificate(
    exec_cli: Cli, program: str, tmp_path: Path
) -> None:
    exec_cli.emulator.set_faults({"faults": [{"kind": "short_certificates", "seconds": 3}]})
    assert "cn-hangzhou" in kubectl(exec_cli, program, "get", "nodes", "--no-headers")
    first = json.loads(kept(exec_cli).read_text())
    told = json.loads(cache.text_of(first, V1BETA1))["status"]
    while not is_refused(exec_cli, told, tmp_path):
        pass  # three seconds of the real clock, which TLS goes by
    before = fetches(exec_cli)
    assert "cn-hangzhou" in kubectl(exec_cli, program, "get", "nodes", "--no-headers")
    assert fetches(exec_cli) == before + 1
    assert json.loads(kept(exec_cli).read_text())["end"] > first["end"]


@pytest.mark.long
@pytest.mark.parametrize("program", KUBECTLS)
def test_kubectl_asks_the_cloud_once_for_many_commands(exec_cli: Cli, program: str) -> None:
    for _ in range(3):
        kubectl(exec_cli, program, "get", "nodes")
    assert fetches(exec_cli) == 1


@pytest.mark.long
def test_twenty_callers_at_a_time_fetch_once(exec_cli: Cli) -> None:
    with ThreadPoolExecutor(20) as pool:
        ended = list(pool.map(lambda _: ours(exec_cli, *LINE), range(20)))
    assert {one.returncode for one in ended} == {0}
    assert len({one.stdout for one in ended}) == 1
    assert fetches(exec_cli) == 1


@pytest.mark.long
def test_twenty_callers_at_a_time_are_refused_once(exec_cli: Cli) -> None:
    denied = {"product": "cs", "action": FETCH, "effect": "error", "status": 403}
    exec_cli.emulator.set_faults({"faults": [denied | {"code": "Forbidden.RAM"}]})
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda _: ours(exec_cli, *LINE), range(8)))
    assert {one.returncode for one in ended} == {4}
    assert fetches(exec_cli) < 8


@pytest.mark.long
def test_an_answer_from_the_cache_costs_at_most_four_times_pass(
    exec_cli: Cli, tmp_path: Path
) -> None:
    env = {**exec_cli.env, cache.ASKED: json.dumps({"apiVersion": V1BETA1})}
    env["HOME"] = str(tmp_path)
    assert ours(exec_cli, *LINE, **env).returncode == 0
    assert times_pass(tmp_path, *LINE, env=env) <= 4
    assert fetches(exec_cli) == 1


@pytest.mark.long
@pytest.mark.parametrize("version", [V1, V1BETA1])
def test_it_answers_in_the_version_that_is_asked_for(exec_cli: Cli, version: str) -> None:
    env = {cache.ASKED: json.dumps({"apiVersion": version, "kind": "ExecCredential"})}
    for _ in range(2):  # from the cloud, then from the cache
        answer = json.loads(ours(exec_cli, *LINE, **env).stdout)
        assert answer["apiVersion"] == version
        assert answer["kind"] == "ExecCredential"


@pytest.mark.long
def test_an_unknown_version_is_refused_in_words(exec_cli: Cli) -> None:
    asked = json.dumps({"apiVersion": "client.authentication.k8s.io/v1alpha1"})
    ended = ours(exec_cli, *LINE, **{cache.ASKED: asked})
    assert ended.returncode == 2
    assert "asks for client.authentication.k8s.io/v1alpha1" in ended.stderr
    assert "kubectl 1.20 or newer" in ended.stderr


@pytest.mark.long
def test_it_says_why_there_is_none(exec_cli: Cli) -> None:
    ended = exec_cli("kubeconfig", "credential", "gone")
    assert ended.code == 5
    assert ended.out == ""
    assert "There is no cluster gone" in ended.err


@pytest.mark.long
def test_a_certificate_that_holds_is_given_while_the_cloud_is_down(exec_cli: Cli) -> None:
    first = exec_cli.ok(*LINE)
    status = json.loads(kept(exec_cli).read_text())
    kept(exec_cli).write_text(json.dumps({**status, "renewAt": "2020-01-01T00:00:00Z"}))
    down = {"effect": "error", "status": 503, "product": "cs", "action": "*"}
    exec_cli.emulator.set_faults({"faults": [down]})
    again = exec_cli(*LINE)
    assert again.code == 0
    assert "is not renewed yet" in again.err
    told = status_of(again.out)
    assert told["clientKeyData"] == status_of(first.out)["clientKeyData"]
    assert told["expirationTimestamp"] == status["end"]


@pytest.mark.long
def test_it_is_renewed_before_its_end(exec_cli: Cli) -> None:
    told = status_of(exec_cli.ok(*LINE).out)
    status = json.loads(kept(exec_cli).read_text())
    assert told["expirationTimestamp"] == status["renewAt"] < status["end"]
    kept(exec_cli).write_text(json.dumps({**status, "renewAt": "2020-01-01T00:00:00Z"}))
    assert status_of(exec_cli.ok(*LINE).out)["clientKeyData"] != told["clientKeyData"]


@pytest.mark.long
def test_what_others_may_read_is_not_used(exec_cli: Cli) -> None:
    exec_cli.ok(*LINE)
    assert kept(exec_cli).stat().st_mode & 0o777 == 0o600
    kept(exec_cli).chmod(0o644)
    exec_cli.ok(*LINE)
    assert fetches(exec_cli) == 2
    assert kept(exec_cli).stat().st_mode & 0o777 == 0o600


@pytest.mark.long
def test_another_key_gets_another_certificate(exec_cli: Cli) -> None:
    exec_cli.ok(*LINE)
    assert exec_cli(*LINE, env={"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrong"}).code == 4


@pytest.mark.long
@pytest.mark.parametrize(
    "line", [("kubeconfig", "remove", "demo"), ("delete", "demo", "-y"),
             ("kubeconfig", "write", "demo", "--exec")]
)  # fmt: skip
def test_the_key_is_forgotten_with_the_context(exec_cli: Cli, line: tuple[str, ...]) -> None:
    exec_cli.ok(*LINE)
    exec_cli.ok(*line)
    assert list((exec_cli.home / "state" / "credentials").glob("*.json")) == []


def test_a_life_that_ack_does_not_give_is_refused(exec_cli: Cli) -> None:
    for line in (("write", "demo", "--exec"), ("credential", "demo")):
        ended = exec_cli("kubeconfig", *line, "--temporary-minutes", "5")
        assert ended.code == 2
        assert "ACK takes 15 to 4320" in ended.err


@pytest.mark.long
def test_our_own_client_takes_it(exec_cli: Cli) -> None:
    path = str(exec_cli.kubeconfig)
    ended = ours(exec_cli, "verify", "--kubeconfig", path, "--level", "labels")
    assert ended.returncode == 0, ended.stderr
