"""The borders of docs/architecture.md, held by reading every import."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "ackgpu"
PAGE = ROOT.parent / "docs" / "architecture.md"
ONLY_IN: dict[str, tuple[str, ...]] = {
    "typer": ("cli/",),
    "rich": ("render/",),
    "tenacity": ("cloud/aliyun/retry.py",),
    # The cache answers before anything is loaded: datetime alone costs what it may cost in all.
    "time": ("clock.py", "credential_cache.py", "emulator/"),
    "pydantic": ("spec/",),
    "httpx2": ("cloud/kube/",),
    "alibabacloud_": ("cloud/aliyun/",),
    "Tea": ("cloud/aliyun/",),
    "darabonba": ("cloud/aliyun/",),
}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base", "manager", "core", "lib"}
MAX_FUNCTION, MAX_FILE = 60, 400
P90_FUNCTION, P90_FILE = 30, 250
MAX_FOLDER = {"emulator/kube": 9000}
"""Lines of a folder that would grow with every kind it serves: what tables can say, they say."""

MODULES = sorted(path for path in ROOT.rglob("*.py"))
LOADS = re.compile(r"\b(import_module|__import__)\b")
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
DOTTED = re.compile(r"[A-Za-z_]\w*(\.\w+)*\.?")


def name_of(path: Path) -> str:
    """A module's name from the package on: ``cloud.aliyun.retry``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


NAMES = frozenset(name_of(path) for path in MODULES)


@dataclass(frozen=True)
class Table:
    """The map of docs/architecture.md: the layer of each module that has a row, who may use whom.

    The name in front of a row's first cell is the layer's; what else is named there belongs to it.
    """

    layers: dict[str, str]
    may_import: dict[str, set[str]]

    def layer_of(self, module: str) -> str:
        """The layer of a module: of the row that names it or a folder around it."""
        parts = module.split(".")
        around = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
        named = (self.layers[name] for name in around if name in self.layers)
        return next(named, "foundation" if len(parts) == 1 else "no row")


@cache
def table() -> Table:
    layers: dict[str, str] = {}
    may_import: dict[str, set[str]] = {}
    text = PAGE.read_text().partition("\n## The map\n")[2].partition("\n## ")[0]
    for line in text.splitlines():
        cells = line.split("|")
        names, allowed = (_named(cells[n]) if len(cells) == 5 else [] for n in (1, 3))
        if names:
            layers |= dict.fromkeys(names, names[0])
            may_import[names[0]] = {names[0], *allowed}
    return Table(layers, may_import)


def _named(cell: str) -> list[str]:
    """The modules that a cell names: ```cloud/api/``` is ``cloud.api``."""
    written = re.findall(r"`([^`]+)`", cell)
    return [name.removesuffix(".py").strip("/").replace("/", ".") for name in written]


@dataclass
class Module:
    """What is read of a file, once: its imports with their lines, its functions' lengths."""

    imports: list[tuple[str, int]] = field(default_factory=list)
    functions: list[tuple[int, str]] = field(default_factory=list)


@cache
def read(path: Path) -> Module:
    return read_text(path.read_text(), path)


def read_text(text: str, path: Path) -> Module:
    module, package = Module(), ["ackgpu", *path.relative_to(ROOT).parent.parts]
    tree = ast.parse(text)
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                waiting += node.orelse
                continue
            case ast.Import():
                module.imports += [(alias.name, node.lineno) for alias in node.names]
            case ast.ImportFrom():
                base = _base(node, package)
                named = [f"{base}.{alias.name}" for alias in node.names]
                module.imports += [(name, node.lineno) for name in (base, *named)]
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                where = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
                module.functions.append((length, where))
        for block in BLOCKS:
            waiting += getattr(node, block, ())
    if LOADS.search(text):  # which of its words it loads is told when it runs: any of them may be
        words = ((n.value, n.lineno) for n in ast.walk(tree) if isinstance(n, ast.Constant))
        module.imports += [
            (word.rstrip("."), n) for word, n in words
            if isinstance(word, str) and DOTTED.fullmatch(word)
        ]  # fmt: skip
    return module


def _base(node: ast.ImportFrom, package: list[str]) -> str:
    """The absolute name of what is imported from; a relative one is seen from ``package``."""
    outer = package[: len(package) - node.level + 1] if node.level else []
    return ".".join([*outer, *([node.module] if node.module else [])])


def crossings(module: Module, name: str) -> list[str]:
    """The imports of a module that the table does not allow."""
    layer = table().layer_of(name)
    allowed = table().may_import[layer]
    inner = [(full.removeprefix("ackgpu."), n) for full, n in module.imports if "ackgpu." in full]
    return [
        f"{name}:{line}: {layer} imports {target}"
        for target, line in inner
        if target in NAMES and not {target, table().layer_of(target)} & allowed
    ]


