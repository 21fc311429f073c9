"""Each operation that is served against what the vendor publishes of it: its SDK's models.

    python -m tests.conformance.published

writes docs/emulator-parameters.md and fixtures/aliyun/not-offered.json. A parameter that the
request model has is *taken* (a request with it works, or is refused for something else), *refused*
(in a documented code, and only with it), or *not offered*; a field that the answer's model has is
given in an answer of the tours, or not offered.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ackgpu.emulator.dispatch import load_products
from ackgpu.emulator.operation import ApiOperation, Product
from ackgpu.emulator.parameters import COMMON
from tests.conformance.asking import Asker, Furnished, furnish, paths_of, taken_by
from tests.conformance.provenance import provenance
from tests.conformance.test_any_request import MODELS
from tests.conformance.tours import answers

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "emulator-parameters.md"
NOT_OFFERED = ROOT / "fixtures" / "aliyun" / "not-offered.json"
WORDS = {"str": "str", "int": "int", "bool": "bool", "float": "num"}
DEEPEST = 6
REQUEST_IDS = frozenset({"RequestId", "requestId", "request_id"})


@dataclass
class Verdict:
    """What became of an operation's parameters and fields, by their wire names."""

    taken: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    not_offered: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    not_given: list[str] = field(default_factory=list)


def operations() -> Iterator[tuple[str, Product, ApiOperation]]:
    """Every operation that is served and of which an SDK publishes a model, by its name."""
    for product in load_products():
        for name in sorted(product.operations):
            if product.code.lower() in MODELS:
                yield f"{product.code.lower()}/{name}", product, product.operations[name]


def flat(module: Any, model: Any, prefix: str = "", depth: int = DEEPEST) -> dict[str, str]:
    """The members of a model by their dotted wire names, ``#`` for a place in a list; their types.

    The models say on the wire what their ``to_map`` writes.
    """
    found: dict[str, str] = {}
    names = dict(re.findall(r"self\.(\w+) is not None:\n\s+result\['([^']+)'\]", _source(model)))
    names |= {own: wire for wire, own in re.findall(LISTED, _source(model))}
    for name, parameter in inspect.signature(model.__init__).parameters.items():
        if name in {"self", "kwargs"}:
            continue
        path, kind = prefix + names.get(name, name), str(parameter.annotation)
        listed = re.fullmatch(r"List\[(.*)\]", kind)
        if listed:
            path, kind = f"{path}.#", listed[1]
        inner = getattr(module, kind.rpartition(".")[2], None)
        if hasattr(inner, "to_map") and depth:
            found |= flat(module, inner, f"{path}.", depth - 1)
        else:
            found[path] = WORDS.get(kind, "str")
    return found


LISTED = r"result\['([^']+)'\] = \[\]\n(?:\s+)if self\.(\w+) is not None"


def _source(model: Any) -> str:
    return inspect.getsource(model.to_map)


def published(product: str, name: str) -> tuple[dict[str, str], dict[str, str]]:
    """The parameters of an operation and the fields of its answer, as the SDK's models say."""
    module = importlib.import_module(f"{MODELS[product]}.models")
    request = getattr(module, f"{name}Request", None)
    answer = getattr(module, f"{name}ResponseBody", None)
    parameters = flat(module, request) if request else {}
    fields = flat(module, answer) if answer else {}
    return (
        {path: kind for path, kind in parameters.items() if path.split(".")[0] not in COMMON},
        {path: kind for path, kind in fields.items() if path not in REQUEST_IDS},
    )


def verdict(account: Furnished, product: Product, operation: ApiOperation, answer: Any) -> Verdict:
    """Ask with each published parameter by itself, and look for each published field."""
    found, code = Verdict(), product.code.lower()
    parameters, fields = published(code, operation.name)
    known = taken_by(code, operation)
    with Asker(account, product, operation) as asker:
        without = asker.ask()
        for path in sorted(parameters):
            taken = path_in(known, path)
            if taken is None:
                found.not_offered.append(path)
            else:
                _judge(found, asker, (taken, known[taken]), without)
    ours = asker.shown | paths_of(answer)
    for path in sorted(fields):
        (found.given if path in ours else found.not_given).append(path)
    return found


