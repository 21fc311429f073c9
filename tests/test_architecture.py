"""The borders of docs/architecture.md, held by reading every import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "ackgpu"
FOUNDATION = {
    "call_log", "cancel", "clock", "errors", "naming", "patience", "settings", "streams",
    "yaml_words",
}  # fmt: skip

MAY_IMPORT: dict[str, set[str]] = {
    "foundation": {"foundation"},
    "spec": {"foundation", "spec"},
    "cloud.api": {"foundation", "cloud.api"},
    "engine": {"foundation", "engine"},
    "steps": {"foundation", "spec", "cloud.api", "engine", "steps"},
    "preflight": {"foundation", "spec", "cloud.api", "engine", "steps", "preflight"},
    "render": {"foundation", "cloud.api", "engine", "render"},
    "commands": {
        "foundation", "spec", "cloud.api", "engine", "steps", "preflight", "render", "commands",
        "app", "emulator",
    },
    "cli": {"foundation", "spec", "app", "commands", "cli"},
    "cloud.aliyun": {"foundation", "cloud.api", "cloud.aliyun"},
    "cloud.kube": {"foundation", "cloud.api", "cloud.kube"},
    "app": {"foundation", "cloud.api", "cloud.aliyun", "cloud.kube", "engine", "emulator"},
    "main": {"foundation", "cli", "render", "main"},
    "emulator": {"emulator", "clock"},
}  # fmt: skip
ONLY_IN: dict[str, tuple[str, ...]] = {
    "typer": ("cli/",),
    "rich": ("render/",),
    "tenacity": ("cloud/aliyun/retry.py",),
    "time": ("clock.py", "emulator/"),
    "pydantic": ("spec/",),
    "lightkube": ("cloud/kube/",),
    "alibabacloud_": ("cloud/aliyun/",),
    "Tea": ("cloud/aliyun/",),
    "darabonba": ("cloud/aliyun/",),
}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base", "manager", "core", "lib"}
LONGEST_FUNCTION, LONGEST_FILE = 60, 400
P90_FUNCTION, P90_FILE = 30, 250

MODULES = sorted(path for path in ROOT.rglob("*.py"))


def layer_of(module: str) -> str:
    """The layer of a module named from the package on: ``cloud.aliyun.retry``."""
    parts = module.split(".")
    if module in FOUNDATION or module == "__init__":
        return "foundation"
    if module == "__main__":
        return "main"
    if parts[0] == "cloud":
        return ".".join(parts[:2]) if len(parts) > 1 else "cloud.api"
    return parts[0]


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports at run time, and where."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_inward_only(path: Path) -> None:
    layer = layer_of(name_of(path))
    allowed = MAY_IMPORT[layer]
    for imported, line in imports_of(path):
        if not imported.startswith("ackgpu."):
            continue
        inner = imported.removeprefix("ackgpu.")
        is_module = (ROOT / Path(*inner.split("."))).with_suffix(".py").exists()
        if not is_module and not (ROOT / Path(*inner.split(".")) / "__init__.py").exists():
            continue  # a name of a module that was looked at already
        target = "clock" if layer == "emulator" and inner == "clock" else layer_of(inner)
        assert target in allowed | {"__version__"}, f"{path}:{line}: {layer} imports {inner}"


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_in_its_home(library: str) -> None:
    for path in MODULES:
        home = any(str(path.relative_to(ROOT)).startswith(part) for part in ONLY_IN[library])
        for imported, line in imports_of(path):
            named = imported.split(".")[0]
            uses = named.startswith(library) if library.endswith("_") else named == library
            assert home or not uses, f"{path}:{line} imports {imported}"


def test_the_sdks_are_imported_inside_functions() -> None:
    for path in (ROOT / "cloud" / "aliyun").rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert "alibabacloud" not in ast.unparse(node), f"{path}:{node.lineno}"


def test_the_emulator_shares_nothing_with_what_it_tests() -> None:
    for path in (ROOT / "emulator").rglob("*.py"):
        for imported, line in imports_of(path):
            if imported.startswith("ackgpu.") and not imported.startswith("ackgpu.emulator"):
                assert imported.startswith("ackgpu.clock"), f"{path}:{line} imports {imported}"


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [path for path in MODULES if path.stem in FORBIDDEN_NAMES]


def _functions() -> list[tuple[int, str]]:
    found = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                found.append((length, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"))
    return sorted(found)


def test_no_function_is_long_and_nearly_all_are_short() -> None:
    functions = _functions()
    too_long = [f for f in functions if f[0] > LONGEST_FUNCTION]
    assert not too_long
    assert functions[int(len(functions) * 0.9)][0] <= P90_FUNCTION


def test_no_file_is_long_and_nearly_all_are_short() -> None:
    lengths = sorted((len(p.read_text().splitlines()), str(p.relative_to(ROOT))) for p in MODULES)
    too_long = [(n, name) for n, name in lengths if n > LONGEST_FILE]
    assert not too_long
    assert lengths[int(len(lengths) * 0.9)][0] <= P90_FILE
