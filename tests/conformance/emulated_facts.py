"""What of the real cloud the emulator claims: its operations, states and error codes, by its code.

Codes are found in the source: the first word of each refusal. One that is put together at run time
has ``*`` for its open part.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import ackgpu.emulator
from ackgpu.emulator.dispatch import load_products
from ackgpu.emulator.shared.lifecycle import Lifecycle
from ackgpu.emulator.shared.limits import LIMITS
from ackgpu.emulator.shared.tables import table

ROOT = Path(ackgpu.emulator.__file__).parent
CODE_AT = {"ApiError": 0, "refuse": 0}
"""Which argument of a call is the code."""


def operations() -> set[str]:
    """``cs.CreateCluster`` and all others."""
    return {
        f"{product.code.lower()}.{name}"
        for product in load_products()
        for name in product.operations
    }


def states() -> set[str]:
    """``cluster: running`` and all others."""
    found: set[str] = set()
    for module in pkgutil.walk_packages([str(ROOT)], "ackgpu.emulator."):
        if ".kube" in module.name or module.name.endswith("pytest_plugin"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Lifecycle):
                found |= {f"{value.kind}: {state}" for pair in value.allowed for state in pair}
    return found


def codes() -> set[str]:
    """Every error code that an operation may answer."""
    found = set(table("cs/roles")["cluster_refusals"].values())
    found |= {limit.code for limit in LIMITS.values() if limit.code}
    for path in ROOT.rglob("*.py"):
        if "kube" not in path.relative_to(ROOT).parts:
            found.update(_codes_in(ast.parse(path.read_text("utf-8"))))
    return found


def _codes_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name == "Tagging":
                yield from (c for word in node.keywords for c in _texts(word.value))
            place = CODE_AT.get(name)
            if place is not None and len(node.args) > place:
                yield from _texts(node.args[place])
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            yield from _texts(node.value.elts[0])


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(p.value if isinstance(p, ast.Constant) else "*" for p in node.values)
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
