# ruff: noqa: S108 -- the paths are inside emulated containers
"""Exec over WebSocket and SPDY, and the emulated commands."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from ackgpu.emulator.spdy import DICTIONARY
from tests.emulator.kube.api import GPU_LIMIT, PODS, Api, pod
from tests.emulator.kube.clusters import GPU, write_node

VECTOR_ADD = "__global__ void vectorAdd(const float *a) {}\nint main() { return 0; }\n"


@pytest.fixture
def api(emulator: Emulator, cluster: str, clock: ManualClock) -> Api:
    """The API of a cluster in which the pod ``p`` runs on a GPU."""
    write_node(emulator, cluster)
    api = Api(emulator, cluster)
    api.create(PODS, pod("p", "sleep", "infinity", limits=GPU_LIMIT))
    clock.advance(20)
    return api


class Done:
    """What an exec session gave."""

    def __init__(self) -> None:
        self.out = ""
        self.err = ""
        self.status: dict[str, Any] = {}

    @property
    def code(self) -> int:
        causes = self.status.get("details", {}).get("causes", [])
        codes = [int(row["message"]) for row in causes if row["reason"] == "ExitCode"]
        return codes[0] if codes else 0


class WebSocket:
    """A WebSocket client on a plain socket (RFC 6455): binary messages, no fragments sent."""

    def __init__(self, api: Api, query: str, protocol: str) -> None:
        host, port = api._address.split(":")
        plain = socket.create_connection((host, int(port)), timeout=20)
        self.socket = api._context.wrap_socket(plain, server_hostname=host)
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(
            f"GET {PODS}/p/exec?{query} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Protocol: {protocol}\r\n\r\n".encode()
        )
        self.head = b"".join(iter(self.stream.readline, b"\r\n")).decode()

    def send(self, data: bytes) -> None:
        mask = b"\1\2\3\4"
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        size = bytes([0x80 | len(data)]) if len(data) < 126 else struct.pack(">BH", 0xFE, len(data))
        self.socket.sendall(b"\x82" + size + mask + body)

    def messages(self) -> Iterator[bytes]:
        while head := self.stream.read(2):
            size = head[1] & 0x7F
            if size == 126:
                (size,) = struct.unpack(">H", self.stream.read(2))
            data = self.stream.read(size)
            if head[0] & 0xF == 8:
                break
            yield data
        self.stream.close()
        self.socket.close()


def run(
    api: Api, *command: str, protocol: str = "v5.channel.k8s.io", stdin: bytes | None = None,
    tty: bool = False,
) -> Done:  # fmt: skip
    flags = {"stdout": "true", "stderr": "true", "tty": str(tty).lower()}
    flags["stdin"] = str(stdin is not None).lower()
    words = [*flags.items(), *(("command", word) for word in command)]
    client = WebSocket(api, urlencode(words), protocol)
    assert f"sec-websocket-protocol: {protocol}" in client.head.lower()
    if stdin is not None:
        client.send(b"\x00" + stdin)
        if protocol.startswith("v5"):
            client.send(b"\xff\x00")
    done = Done()
    for message in client.messages():
        channel, data = message[0], message[1:].decode()
        if channel == 1:
            done.out += data
        elif channel == 2:
            done.err += data
        elif channel == 3:
            done.status = json.loads(data)
    return done


def shell(api: Api, script: str) -> Done:
    return run(api, "sh", "-c", script)


@pytest.mark.parametrize("protocol", ["v4.channel.k8s.io", "v5.channel.k8s.io"])
def test_streams_and_exit_code_over_websocket(api: Api, protocol: str) -> None:
    done = run(api, "sh", "-c", "echo out; cat /nope; exit 7", protocol=protocol)
    assert done.out == "out\n"
    assert "No such file" in done.err
    assert (done.code, done.status["reason"]) == (7, "NonZeroExitCode")
    assert run(api, "true", protocol=protocol).status["status"] == "Success"


def test_stdin_ends_where_the_client_closes_its_channel(api: Api) -> None:
    assert run(api, "wc", "-c", stdin=b"12345").out == "5\n"


def test_a_command_that_reads_nothing_does_not_wait_for_input(api: Api) -> None:
    done = run(api, "hostname", stdin=b"", protocol="v4.channel.k8s.io")
    assert done.out == "p\n"


def test_files_stay_in_the_container(api: Api) -> None:
    run(api, "sh", "-c", "cat > /tmp/f", stdin=b"kept\n")
    assert shell(api, "cat /tmp/f").out == "kept\n"


def test_a_terminal_is_a_shell_with_echo_and_prompt(api: Api) -> None:
    done = run(api, "bash", stdin=b"cd /tmp\nnvidia-smi -L\nexit 3\n", tty=True)
    assert done.out.startswith("root@p:/# cd /tmp\r\nroot@p:/tmp# nvidia-smi -L\r\nGPU 0: GRID")
    assert done.code == 3


class Spdy:
    """The client's half of SPDY/3.1."""

    def __init__(self, api: Api, query: str) -> None:
        host, port = api._address.split(":")
        plain = socket.create_connection((host, int(port)), timeout=20)
        self.socket = api._context.wrap_socket(plain, server_hostname=host)
        self.deflate = zlib.compressobj(zdict=DICTIONARY)
        self.rest = b""
        request = (
            f"POST {PODS}/p/exec?{query} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n"
            "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
            "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n"
        )
        self.socket.sendall(request.encode())
        while b"\r\n\r\n" not in self.rest:
            self.rest += self.socket.recv(65536)
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        self.head = head.decode()

    def open(self, stream: int, kind: str) -> None:
        pairs = {"streamtype": kind}
        block = struct.pack(">I", len(pairs))
        for name, value in pairs.items():
            block += struct.pack(">I", len(name)) + name.encode()
            block += struct.pack(">I", len(value)) + value.encode()
        body = self.deflate.compress(block) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        payload = struct.pack(">IIH", stream, 0, 0) + body
        self.socket.sendall(struct.pack(">HHI", 0x8003, 1, len(payload)) + payload)

    def send(self, stream: int, data: bytes, *, final: bool) -> None:
        self.socket.sendall(struct.pack(">II", stream, len(data) | final << 24) + data)

    def frames(self) -> list[tuple[int, int, bytes]]:
        data = self.rest
        while piece := self.receive():
            data += piece
        rows = []
        while len(data) >= 8:
            head, size = struct.unpack(">II", data[:8])
            rows.append((head, size >> 24, data[8 : 8 + (size & 0xFFFFFF)]))
            data = data[8 + (size & 0xFFFFFF) :]
        return rows

    def receive(self) -> bytes:
        try:
            return self.socket.recv(65536)
        except ssl.SSLEOFError:
            return b""


