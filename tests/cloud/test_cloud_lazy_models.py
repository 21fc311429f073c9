from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from ackgpu.emulator import Emulator

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


def run(program: str, env: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **env},
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_three_typed_clients_import_few_modules_and_stay_small() -> None:
    found = run(PROGRAM)
    assert found["modules"] < 620, "eager imports bring 3,300"
    assert found["peak"] <= 70, "53 with compiled files"
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


PUT_OFF = """
import json, sys
from ackgpu.cloud.aliyun.clients import load
load("CS")
import aiohttp
loaded = "aiohttp.client" in sys.modules
{use}
import darabonba.core, darabonba.response
print(json.dumps({{
    "before": loaded, "after": "aiohttp.client" in sys.modules,
    "one": darabonba.core.aiohttp is aiohttp is sys.modules["aiohttp"], "used": used,
}}))
"""


@pytest.mark.parametrize(
    ("use", "used"),
    [
        ("used = aiohttp.ClientTimeout(total=3).total", 3),
        ("from aiohttp import ClientSession; used = ClientSession.__module__", "aiohttp.client"),
        ("import aiohttp.web; used = aiohttp.web.Response().status", 200),
        ("from aiohttp.web import Response; used = Response().status", 200),
        ("used = hasattr(aiohttp, 'NoSuchName')", False),
        ("used = aiohttp.__version__ > '3' and aiohttp.__file__[-11:]", "__init__.py"),
    ],
)
def test_the_library_of_asynchronous_calls_loads_when_something_of_it_is_used(
    use: str, used: object
) -> None:
    found = run(PUT_OFF.format(use=use))
    assert found == {"before": False, "after": True, "one": True, "used": used}


def test_an_asynchronous_call_of_the_sdk_works_beside_ackgpu() -> None:
    program = """
import asyncio, json, os, sys
from ackgpu.cloud.aliyun.clients import configured, load, models
from ackgpu.cloud.aliyun.endpoints import Endpoint

host = os.environ["ACKGPU_ENDPOINT_URL"].removeprefix("http://")
client_class = load("VPC")
from alibabacloud_credentials.client import Client
client = client_class(configured(Client(), "cn-hangzhou", Endpoint(host, "HTTP")))
before = "aiohttp.client" in sys.modules
asked = models("VPC").DescribeVpcsRequest(region_id="cn-hangzhou")
answer = asyncio.run(client.describe_vpcs_async(asked))
print(json.dumps({"before": before, "vpcs": answer.body.total_count}))
"""
    with Emulator() as emulator:
        assert run(program, emulator.env) == {"before": False, "vpcs": 0}
