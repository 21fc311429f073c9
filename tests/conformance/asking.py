"""Requests of one operation, each to a copy of an account that has one of everything."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackgpu.clock import ManualClock
from ackgpu.emulator.backend import Backend
from ackgpu.emulator.gateway import Gateway
from ackgpu.emulator.operation import ApiOperation, Product
from ackgpu.emulator.parameters import table
from tests.conformance.account import furnished
from tests.support.signing import acs3

PLAIN = {"str": "x", "int": "1", "bool": "true", "num": "1"}


def taken_by(product: str, operation: ApiOperation) -> dict[str, str]:
    """The parameters that the emulator's table has, in the same form."""
    known: Any = table(product).get(operation.name, {})
    if not operation.path:
        return {path: str(kind) for path, kind in known.items()}
    body = known.get("body", {})
    return known.get("query", {}) | _flat_table(body[0] if isinstance(body, list) else body)


def _flat_table(known: Any, prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, kind in known.items() if isinstance(known, dict) else ():
        listed_here = isinstance(kind, list)
        path, inner = (f"{prefix}{name}.#", kind[0]) if listed_here else (prefix + name, kind)
        found |= _flat_table(inner, f"{path}.") if isinstance(inner, dict) else {path: str(inner)}
    return found


@dataclass(frozen=True)
class Furnished:
    """An account with one of everything in a folder, the seconds that it took, and its ids."""

    folder: Path
    passed: float
    ids: Mapping[str, str]

    def value(self, path: str, kind: str) -> str:
        """What to ask with for a parameter: the account's own id where it wants one."""
        name = path.removesuffix(".#").rpartition(".")[2]
        found = self.ids.get(name, self.ids.get(name.removesuffix("s")))
        if found is None:
            return PLAIN.get(kind.rstrip("!"), "x")
        return json.dumps([found]) if name.endswith("Ids") and path == name else found


def furnish(folder: Path) -> Furnished:
    """Make the account, and let go of it."""
    clock = ManualClock()
    backend = Backend(folder / "state", clock, seed=7)
    backend.kube_endpoint = "https://127.0.0.1:1"
    ids = furnished(Gateway(backend), clock).ids
    with backend.transaction() as session:
        (cluster,), (pool,) = session.find("cluster"), session.find("nodepool")
        task = session.find("task")[0]
    backend.close()
    own = {
        name: next(one for one in ids if one.startswith(prefix))
        for name, prefix in PREFIXES.items()
    }
    own |= {"cluster_id": cluster.id, "clusterid": cluster.id, "nodepool_id": pool.id}
    return Furnished(folder, clock.now(), NAMED | own | {"task_id": task.id})


PREFIXES = {
    "VpcId": "vpc-", "VSwitchId": "vsw-", "InstanceId": "i-", "SecurityGroupId": "sg-",
    "NatGatewayId": "ngw-", "AllocationId": "eip-", "SnatTableId": "stb-", "SnatEntryId": "snat-",
    "RouteTableId": "vtb-", "DiskId": "d-", "NetworkInterfaceId": "eni-",
    "LoadBalancerId": "lb-",
}  # fmt: skip
NAMED = {
    "ZoneId": "cn-hangzhou-k", "region_id": "cn-hangzhou", "KeyPairName": "key",
    "UserName": "alice", "PolicyName": "demo", "PolicyType": "Custom", "ListenerPort": "80",
    "addon_name": "coredns", "component_id": "coredns", "instance_name": "coredns",
}  # fmt: skip


class Asker(AbstractContextManager["Asker"]):
    """Sends requests of one operation, each to the account as it was furnished.

    A copy of the account serves until a request changes it; one that is refused changes nothing.
    """

    def __init__(self, account: Furnished, product: Product, operation: ApiOperation) -> None:
        self._account, self._product, self._operation = account, product, operation
        self._kinds = taken_by(product.code.lower(), operation)
        needed = {path: kind for path, kind in self._kinds.items() if kind.endswith("!")}
        self._needed = {path: account.value(path, kind) for path, kind in needed.items()}
        self.shown: set[str] = set()
        """The paths of what answers that worked had."""
        self._copy = ExitStack()
        self._gateway: Gateway | None = None

    def __exit__(self, *_: object) -> None:
        self._copy.close()

    def _fresh(self) -> Gateway:
        folder = self._copy.enter_context(tempfile.TemporaryDirectory())
        shutil.copytree(self._account.folder, folder, dirs_exist_ok=True)
        clock = ManualClock()
        clock.advance(self._account.passed)
        backend = Backend(Path(folder) / "state", clock, seed=7)
        self._copy.callback(backend.close)
        backend.kube_endpoint = "https://127.0.0.1:1"
        return Gateway(backend)

    def ask(self, path: str = "", value: str | None = None) -> tuple[int, str]:
        """The status and the code (empty where it worked) of a request with that parameter."""
        given = dict(self._needed)
        if path:
            own = self._account.value(path, self._kinds[path])
            given[path] = own if value is None else value
        request = (self._roa if self._operation.path else self._rpc)(given)
        self._gateway = self._gateway or self._fresh()
        answer = self._gateway.answer(request)
        if self._operation.writes and answer.status < 400:
            self._copy.close()
            self._gateway = None
        is_json = answer.headers["Content-Type"].startswith("application/json")
        body = json.loads(answer.body) if answer.body and is_json else {}
        if answer.status < 400:
            self.shown |= paths_of(body)
            return answer.status, ""
        return answer.status, str(body.get("Code") or body.get("code"))

    def _rpc(self, given: Mapping[str, str]) -> Any:
        wire = {path.replace("#", "1"): value for path, value in given.items()}
        return acs3(self._operation.name, self._product.version, wire)

    def _roa(self, given: Mapping[str, str]) -> Any:
        known: Any = table(self._product.code.lower()).get(self._operation.name, {})
        query = {name: value for name, value in given.items() if name in known.get("query", {})}
        inside = {name: value for name, value in given.items() if name not in query}
        shape, body = known.get("body"), _nested(inside, self._kinds)
        path = re.sub(
            r"\{(\w+)\}", lambda found: self._account.ids.get(found[1], "x"), self._operation.path
        )
        return acs3(
            self._operation.name,
            self._product.version,
            query,
            method=self._operation.method,
            path=path,
            body=json.dumps([body] if isinstance(shape, list) else body).encode() if shape else b"",
        )


def _nested(given: Mapping[str, str], kinds: Mapping[str, str]) -> dict[str, Any]:
    """The JSON object that dotted paths say."""
    whole: dict[str, Any] = {}
    plain = {"map": {}, "bool": True, "int": 1, "num": 1.0}
    for path, text in given.items():
        kind = kinds.get(path, "str").rstrip("!")
        value: Any = plain.get(kind, text) if text == PLAIN.get(kind, "x") else text
        for part in reversed(path.split(".")):
            value = [value] if part == "#" else {part: value}
        whole |= value
    return whole


def paths_of(value: Any, prefix: str = "") -> set[str]:
    """The dotted paths of the leaves of an answer, lists by all of their elements."""
    if isinstance(value, Mapping):
        rows = [paths_of(each, f"{prefix}.{key}" if prefix else key) for key, each in value.items()]
        return set().union(*rows)
    if isinstance(value, list):
        inside = [paths_of(each, f"{prefix}.#" if prefix else "") for each in value]
        return set().union(*inside, {f"{prefix}.#"})
    return {prefix}