def test_streams_over_spdy(api: Api) -> None:
    words = [("stdin", "true"), ("stdout", "true"), ("stderr", "true")]
    words += [("command", word) for word in ("sh", "-c", "cat; echo bad >/dev/null; exit 5")]
    client = Spdy(api, urlencode(words))
    assert client.head.startswith("HTTP/1.1 101")
    assert "v4.channel.k8s.io" in client.head
    for stream, kind in ((1, "error"), (3, "stdin"), (5, "stdout"), (7, "stderr")):
        client.open(stream, kind)
    client.send(3, b"hello\n", final=True)
    frames = client.frames()
    client.socket.close()
    by_stream: dict[int, bytes] = {}
    for head, _, payload in frames:
        if not head & 0x80000000:
            by_stream[head] = by_stream.get(head, b"") + payload
    assert by_stream[5] == b"hello\n"
    assert json.loads(by_stream[1])["details"]["causes"][0]["message"] == "5"


def test_what_is_no_spdy_ends_the_connection(api: Api) -> None:
    client = Spdy(api, urlencode([("command", "true"), ("stdout", "true")]))
    client.socket.sendall(b"\xff" * 64)
    assert client.receive() == b""
    client.socket.close()


def test_exec_without_an_upgrade_is_refused(api: Api) -> None:
    answer = api("POST", f"{PODS}/p/exec", command="ls")
    assert (answer.status, answer.body["message"]) == (400, "Upgrade request required")


def test_only_running_containers_are_entered(api: Api, clock: ManualClock) -> None:
    api.create(PODS, pod("waits", nodeSelector={"no": "where"}))
    waits = api("GET", f"{PODS}/waits/exec", command="ls")
    assert (waits.status, waits.body["message"]) == (400, "pod waits does not have a host assigned")
    api.create(PODS, pod("done", "true", restartPolicy="Never"))
    clock.advance(20)
    done = api("GET", f"{PODS}/done/exec", command="ls")
    assert (done.status, "container not found" in done.body["message"]) == (404, True)
    assert api("GET", f"{PODS}/none/exec", command="ls").status == 404


def test_logs_of_waiting_pods_are_refused_with_the_reason(api: Api) -> None:
    api.create(PODS, pod("fresh", "echo", "hello"))
    answer = api("GET", f"{PODS}/fresh/log")
    assert answer.status == 400
    assert "is waiting to start: ContainerCreating" in answer.body["message"]


def test_nvidia_smi_answers_queries(api: Api) -> None:
    query = "nvidia-smi --query-gpu=gpu_name,memory.total,driver_version --format=csv"
    assert shell(api, query).out.splitlines() == [
        "gpu_name, memory.total [MiB], driver_version",
        "GRID P4-2Q, 2048 MiB, 470.256.03",
    ]
    assert shell(api, f"{query},noheader,nounits --id=0").out == "GRID P4-2Q, 2048, 470.256.03\n"
    bad = shell(api, "nvidia-smi --query-gpu=nope --format=csv")
    assert (bad.code, "not a valid field" in bad.out) == (2, True)


@pytest.mark.parametrize("name", ["GRID P4-2Q", "GRID-P4-2Q"])
def test_what_a_chip_says_of_itself_follows_from_its_name_however_it_is_spelt(
    emulator: Emulator, cluster: str, clock: ManualClock, name: str
) -> None:
    write_node(emulator, cluster, gpu=GPU | {"name": name})
    api = Api(emulator, cluster)
    api.create(PODS, pod("p", "sleep", "infinity", limits=GPU_LIMIT))
    clock.advance(20)
    query = "name,memory.used,memory.free,compute_cap,pci.bus_id"
    said = shell(api, f"nvidia-smi --query-gpu={query} --format=csv,noheader").out
    assert said == "GRID P4-2Q, 144 MiB, 1904 MiB, 6.1, 00000000:00:07.0\n"


