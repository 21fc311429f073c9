"""The action that makes a cluster for a job: what it tells, and that nothing of it stays."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ackgpu.emulator import Emulator
from tests.ci.runner import ACTION, Job
from tests.support.cli import Cli

MEM = "aliyun.accelerator/nvidia_mem"
NAME = "ci-4711-2-integration-tests"
pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed"),
    pytest.mark.timeout(300),
]
NewJob = Callable[..., Job]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An account whose clusters stand after some seconds."""
    with Emulator(speed=200, seed=7) as emulator:
        yield emulator


@pytest.fixture
def cli(emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Somebody with a shell elsewhere, such as the scheduled job that runs gc."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    return Cli(emulator, home, capsys)


@pytest.fixture
def job(emulator: Emulator, tmp_path: Path) -> NewJob:
    """Jobs whose steps use the emulated account."""
    shared = {"ACKGPU_STATE_DIR": str(tmp_path / "state"), "ACKGPU_TIMEOUT": "24h"}

    def make(**inputs: str) -> Job:
        return Job(tmp_path / "job", inputs, {**emulator.env, **shared})

    return make


def test_every_script_and_input_is_there() -> None:
    action = YAML(typ="safe").load((ACTION / "action.yml").read_text())
    assert action["runs"]["post-if"] == "always()"
    scripts = "".join(path.read_text() for path in ACTION.glob("*.js"))
    for name in (action["runs"]["main"], action["runs"]["post"]):
        assert (ACTION / name).is_file()
    for name in action["inputs"]:
        assert f'input("{name}")' in scripts
    for name in action["outputs"]:
        assert f'note("GITHUB_OUTPUT", "{name}"' in scripts


@pytest.mark.long
def test_a_job_gets_a_verified_cluster_and_leaves_none(job: NewJob, cli: Cli) -> None:
    made = job(arguments="--nodes 1", ttl="2h")
    assert made.run("main.js") == 0, made.log
    kubeconfig = Path(made.outputs["kubeconfig"])
    (cluster,) = YAML(typ="safe").load(kubeconfig.read_text())["clusters"]
    assert made.outputs["server"] == cluster["cluster"]["server"]
    assert made.outputs["name"] == NAME
    assert "<html" in Path(made.outputs["report"]).read_text()
    assert "<testsuites" in Path(made.outputs["junit"]).read_text()
    assert "1 of 1 nodes verified" in made.summary
    assert "::error" not in made.log
    assert json.loads(cli.ok("list", "-o", "json").out)["clusters"][0]["name"] == NAME
    assert made.run("post.js") == 0, made.log
    assert cli.account() == {}


@pytest.mark.long
def test_gpus_that_are_not_as_they_should_be_are_annotated(
    job: NewJob, emulator: Emulator, cli: Cli
) -> None:
    emulator.set_faults(
        {"faults": [{"kind": "label_wrong", "key": MEM, "value": "1024MiB", "count": 1}]}
    )
    made = job()
    assert made.run("main.js") == 9, made.log
    assert "1 of 2 nodes verified" in made.summary
    assert "::error title=cn-hangzhou." in made.log
    emulator.set_faults(None)
    assert made.run("post.js") == 0, made.log
    assert cli.account() == {}


def wait_until(cli: Cli, kind: str, step: subprocess.Popen[str]) -> None:
    """Return once the account has a ``kind``."""
    while kind not in cli.account():
        assert step.poll() is None, "the step has ended before"


@pytest.mark.sweep
@pytest.mark.parametrize("moment", ["vpc", "cluster", "instance"])
def test_a_cancelled_job_leaves_nothing(job: NewJob, cli: Cli, moment: str) -> None:
    cancelled = job()
    step = cancelled.start("main.js")
    wait_until(cli, moment, step)
    assert cancelled.cancel(step) == 130
    assert not cancelled.insisted
    assert cancelled.run("post.js") == 0, cancelled.log
    cli.ok("gc", "--expired", "--orphans", "--all-regions", "--execute", "--yes")
    assert cli.account() == {}


@pytest.mark.long
def test_a_step_that_hangs_in_a_call_ends_at_the_sigterm_and_leaves_nothing(
    job: NewJob, emulator: Emulator, cli: Cli
) -> None:
    slow = {"effect": "delay", "action": "CreateCluster", "seconds": 30}
    emulator.set_faults({"faults": [slow]})
    cancelled = job()
    step = cancelled.start("main.js")
    wait_until(cli, "cluster", step)
    assert cancelled.cancel(step) == 143
    assert cancelled.insisted
    emulator.set_faults(None)
    assert cancelled.run("post.js") == 0, cancelled.log
    cli.ok("gc", "--expired", "--orphans", "--all-regions", "--execute", "--yes")
    assert cli.account() == {}


@pytest.mark.long
def test_a_job_whose_machine_is_lost_leaves_its_cluster_to_gc(job: NewJob, cli: Cli) -> None:
    lost = job(ttl="30m")
    step = lost.start("main.js")
    wait_until(cli, "cluster", step)
    step.kill()
    step.communicate()
    while cli.account():
        cli("gc", "--expired", "--execute", "--yes")
    assert cli.ok("list", "-o", "json").json["clusters"] == []


@pytest.mark.long
def test_a_job_that_keeps_its_cluster_says_what_deletes_it(job: NewJob, cli: Cli) -> None:
    kept = job(keep="true", arguments="--nodes 1")
    assert kept.run("main.js") == 0, kept.log
    assert kept.run("post.js") == 0
    assert "ackgpu gc --expired --execute" in kept.log
    assert cli.account()["cluster"]


@pytest.mark.long
def test_without_credentials_the_step_fails_with_the_way_out(job: NewJob) -> None:
    bare = job()
    bare.env = {
        **bare.env,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "",
    }
    assert bare.run("main.js") == 4
    assert "::error title=ackgpu create::" in bare.log


class Tokens(BaseHTTPRequestHandler):
    """The runner's own service of OIDC tokens."""

    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        body = json.dumps({"value": "ey.token.of-the-job"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def tokens() -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """The service's address, and what it was asked."""
    handler = type("Asked", (Tokens,), {"asked": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/token?api-version=2.0", handler.asked
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_role_is_assumed_with_the_jobs_own_token(
    job: NewJob, tokens: tuple[str, list[tuple[str, str | None]]], tmp_path: Path
) -> None:
    address, asked = tokens
    seen = tmp_path / "seen"
    program = tmp_path / "bin" / "ackgpu"  # shows what ackgpu is given; how it assumes: tests/cloud
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nenv >"{seen}"\nexit 4\n')
    program.chmod(0o755)
    assuming = job(role="acs:ram::1:role/ci", **{"oidc-provider": "acs:ram::1:oidc-provider/gh"})
    assuming.inputs = {**assuming.inputs, "audience": "sts.aliyuncs.com"}
    assuming.env = {
        **assuming.env,
        "PATH": f"{program.parent}:/usr/bin:/bin:{Path(shutil.which('node') or '').parent}",
        "ACTIONS_ID_TOKEN_REQUEST_URL": address,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
    }
    assert assuming.run("main.js") == 4
    given = dict(line.partition("=")[::2] for line in seen.read_text().splitlines())
    assert given["ALIBABA_CLOUD_ROLE_ARN"] == "acs:ram::1:role/ci"
    assert given["ALIBABA_CLOUD_OIDC_PROVIDER_ARN"] == "acs:ram::1:oidc-provider/gh"
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" not in given
    file = Path(given["ALIBABA_CLOUD_OIDC_TOKEN_FILE"])
    assert file.read_text() == "ey.token.of-the-job"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "::add-mask::ey.token.of-the-job" in assuming.log
    assert asked == [("/token?api-version=2.0&audience=sts.aliyuncs.com", "Bearer of-the-runner")]


def test_a_role_without_the_permission_is_said_so(job: NewJob) -> None:
    forbidden = job(role="acs:ram::1:role/ci")
    assert forbidden.run("main.js") == 2
    assert "`id-token: write`" in forbidden.log


JUNIT = """<?xml version='1.0' encoding='utf-8'?>
<testsuites><testsuite name="n">
<testcase classname="node&amp;1" name="labels" />
<testcase classname="node, 1" name="gpu">
<failure message="0 &lt; 1: 100%&#10;::error::x">look</failure></testcase>
</testsuite></testsuites>"""


def told(expression: str, *arguments: str) -> str:
    program = f"const t = require({json.dumps(str(ACTION / 'telling.js'))}); {expression}"
    words = ["node", "-e", program, *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_a_failed_case_is_an_annotation_that_cannot_begin_another() -> None:
    text = told("console.log(JSON.stringify(t.annotations(process.argv[1])))", JUNIT)
    assert json.loads(text) == [["node, 1: gpu", "0 < 1: 100%\n::error::x\nlook"]]
    shared = json.dumps(str(ACTION / "shared.js"))
    line = told(f"require({shared}).annotate('error', 'node, 1: gpu', '100%\\n::error::x')")
    assert line == "::error title=node%2C 1%3A gpu::100%25%0A::error::x\n"


def test_what_a_node_says_cannot_become_markup_of_the_summary() -> None:
    rung = {"name": "gpu", "verdict": "failed", "value": "", "message": "<img src=x> | `a`"}
    document = {"ok": False, "rungs": ["gpu"], "nodes": [{"node": "[n](x)", "rungs": [rung]}]}
    text = told("console.log(t.summary('demo', JSON.parse(process.argv[1])))", json.dumps(document))
    assert "0 of 1 nodes verified" in text
    assert "<img" not in text
    assert r"\[n\]\(x\)" in text
    assert r"\| \`a\`" in text
