"""Checks requests against the tables of ``data/params``: what is required, and of which type.

A table has a parameter's type as a word (``str``, ``int``, ``bool``, ``num``), followed by ``!``
where the parameter is required; list positions are written ``#`` (``Tag.#.Key``). Parameters that
an operation does not have are ignored, as the gateway ignores them, and told to the request log.
``RegionId`` is never missing: the host, or the account's region, stands in for it.

Container Service takes JSON bodies, whose tables nest. It reports an ill-typed field in the words
of its Go server (seen in a 2026 field report); the code is UNCONFIRMED and InvalidParameter here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ackgpu.emulator.dispatch import Route
from ackgpu.emulator.errors import ApiError, ill_typed, invalid, missing
from ackgpu.emulator.shared import tables

COMMON = frozenset(
    {
        "AccessKeyId", "Action", "ClientToken", "DryRun", "Format", "OwnerAccount", "OwnerId",
        "RegionId", "ResourceOwnerAccount", "ResourceOwnerId", "SecurityToken", "Signature",
        "SignatureMethod", "SignatureNonce", "SignatureType", "SignatureVersion", "Timestamp",
        "Version",
    }
)  # fmt: skip
GO_NAMES = {"str": "string", "int": "int64", "num": "float64", "bool": "bool"}

Table = Mapping[str, Any]


def table(product: str) -> Mapping[str, Table]:
    """The operations of a product and their parameters."""
    operations: Mapping[str, Table] = tables.table(f"params/{product}")["operations"]
    return operations


def check(route: Route, parameters: Mapping[str, str], body: Any) -> tuple[str, ...]:
    """Refuse what is missing or ill-typed; the names of parameters that are not known."""
    product = route.product.code.lower()
    known = table(product).get(route.operation.name)
    if known is None:
        return ()
    if route.product.style == "roa":
        _check_query(known.get("query", {}), parameters)
        _check_body(known.get("body"), body, "")
        return _unknown(known.get("query", {}), parameters) + _unknown_fields(known, body)
    _check_rpc(product, known, parameters)
    return _unknown(known, parameters)


def _check_rpc(product: str, known: Table, parameters: Mapping[str, str]) -> None:
    for name, kind in known.items():
        if kind.endswith("!") and name not in COMMON and not _given(name, parameters):
            raise _missing_rpc(product, name)
    for name, value in parameters.items():
        if value and not _fits(known.get(_numbered(name), "str"), value):
            raise invalid(name)


def _check_query(known: Table, parameters: Mapping[str, str]) -> None:
    for name, kind in known.items():
        if kind.endswith("!") and not parameters.get(name):
            raise _missing_cs(name)
    for name, value in parameters.items():
        if value and not _fits(known.get(name, "str"), value):
            raise invalid(name)


def _check_body(known: Any, value: Any, where: str) -> None:
    """Check a JSON value against its part of the table; null fits everything."""
    if known is None or value is None:
        return
    if isinstance(known, list):
        _check_list(known[0], value, where)
    elif isinstance(known, dict):
        _expect(isinstance(value, dict), "object", value, where)
        for name, kind in known.items():
            if isinstance(kind, str) and kind.endswith("!") and value.get(name) in (None, ""):
                raise _missing_cs(name)
            _check_body(kind, value.get(name), f"{where}.{name}" if where else name)
    elif known == "map":
        _expect(isinstance(value, dict), "map", value, where)
    else:
        kind = known.rstrip("!")
        _expect(_is(kind, value), GO_NAMES[kind], value, where)


def _check_list(known: Any, value: Any, where: str) -> None:
    _expect(isinstance(value, list), "slice", value, where)
    for item in value:
        _check_body(known, item, where)


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    wanted = {"str": str, "int": int, "num": (int, float), "bool": bool}[kind]
    return isinstance(value, wanted)  # type: ignore[arg-type]


def _expect(fits: bool, expected: str, value: Any, where: str) -> None:  # noqa: FBT001
    if not fits:
        raise ill_typed(expected, value, where)


def _fits(kind: str, value: str) -> bool:
    word = kind.rstrip("!")
    if word == "int":
        return re.fullmatch(r"[+-]?\d{1,19}", value, re.ASCII) is not None
    if word == "num":
        return re.fullmatch(r"[+-]?\d{1,19}(\.\d*)?", value, re.ASCII) is not None
    return word != "bool" or value.lower() in {"true", "false"}


def _given(name: str, parameters: Mapping[str, str]) -> bool:
    if parameters.get(name.partition(".#")[0]):
        return True
    return any(value and _numbered(key) == name for key, value in parameters.items())


def _numbered(name: str) -> str:
    return re.sub(r"\.\d+(?=\.|$)", ".#", name)


def _unknown(known: Table, parameters: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        sorted(name for name in parameters if _numbered(name) not in known and name not in COMMON)
    )


def _unknown_fields(known: Table, body: Any) -> tuple[str, ...]:
    fields = known.get("body")
    if not isinstance(fields, dict) or not isinstance(body, dict):
        return ()
    return tuple(sorted(str(name) for name in body if name not in fields))


def _missing_rpc(product: str, name: str) -> ApiError:
    """SLB documents ``MissingParam.<Name>``; the others' gateway says MissingParameter."""
    bare = name.partition(".#")[0]
    if product != "slb":
        return missing(bare)
    return ApiError(f"MissingParam.{bare}", f"The parameter {bare} is required.")


def _missing_cs(name: str) -> ApiError:
    """As in ``MissingParameter.InstanceTypes``, the one such code of CS that was seen."""
    camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    return ApiError(f"MissingParameter.{camel}", f"The parameter {name} is required.")
