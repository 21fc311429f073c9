"""How long the verification of 5,000 nodes takes, beside listing them as raw JSON.

    python benchmarks/bench_verify.py [--nodes 5000] [--rounds 5]

The nodes are as large as real ones, 18 KB each. The raw listing is http.client and json.loads with
the same page size. The bars: the body at most 0.9 times the raw listing, the whole command at most
1.5 times, and 100 MiB for any output. The emulator answers from a process of its own, and each
measurement is a process of its own too, taken in turns; the least disturbed round of each is shown.
Imports are not counted for the bodies, and are for the commands.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SERVE = """
import sys
sys.path.insert(0, "tests")
from emulator.kube.clusters import kubeconfig_of, put_node, write_cluster
from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
with Emulator(clock=ManualClock(), seed=7) as emulator:
    cluster = write_cluster(emulator)
    with emulator.backend.transaction(write=True) as session:
        for index in range(int(sys.argv[1])):
            put_node(session, 0.0, cluster, index)
    print(kubeconfig_of(emulator, cluster).replace("\\n", ""), flush=True)
    sys.stdin.readline()
"""
MEASURE = """
import json, resource, sys, time
text = open(sys.argv[2]).read()
used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
began = time.perf_counter()
{body}
print(json.dumps({{
    "nodes": nodes,
    "seconds": time.perf_counter() - began,
    "cpu": sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - used,
}}))
"""
RAW = """
import base64, http.client, ssl, tempfile
from urllib.parse import quote, urlsplit
used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
began = time.perf_counter()
config = json.loads(text)
cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
context = ssl.create_default_context(
    cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
with tempfile.NamedTemporaryFile("wb") as pem:
    for key in ("client-certificate-data", "client-key-data"):
        pem.write(base64.b64decode(user[key]))
    pem.flush()
    context.load_cert_chain(pem.name)
connection = http.client.HTTPSConnection(urlsplit(cluster["server"]).netloc, context=context)
nodes, token = 0, ""
while True:
    connection.request("GET", f"/api/v1/nodes?limit=250&continue={quote(token)}")
    body = json.loads(connection.getresponse().read())
    nodes += len(body["items"])
    token = body["metadata"].get("continue", "")
    if not token:
        break
"""
VERIFY = """
import httpcore2, httpx2, msgspec
from ackgpu.cloud.kube.client import connect
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps.gpu_survey import climb
used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
began = time.perf_counter()
verdicts = climb(connect(text), ExpectSpec())
assert all(verdict.ok for verdict in verdicts)
nodes = len(verdicts)
"""


COMMANDS = {
    "verify": ("-m", "ackgpu", "verify", "--kubeconfig"),
    "verify -o json": ("-m", "ackgpu", "verify", "-o", "json", "--kubeconfig"),
    "verify -o name": ("-m", "ackgpu", "verify", "-o", "name", "--kubeconfig"),
}
BODY_BAR, COMMAND_BAR, MIB_BAR = 0.9, 1.5, 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(options.nodes)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "kubeconfig")
        path.write_text(server.stdout.readline())
        raw = [sys.executable, "-c", MEASURE.format(body=RAW), "-", str(path)]
        verify = [sys.executable, "-c", MEASURE.format(body=VERIFY), "-", str(path)]
        commands = {name: [sys.executable, *words, str(path)] for name, words in COMMANDS.items()}
        rounds: dict[str, list[dict[str, float]]] = {}
        for _ in range(options.rounds):
            for name, command in {"raw": raw, "body": verify, **commands}.items():
                rounds.setdefault(name, []).append(measured(command, Path(directory)))
    server.communicate("\n", timeout=60)
    show(rounds)


def measured(command: list[str], directory: Path) -> dict[str, float]:
    """One measurement: of the whole process, and what it says of itself."""
    output, errors = directory / "out", directory / "err"
    state = {"ACKGPU_STATE_DIR": str(directory / "state"), "PYTHONHASHSEED": "0"}
    began = time.perf_counter()
    with output.open("w") as out, errors.open("w") as err:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **state}, stdout=out, stderr=err
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    whole = {
        "whole": time.perf_counter() - began,
        "whole cpu": usage.ru_utime + usage.ru_stime,
        "mib": usage.ru_maxrss / 1024,
    }
    if process.returncode:
        raise SystemExit(errors.read_text())
    said = json.loads(output.read_text()) if "-m" not in command else {}
    return {**whole, **said}


def show(rounds: dict[str, list[dict[str, float]]]) -> None:
    """The least disturbed rounds, their ratios and whether the bars are met."""

    def least(name: str, figure: str) -> float:
        return min(row[figure] for row in rounds[name])

    for name in ("raw", "body"):
        print(f"{name:>15}: {least(name, 'seconds'):.2f} s wall  {least(name, 'cpu'):.2f} s CPU")
    ratio = least("body", "seconds") / least("raw", "seconds")
    print(f"{'body':>15}: {ratio:.2f} of the raw listing (bar {BODY_BAR})")
    for name in ("raw", *COMMANDS):
        print(
            f"{name:>15}: {least(name, 'whole'):.2f} s wall  {least(name, 'whole cpu'):.2f} s CPU"
            f"  {max(row['mib'] for row in rounds[name]):.0f} MiB"
            f"  {least(name, 'whole') / least('raw', 'whole'):.2f} of the raw listing"
            f" (bars {COMMAND_BAR}, {MIB_BAR} MiB)"
        )


if __name__ == "__main__":
    main()