def test_imports_point_inward_only() -> None:
    assert not [crossing for path in MODULES for crossing in crossings(read(path), name_of(path))]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("engine/graph.py", "from ackgpu.commands import create"),
        ("engine/graph.py", "from ..commands import create"),
        ("engine/graph.py", "from .. import app"),
        ("engine/graph.py", "def f():\n    import ackgpu.commands.cluster.create"),
        ("steps/__init__.py", "from ..commands import create"),
        ("emulator/errors.py", "from ..spec import catalog"),
        ("emulator/errors.py", "import importlib; importlib.import_module('ackgpu.spec.catalog')"),
        ("emulator/store.py", "from importlib import import_module as f; f(f'ackgpu.spec.{x}')"),
        ("emulator/errors.py", "__import__('ackgpu.errors')"),
        ("render/a.py", "HOMES = {'a': 'ackgpu.steps.vpc'}\nimportlib.import_module(HOMES['a'])"),
    ],
)  # fmt: skip
def test_an_import_in_any_form_is_seen(file: str, line: str) -> None:
    path = ROOT / file
    assert crossings(read_text(line, path), name_of(path))


def test_every_module_has_a_row_and_every_row_a_module() -> None:
    named = set(table().layers) | set().union(*table().may_import.values())
    assert named <= NAMES | {"foundation"}
    assert {table().layer_of(name) for name in NAMES} <= set(table().may_import)


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_in_its_home(library: str) -> None:
    for path in MODULES:
        home = any(str(path.relative_to(ROOT)).startswith(part) for part in ONLY_IN[library])
        for imported, line in read(path).imports:
            named = imported.split(".")[0]
            uses = named.startswith(library) if library.endswith("_") else named == library
            assert home or not uses, f"{path}:{line} imports {imported}"


def test_the_sdks_are_imported_inside_functions() -> None:
    for path in (ROOT / "cloud" / "aliyun").rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert "alibabacloud" not in ast.unparse(node), f"{path}:{node.lineno}"


def test_the_emulator_shares_nothing_with_what_it_tests() -> None:
    assert table().may_import["emulator"] == {"emulator", "clock"}


def _reaches(module: str, known: Mapping[str, set[str]]) -> set[str]:
    """Every module that one imports, directly or through others."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        fresh = known[waiting.pop()] - found
        found |= fresh
        waiting += fresh
    return found


def test_the_emulated_kubernetes_api_imports_in_no_circle() -> None:
    """No module of it imports itself through others of the emulator, inside functions neither."""
    files = [path for path in (ROOT / "emulator").rglob("*.py") if path.name != "__init__.py"]
    inside = {f"ackgpu.{name_of(path)}": path for path in files}
    known = {
        name: {target for target, _ in read(path).imports if target in inside}
        for name, path in inside.items()
    }
    mine = [name for name in inside if name.startswith("ackgpu.emulator.kube")]
    assert not [name for name in mine if name in _reaches(name, known)]


def test_a_use_case_takes_its_options_and_the_session() -> None:
    """What the command line returns is what such a call gave; nothing else is handed over."""
    returned = [
        (path.name, node.value)
        for path in (ROOT / "cli").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Call)
    ]
    given = [
        (name, [ast.unparse(each) for each in (*call.args, *call.keywords)])
        for name, call in returned
        if any(isinstance(each, ast.Name) and each.id == "session" for each in call.args)
    ]
    assert len(given) > 40
    assert not [(name, all_) for name, all_ in given if all_[-1] != "session" or len(all_) > 2]


def test_only_the_command_line_installs_signal_handlers() -> None:
    installing = re.compile(r"\b(signal\.signal|add_signal_handler)\(")
    found = [str(p.relative_to(ROOT)) for p in MODULES if installing.search(p.read_text())]
    assert found == ["cli/signals.py"]


def test_no_object_is_judged_by_its_exact_type() -> None:
    """A subclass is what its class is: isinstance tells, the class itself or its name does not."""
    exact = re.compile(r"\btype\([\w.]+\)(\.__name__)? (is|in|not|==|!=) ")
    assert not [str(p) for p in MODULES if exact.search(p.read_text())]


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [path for path in MODULES if path.stem in FORBIDDEN_NAMES]


def test_no_function_is_long_and_nearly_all_are_short() -> None:
    functions = sorted(each for path in MODULES for each in read(path).functions)
    too_long = [f for f in functions if f[0] > MAX_FUNCTION]
    assert not too_long
    assert functions[int(len(functions) * 0.9)][0] <= P90_FUNCTION


def test_no_file_is_long_and_nearly_all_are_short() -> None:
    lengths = sorted((len(p.read_text().splitlines()), str(p.relative_to(ROOT))) for p in MODULES)
    too_long = [(n, name) for n, name in lengths if n > MAX_FILE]
    assert not too_long
    assert lengths[int(len(lengths) * 0.9)][0] <= P90_FILE


@pytest.mark.parametrize("folder", MAX_FOLDER)
def test_no_folder_grows_beyond_what_its_tables_keep_out(folder: str) -> None:
    paths = (ROOT / folder).rglob("*.py")
    assert sum(len(path.read_text().splitlines()) for path in paths) < MAX_FOLDER[folder]
