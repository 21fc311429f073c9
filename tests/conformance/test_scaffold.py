"""What the scaffold writes for a new operation, and that it knows requests as the tables do."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path

import pytest

from ackgpu.emulator.dispatch import PRODUCTS
from ackgpu.emulator.parameters import table
from tests.conformance.scaffold import ROOT, Scaffold
from tests.conformance.sdk_operation import SdkOperation
from tests.conformance.test_any_request import MODELS

NLB = MODELS["nlb"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of what the scaffold changes."""
    emulator = Path("ackgpu/emulator")
    shutil.copytree(ROOT / emulator / "nlb", tmp_path / emulator / "nlb")
    for name in ("data/params/nlb.json", "data/provenance.json", "dispatch.py"):
        (tmp_path / emulator / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / emulator / name, tmp_path / emulator / name)
    (tmp_path / "tests/conformance").mkdir(parents=True)
    shutil.copy(ROOT / "tests/conformance/test_any_request.py", tmp_path / "tests/conformance")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    ["vpc.CreateVpc", "vpc.DescribeVpcs", "ecs.CreateDisk", "vpc.TagResources",
     "slb.CreateLoadBalancer", "cs.DescribeClusterEvents", "cs.ScaleClusterNodePool",
     "cs.ModifyClusterTags"],
)  # fmt: skip
def test_the_parameters_of_an_sdk_are_those_of_the_table(name: str) -> None:
    product, _, operation = name.partition(".")
    assert SdkOperation(MODELS[product], operation).parameters() == table(product)[operation]


def test_an_operation_of_a_known_product_begins_with_four_files(root: Path) -> None:
    scaffold = Scaffold(root, "nlb", SdkOperation(NLB, "GetListenerAttribute"))
    scaffold.write("2026-11")
    assert [str(path) for path in scaffold.written] == [
        "ackgpu/emulator/data/params/nlb.json",
        "ackgpu/emulator/data/provenance.json",
        "ackgpu/emulator/nlb/listener_attribute.py",
        "tests/emulator/net/test_nlb_get_listener_attribute.py",
    ]
    rows = json.loads((root / scaffold.written[0]).read_text())["operations"]
    assert rows["GetListenerAttribute"] == {"DryRun": "bool", "ListenerId": "str!"}
    assert list(rows) == sorted(rows)
    sources = json.loads((root / scaffold.written[1]).read_text())["operations"]
    assert sources["nlb.GetListenerAttribute"] == "documented 2026-11"
    handler = (root / scaffold.written[2]).read_text()
    assert '@PRODUCT.operation("GetListenerAttribute")\ndef get_listener_attribute(' in handler
    for path in scaffold.written[2:]:
        compile((root / path).read_text(), str(path), "exec")


def test_an_operation_that_exists_is_not_written_over(root: Path) -> None:
    with pytest.raises(SystemExit, match="has ListLoadBalancers already"):
        Scaffold(root, "nlb", SdkOperation(NLB, "ListLoadBalancers")).write("2026-11")


def test_a_new_product_gets_its_package_and_its_place(root: Path) -> None:
    sdk = SdkOperation(MODELS["cs"], "DescribeClusterEvents")
    Scaffold(root, "edge", sdk).write("2026-11")
    package = root / "ackgpu/emulator/edge"
    assert 'style="roa"' in (package / "__init__.py").read_text()
    assert '"GET /clusters/{cluster_id}/events"' in (package / "cluster_events.py").read_text()
    dispatch = (root / "ackgpu/emulator/dispatch.py").read_text()
    named = next(line for line in ast.parse(dispatch).body if "PRODUCTS" in ast.unparse(line))
    assert isinstance(named, ast.Assign)
    assert ast.literal_eval(named.value) == (*PRODUCTS, "edge")
    assert '"edge": "' in (root / "tests/conformance/test_any_request.py").read_text()


def test_an_operation_that_no_sdk_has_is_told() -> None:
    with pytest.raises(LookupError, match="has no operation DescribeNothing"):
        Scaffold(ROOT, "nlb", SdkOperation(NLB, "DescribeNothing"))