def path_in(known: Mapping[str, str], path: str) -> str | None:
    """A published parameter's name in the table.

    The models call a bare array by a name of its own, and have objects where a query has their
    JSON text; an open map is one member of theirs.
    """
    bare = re.sub(r"^(body|addons)\.#\.", "", path)
    for one in (path, bare, path.partition(".#")[0]):
        if one in known:
            return one
    return next((one for one in known if one.startswith(f"{path}.")), None)


def _judge(
    found: Verdict, asker: Asker, parameter: tuple[str, str], without: tuple[int, str]
) -> None:
    path, kind = parameter
    status, code = asker.ask(path)
    documented = any(fnmatchcase(code, one) for one in provenance()["codes"])
    if code and not documented:
        found.wrong.append(f"{path}: {status} {code}")
    elif code and (status, code) != without:
        found.refused.append(path)
    else:
        found.taken.append(path)
    if kind.rstrip("!") in {"int", "bool", "num"}:
        status, code = asker.ask(path, "no number")
        if status != 400 or not code:
            found.wrong.append(f"{path}: {status} {code} though it is no {kind}")


def verdicts(given: Mapping[str, Any]) -> dict[str, Verdict]:
    """By ``product/Action``, for every operation."""
    with tempfile.TemporaryDirectory() as folder:
        account = furnish(Path(folder))
        return {
            name: verdict(account, product, operation, given.get(name))
            for name, product, operation in operations()
        }


HEAD = """\
# Parameters and fields, counted

Generated by `python -m tests.conformance.published`; a nightly test an operation holds it.

Each operation that the emulator serves, against the models in the vendor's SDKs of 2026, to their
last level. Each published parameter is sent by itself, with what the operation needs, to an account
with one of everything. *Taken*: the answer is as without it. *Refused*: with a code that
[has a source](emulator-coverage.md#where-it-is-known-from), because the value fits nothing there or
a state forbids it; a value of the wrong type always is refused. *Not offered*: ignored, as the
gateway ignores what it does not know. Whether what is taken changes anything is in
[what the emulator covers](emulator-coverage.md).

*Given* are the fields of answers that were seen in these requests or in the tests' tours. Those
*not given* belong to features that the emulator does not have, or to states that no tour comes
through. `fixtures/aliyun/not-offered.json` names each parameter and field that is missing.
"""


def listed(found: Verdict) -> dict[str, list[str]]:
    """What an operation does not offer."""
    rows = {"parameters": found.not_offered, "fields": found.not_given}
    return {name: row for name, row in rows.items() if row}


def page(found: Mapping[str, Verdict]) -> str:
    """The page."""
    parts = [HEAD]
    products = sorted({name.partition("/")[0] for name in found}, key=list(MODELS).index)
    for product in products:
        own = {name: one for name, one in found.items() if name.startswith(f"{product}/")}
        lines = [row(name.partition("/")[2], one) for name, one in own.items()]
        total = Verdict()
        for one in own.values():
            for kind in COUNTED:
                getattr(total, kind).extend(getattr(one, kind))
        parts.append(
            f"\n## {product.upper()}: {len(own)} operations\n\n"
            "| operation | taken | refused | not offered | fields given | not given |\n"
            "|---|---:|---:|---:|---:|---:|\n" + "\n".join([*lines, row("**all**", total)]) + "\n"
        )
    return "".join(parts)


COUNTED = ("taken", "refused", "not_offered", "given", "not_given")


def row(name: str, found: Verdict) -> str:
    """A line of the page: an operation's counts."""
    counts = [str(len(getattr(found, kind)) or "–") for kind in COUNTED]
    return f"| {' | '.join([name, *counts])} |"


if __name__ == "__main__":
    judged = verdicts(answers())
    PAGE.write_text(page(judged), "utf-8")
    rows = {name: listed(found) for name, found in judged.items() if listed(found)}
    NOT_OFFERED.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
