"""Running commands in a container over the API server's WebSocket."""

from __future__ import annotations

import pytest
from emulator.kube.api import GPU_LIMIT, PODS, pod
from gpu.lab import Lab

from ackgpu.cloud.api import ExecOrder, KubeApi, KubePod
from ackgpu.cloud.kube.client import connect
from ackgpu.errors import CloudError, TimedOut


@pytest.fixture
def api(lab: Lab) -> KubeApi:
    return connect(lab.path.read_text(encoding="utf-8"))


@pytest.fixture
def running(lab: Lab, api: KubeApi) -> KubePod:
    """A pod that holds a GPU and sleeps."""
    manifest = pod("p", "sleep", "infinity", limits=GPU_LIMIT)
    manifest["metadata"]["labels"] = {"app": "p"}
    lab.api.create(PODS, manifest)
    while not (found := api.pods("default", "app=p"))[0].ready:
        continue
    return found[0]


def test_output_errors_and_exit_code_come_back_apart(api: KubeApi, running: KubePod) -> None:
    done = api.execute(running, ["sh", "-c", "echo out; cat /nothing; exit 3"])
    assert (done.output, done.code) == ("out\n", 3)
    assert "No such file" in done.errors


def test_a_program_that_is_not_there_is_a_result_and_no_failure(
    api: KubeApi, running: KubePod
) -> None:
    done = api.execute(running, ["nonsense", "--help"])
    assert done.code == 127
    assert "nonsense" in done.errors


def test_output_is_heard_as_it_comes(api: KubeApi, running: KubePod) -> None:
    heard: list[str] = []
    done = api.execute(running, ["nvidia-smi"], ExecOrder(hear=heard.append))
    assert "".join(heard) == done.output
    assert "GRID P4-2Q" in done.output


def test_input_is_streamed_in(api: KubeApi, running: KubePod) -> None:
    text = "first line\nzweite Zeile: größer\n"
    done = api.execute(running, ["sh", "-c", "cat > /tmp/x && cat /tmp/x"],
                       ExecOrder(stdin=text.encode()))  # fmt: skip
    assert done.output == text


def test_a_server_that_speaks_the_old_protocol_gets_the_input_as_an_argument(
    lab: Lab, api: KubeApi, running: KubePod
) -> None:
    lab.runs("1.28.15-aliyun.1")
    source = 'it\'s "quoted" $HOME\n'
    command = ["sh", "-c", "cat > '/tmp/a file' && cat '/tmp/a file'"]
    done = api.execute(running, command, ExecOrder(stdin=source.encode()))
    assert (done.output, done.code) == (source, 0)


def test_a_command_that_does_not_end_is_given_up(api: KubeApi, running: KubePod) -> None:
    with pytest.raises(TimedOut, match="sleep infinity"):
        api.execute(running, ["sleep", "infinity"], ExecOrder(seconds=0.5))


MIB = 1024 * 1024


def test_output_without_an_end_is_given_up(api: KubeApi, running: KubePod) -> None:
    much = ExecOrder(stdin=b"x" * (3 * MIB))
    twice = "cat > /tmp/x && cat /tmp/x && cat /tmp/x"
    with pytest.raises(CloudError, match="in the pod p printed more than 4 MiB") as caught:
        api.execute(running, ["sh", "-c", twice], much)
    assert caught.value.exits_with == 11


def test_a_pod_that_is_gone_is_an_error_that_says_so(api: KubeApi, running: KubePod) -> None:
    api.delete_pod(running, grace_seconds=0)
    while api.pods("default", "app=p"):
        continue
    with pytest.raises(CloudError, match="p"):
        api.execute(running, ["true"])
