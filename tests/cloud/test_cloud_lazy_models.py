from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

PROGRAM = """
import json, pathlib, sys
from ackgpu.cloud.aliyun.clients import load, models
for product in ("CS", "ECS", "VPC"):
    load(product)
before = len(sys.modules)
request = models("VPC").DescribeVpcsRequest(region_id="r")
try:
    models("VPC").NoSuchModel
    unknown = "found"
except AttributeError as error:
    unknown = str(error)
# ru_maxrss would count the process that forked this one.
status = pathlib.Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else ["VmHWM: 0 kB"]
peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
loaded = [name for name in sys.modules if name.startswith("alibabacloud_vpc20160428.models._")]
print(json.dumps({
    "modules": before, "peak": peak, "loaded": loaded, "map": request.to_map(),
    "unknown": unknown,
    "official": models("VPC").__spec__.origin,
}))
"""


def run(program: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_three_typed_clients_import_few_modules_and_stay_small() -> None:
    found = run(PROGRAM)
    assert found["modules"] < 800, "eager imports bring 3,300"
    assert found["peak"] <= 75
    assert found["map"]["RegionId"] == "r"
    assert found["loaded"] == ["alibabacloud_vpc20160428.models._describe_vpcs_request"]
    assert "has no attribute 'NoSuchModel'" in found["unknown"]
    assert found["official"].endswith("alibabacloud_vpc20160428/models/__init__.py")


def test_lazy_models_know_every_name_that_the_package_exports() -> None:
    program = """
import json, sys
from ackgpu.cloud.aliyun.lazy_models import install
lazy = install("alibabacloud_cs20151215")
names = set(lazy.__all__)
del sys.modules["alibabacloud_cs20151215.models"]
import importlib
eager = importlib.import_module("alibabacloud_cs20151215.models")
public = {name for name in vars(eager) if name[0].isupper()}
print(json.dumps({"missing": sorted(public - names), "extra": sorted(names - public)}))
"""
    assert run(program) == {"missing": [], "extra": []}


def test_importing_the_adapters_imports_no_sdk() -> None:
    program = """
import json, sys
import ackgpu.cloud.aliyun.cloud, ackgpu.cloud.kube.client, ackgpu.cloud.kube.kubeconfig
heavy = ("alibabacloud", "darabonba", "Tea", "requests", "aiohttp", "httpx2", "ruamel", "yaml")
print(json.dumps({"loaded": sorted({n.split(".")[0] for n in sys.modules if n.startswith(heavy)})}))
"""
    assert run(program) == {"loaded": []}