def test_nvidia_smi_prints_the_documented_table(
    emulator: Emulator, cluster: str, clock: ManualClock
) -> None:
    write_node(emulator, cluster, gpu=GPU | {"driver": "418.70", "cuda": "10.1"})
    api = Api(emulator, cluster)
    api.create(PODS, pod("p", "sleep", "infinity", limits=GPU_LIMIT))
    clock.advance(20)
    assert shell(api, "nvidia-smi").out.splitlines()[1:] == [
        "+-----------------------------------------------------------------------------+",
        "| NVIDIA-SMI 418.70       Driver Version: 418.70       CUDA Version: 10.1     |",
        "|-------------------------------+----------------------+----------------------+",
        "| GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |",
        "| Fan  Temp  Perf  Pwr:Usage/Cap|         Memory-Usage | GPU-Util  Compute M. |",
        "|===============================+======================+======================|",
        "|   0  GRID P4-2Q          On   | 00000000:00:07.0 Off |                  N/A |",
        "| N/A   N/A    P8    N/A /  N/A |    144MiB /  2048MiB |      0%      Default |",
        "+-------------------------------+----------------------+----------------------+",
        "                                                                               ",
        "+-----------------------------------------------------------------------------+",
        "| Processes:                                                       GPU Memory |",
        "|  GPU       PID   Type   Process name                             Usage      |",
        "|=============================================================================|",
        "|  No running processes found                                                 |",
        "+-----------------------------------------------------------------------------+",
    ]


@pytest.mark.parametrize(
    ("fault", "command", "says", "code"),
    [
        ("driver_mismatch", "nvidia-smi", "Driver/library version mismatch", 18),
        ("driver_mismatch", "/tmp/v", "CUDA driver version is insufficient", 1),
        ("unlicensed", "nvidia-smi -q | grep Status", "Unlicensed", 0),
        ("unlicensed", "/tmp/v", "devices are busy or unavailable", 1),
        ("sample_wrong_result", "/tmp/v", "Result verification failed", 1),
    ],
)
def test_faults_of_the_gpu_show_in_the_tools(  # noqa: PLR0913, PLR0917
    emulator: Emulator, api: Api, fault: str, command: str, says: str, code: int
) -> None:
    run(api, "sh", "-c", "cat > /tmp/v.cu && nvcc /tmp/v.cu -o /tmp/v", stdin=VECTOR_ADD.encode())
    emulator.backend.settings["faults"] = [{"kind": fault}]
    done = shell(api, command)
    assert says in done.out + done.err
    assert done.code == code


def test_a_program_needs_the_source_that_it_is_built_from(api: Api) -> None:
    assert shell(api, "nvcc /tmp/none.cu -o /tmp/x").code == 1
    assert shell(api, "/tmp/x").code == 127
    done = shell(api, "echo 'int main(){}' > /tmp/e.cu; nvcc -o /tmp/e /tmp/e.cu; /tmp/e; echo $?")
    assert done.out == "0\n"


def test_images_without_the_toolkit_have_no_compiler(
    emulator: Emulator, cluster: str, clock: ManualClock
) -> None:
    write_node(emulator, cluster)
    api = Api(emulator, cluster)
    api.create(PODS, pod("p", "sleep", "infinity", image="ubuntu:22.04"))
    clock.advance(20)
    assert shell(api, "nvcc -V").code == 127
    assert shell(api, "nvidia-smi").code == 127
    assert shell(api, "which nvidia-smi nvcc").code == 1


@pytest.mark.parametrize(
    ("script", "out", "code"),
    [
        ("echo a && false || echo b", "a\nb\n", 0),
        ("false && echo a; echo $?", "1\n", 0),
        ("echo 'a b' \"c $HOME\" d\\ e", "a b c /root d e\n", 0),
        ("X=1; export Y=2; echo $X${Y}z '$X'", "12z $X\n", 0),
        ("echo one > /tmp/a; echo two >> /tmp/a; cat < /tmp/a | grep -c o", "2\n", 0),
        ("printf '%s-%s\\n' a b | wc -c", "4\n", 0),
        ("echo $(echo in)side # comment", "inside\n", 0),
        ("nope 2>&1 | cat", "sh: 1: nope: not found\n", 0),
        ("nope > /dev/null 2>&1; echo $?", "127\n", 0),
        ("test -f /etc/hostname && [ 1 = 1 ] && echo yes", "yes\n", 0),
        ("mkdir -p /data && cd /data && pwd && ls /", None, 0),
        ("exit 300", "", 44),
        ("echo 'open", "", 2),
        ("for i in 1 2; do echo $i; done", None, 2),
    ],
)
def test_the_shell(api: Api, script: str, out: str | None, code: int) -> None:
    done = shell(api, script)
    if out is not None:
        assert done.out == out
    assert done.code == code
