"""How long the verification of 5,000 nodes takes, beside listing them as raw JSON.

    python benchmarks/bench_verify.py [--nodes 5000] [--rounds 5]

The bars: at most 1.5 times the raw listing, and 120 MiB. The emulator answers from a process of its
own, and each measurement is a process of its own too, taken in turns; the least disturbed round of
each is shown. Imports are not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
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
began = time.perf_counter()
{body}
print(json.dumps({{
    "nodes": nodes,
    "seconds": time.perf_counter() - began,
    "cpu": sum(resource.getrusage(resource.RUSAGE_SELF)[:2]),
    "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}}))
"""
RAW = """
import base64, http.client, ssl, tempfile
from urllib.parse import quote, urlsplit
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
    connection.request("GET", f"/api/v1/nodes?limit=500&continue={quote(token)}")
    body = json.loads(connection.getresponse().read())
    nodes += len(body["items"])
    token = body["metadata"].get("continue", "")
    if not token:
        break
"""
VERIFY = """
import httpcore2, lightkube.config.client_adapter, lightkube.config.kubeconfig
from ackgpu.cloud.kube.client import connect
from ackgpu.spec.model import ExpectSpec
from ackgpu.steps.gpu_survey import climb
began = time.perf_counter()
verdicts = climb(connect(text), ExpectSpec())
assert all(verdict.ok for verdict in verdicts)
nodes = len(verdicts)
"""


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
        bodies = {"raw": RAW, "verify": VERIFY}
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in bodies}
        for _ in range(options.rounds):
            for name, body in bodies.items():
                rounds[name].append(measured(body, path))
    server.communicate("\n", timeout=60)
    show(rounds)


def measured(body: str, path: Path) -> dict[str, float]:
    """One measurement in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE.format(body=body), "-", str(path)],
        cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def show(rounds: dict[str, list[dict[str, float]]]) -> None:
    """The least disturbed rounds and their ratio."""
    best = {name: min(rows, key=lambda row: row["seconds"]) for name, rows in rounds.items()}
    for name, row in best.items():
        print(f"{name:>7}: {row['nodes']:.0f} nodes  {row['seconds']:.2f} s wall"
              f"  {row['cpu']:.2f} s CPU  {row['mib']:.0f} MiB")  # fmt: skip
    ratio = best["verify"]["seconds"] / best["raw"]["seconds"]
    print(f"  ratio: {ratio:.2f} of the raw listing (bar 1.5)")


if __name__ == "__main__":
    main()
