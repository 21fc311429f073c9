"""Whatever a signed request says: it is answered as the SDK's model has it, or refused in words.

Every operation of every product is asked with parameters of its own table, filled with ids that
exist, with values that make no sense, and with both at once.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ackgpu.clock import ManualClock
from ackgpu.emulator.backend import Backend
from ackgpu.emulator.dispatch import load_products
from ackgpu.emulator.gateway import Gateway
from ackgpu.emulator.operation import ApiOperation, Product
from ackgpu.emulator.parameters import table
from ackgpu.emulator.wire import HttpAnswer
from tests.conformance.account import Account, furnished
from tests.support.shapes import unknown_keys
from tests.support.signing import acs3

PRODUCTS = {product.code.lower(): product for product in load_products()}
MODELS = {
    "vpc": "alibabacloud_vpc20160428",
    "ecs": "alibabacloud_ecs20140526",
    "slb": "alibabacloud_slb20140515",
    "cs": "alibabacloud_cs20151215",
    "quotas": "alibabacloud_quotas20200510",
    "ram": "alibabacloud_ram20150501",
    "sts": "alibabacloud_sts20150401",
    "alb": "alibabacloud_alb20200616",
    "nlb": "alibabacloud_nlb20220430",
    "bss": "alibabacloud_bssopenapi20171214",
    "ess": "alibabacloud_ess20220222",
}
"""The SDK of each product; Location has none."""
ODD = (
    "", "x", "²", "😀", "\x00", "-1", "0", "1", "50", "1000000000000000000", "1.5", "true", "False",
    "10.0.0.0/8", "::/0", "a,b", ",", "[]", "{}", "[1]", '[{"key": 1}]', '{"a": [}', "a" * 300,
    "2026-01-01T00:00:00Z", "%", "../..", "*", "None", "cn-hangzhou", "cn-hangzhou-k",
)  # fmt: skip
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account with one of everything, that only ever gains and loses some."""
    clock = ManualClock()
    backend = Backend(None, clock, seed=7)
    backend.kube_endpoint = "https://127.0.0.1:1"
    try:
        yield furnished(Gateway(backend), clock)
    finally:
        backend.close()


def values(names: Mapping[str, str], ids: list[str]) -> st.SearchStrategy[dict[str, str]]:
    """Parameters of an operation, by their wire names."""
    plain = [name.replace(".#", ".1") for name in names] or ["Nothing"]
    return st.dictionaries(
        st.sampled_from(plain), st.sampled_from([*ODD, *ids, *ids]), max_size=len(plain)
    )


def bodies(known: Any, ids: list[str]) -> st.SearchStrategy[Any]:
    """A JSON value of the table's shape, some of whose members are of another."""
    leaf = {
        "str": st.sampled_from([*ODD, *ids]),
        "int": st.sampled_from([-1, 0, 1, 2, 3, 10**18]),
        "num": st.sampled_from([0, 0.5, -1.0]),
        "bool": st.booleans(),
        "map": st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
    }
    if isinstance(known, list):
        return st.one_of(st.lists(bodies(known[0], ids), max_size=2), JUNK)
    if isinstance(known, dict):
        members = {name: st.one_of(bodies(kind, ids), JUNK) for name, kind in known.items()}
        return st.fixed_dictionaries({}, optional=members)
    return leaf[known.rstrip("!")] if isinstance(known, str) else JUNK


@st.composite
def requests(draw: st.DrawFn, product: Product, ids: list[str]) -> tuple[ApiOperation, Any]:
    """An operation of the product and a signed request for it."""
    operation = product.operations[draw(st.sampled_from(sorted(product.operations)))]
    known: Any = table(product.code.lower()).get(operation.name, {})
    if not operation.path:
        return operation, acs3(operation.name, product.version, draw(values(known, ids)))
    path = operation.path
    while "{" in path:
        start, _, rest = path.partition("{")
        path = f"{start}{draw(st.sampled_from(ids))}{rest.partition('}')[2]}"
    body = draw(bodies(known.get("body"), ids)) if "body" in known else None
    return operation, acs3(
        operation.name,
        product.version,
        draw(values(known.get("query", {}), ids)),
        method=operation.method,
        path=path,
        body=json.dumps(body).encode() if body is not None else b"",
    )


def faults(product: str, operation: ApiOperation, answer: HttpAnswer) -> list[str]:
    """What is wrong with an answer."""
    where = f"{product}.{operation.name}"
    if b"InternalError" in answer.body:  # the service itself says 500 to some (ORDER.OPEND)
        return [f"{where}: {answer.body[:200]!r}"]
    if answer.status >= 400:
        body = json.loads(answer.body)
        return [] if body.get("Code") or body.get("code") else [f"{where}: no code in {body}"]
    models = importlib.import_module(f"{MODELS[product]}.models") if product in MODELS else None
    model = getattr(models, f"{operation.name}ResponseBody", None)
    if model is None or not answer.headers["Content-Type"].startswith("application/json"):
        return []
    body = json.loads(answer.body) if answer.body else {}
    rows = body if isinstance(body, list) else [body]
    odd = {key for row in rows for key in unknown_keys(model, without_nulls(row))}
    return [f"{where}: {key} is unknown to the SDK" for key in sorted(odd)]


def without_nulls(value: Any) -> Any:
    """The JSON value without its null members, which the models drop."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


@pytest.mark.generated
@pytest.mark.parametrize("code", sorted(PRODUCTS))
def test_any_request_is_answered_by_the_model_or_refused(account: Account, code: str) -> None:
    @settings(
        max_examples=100,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(requests(PRODUCTS[code], account.ids))
    def ask(asked: tuple[ApiOperation, Any]) -> None:
        operation, request = asked
        answer = account.gateway.answer(request)
        account.clock.advance(10)
        assert faults(code, operation, answer) == []

    ask()
