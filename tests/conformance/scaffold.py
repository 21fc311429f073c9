"""Writes what an operation of the emulator begins with.

    .ci/task scaffold-operation PRODUCT Operation [--module NAME] [--sdk PACKAGE]

Written are the operation's parameters in ``data/params`` as the vendor's SDK has them, its line in
``data/provenance.json``, a handler to fill in, and a test through the SDK, which fails until the
handler answers. A product that the emulator does not have yet gets its package, its table
and its place in ``dispatch.py`` as well; ``--sdk`` names its SDK, which has to be installed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ackgpu.emulator.dispatch import PRODUCTS
from tests.conformance.sdk_operation import SdkOperation
from tests.conformance.test_any_request import MODELS

ROOT = Path(__file__).parents[2]
READS = ("Describe", "List", "Get", "Query", "Check")
HEAD = '''"""{about}."""

from __future__ import annotations

'''
MODULE = """from typing import Any

from ackgpu.emulator.{product} import PRODUCT
from ackgpu.emulator.operation import Call
"""
HANDLER = '''

@PRODUCT.operation("{operation}"{how})
def {name}(call: Call) -> dict[str, Any]:
    """{operation}: what it does, with what it answers, and when it refuses."""
    raise NotImplementedError
'''
PACKAGE = """from ackgpu.emulator.operation import Product

PRODUCT = Product(code="{product}", version="{version}", ram_prefix="{product}"{style})
"""
TEST = """from {sdk} import models
from {sdk}.client import Client

from ackgpu.emulator import Emulator
from tests.emulator.net.apis import Api


def test_{name}_answers(emulator: Emulator) -> None:
    api = Api(Client, models, emulator)
    assert set(api("{operation}"{given})) > {{"RequestId"}}
"""
TEST_OF_CS = """from tests.emulator.cs.ack import Ack


def test_{name}_answers(ack: Ack) -> None:
    assert ack("{operation}"{given})
"""


class Scaffold:
    """The files of one operation under ``root``; ``written`` lists them."""

    def __init__(self, root: Path, product: str, sdk: SdkOperation, module: str = "") -> None:
        self._root, self._product, self._sdk = root, product, sdk
        self._module = module or sdk.name.partition("_")[2]
        self._emulator = Path("ackgpu/emulator")
        self._package = self._emulator / product
        self.written: list[Path] = []

    def write(self, month: str) -> None:
        """Write everything; ``month`` is when the source of the facts was read."""
        if not (self._root / self._package).exists():
            self._new_product()
        row = json.dumps(self._sdk.parameters(), separators=(",", ":"))
        self._add_row(f"data/params/{self._product}.json", self._sdk.operation, row)
        name = f"{self._product}.{self._sdk.operation}"
        self._add_row("data/provenance.json", name, json.dumps(f"documented {month}"))
        self._add_handler()
        self._add_test()

    def _new_product(self) -> None:
        product, version = self._product, self._sdk.said("version")
        style = ', style="roa"' if self._sdk.is_roa else ""
        head = f'"""{product}: {product}.<region>.aliyuncs.com, version {version}."""\n\n'
        self._put(
            self._package / "__init__.py",
            head + PACKAGE.format(product=product, version=version, style=style),
        )
        table = f'{{\n "source": "{self._sdk.package}",\n "operations": {{\n }}\n}}\n'
        self._put(self._emulator / f"data/params/{product}.json", table)
        last = r'PRODUCTS = \([^)]*"'  # a comma may follow it
        self._end_of(self._emulator / "dispatch.py", last, f',\n    "{product}"')
        line = f'    "{product}": "{self._sdk.package}",\n'
        self._end_of(Path("tests/conformance/test_any_request.py"), r"MODELS = \{[^}]*", line)

    def _add_row(self, table: str, key: str, value: str) -> None:
        """Put a line among the sorted ones of the table's ``operations``."""
        path = self._emulator / table
        before, begins, rest = self._read(path).partition('"operations": {\n')
        rows, ends, after = rest.partition(" }")
        lines = [line.rstrip(",") for line in rows.splitlines()]
        if any(line.startswith(f'  "{key}":') for line in lines):
            raise SystemExit(f"{path} has {key} already.")
        lines = sorted([*lines, f'  "{key}": {value}'], key=lambda line: line.split('"')[1])
        self._put(path, before + begins + ",\n".join(lines) + "\n" + ends + after)

    def _add_handler(self) -> None:
        sdk, path = self._sdk, self._package / f"{self._module}.py"
        how = "" if sdk.operation.startswith(READS) else ", writes=True"
        if sdk.is_roa:
            how = f', "{sdk.said("method")} {sdk.said("pathname")}"'
        text = HEAD.format(about=sdk.operation) + MODULE.format(product=self._product)
        if (self._root / path).exists():
            text = self._read(path)
        self._put(path, text + HANDLER.format(operation=sdk.operation, how=how, name=sdk.name))

    def _add_test(self) -> None:
        sdk = self._sdk
        required = [n for n, word in sdk.parameters().items() if str(word).endswith("!")]
        given = "".join(f', {name}="?"' for name in required if name.isidentifier())
        template = TEST
        if self._product == "cs":
            template = TEST_OF_CS
            given = "".join(
                f', "{name}"' for name in re.findall(r"\{(\w+)\}", sdk.said("pathname"))
            )
        folder = self._product if self._product in {"cs", "ecs"} else "net"
        self._put(
            Path(f"tests/emulator/{folder}/test_{self._product}_{sdk.name}.py"),
            HEAD.format(about=f"{sdk.operation}, through the official SDK")
            + template.format(sdk=sdk.package, name=sdk.name, operation=sdk.operation, given=given),
        )

    def _end_of(self, path: Path, start: str, more: str) -> None:
        """Add ``more`` at the end of what the pattern ``start`` finds in a file."""
        self._put(path, re.sub(start, lambda found: found[0] + more, self._read(path), count=1))

    def _read(self, path: Path) -> str:
        return (self._root / path).read_text()

    def _put(self, path: Path, text: str) -> None:
        (self._root / path).parent.mkdir(parents=True, exist_ok=True)
        (self._root / path).write_text(text)
        if path not in self.written:
            self.written.append(path)


def main(arguments: Sequence[str]) -> None:
    """Write the files of the operation that the command line names, and say which."""
    parser = argparse.ArgumentParser(prog=".ci/task scaffold-operation")
    parser.add_argument("product", help="as in PRODUCTS of dispatch.py; a new one with --sdk")
    parser.add_argument("operation", help="such as DescribeVpcs")
    parser.add_argument("--module", default="", help="the handler's module; else the noun's")
    parser.add_argument("--sdk", default="", help="such as alibabacloud_nlb20220430")
    given = parser.parse_args(arguments)
    package = given.sdk or MODELS.get(given.product, "")
    if not package:
        parser.error(f"{given.product} is none of {', '.join(PRODUCTS)}: name its --sdk")
    scaffold = Scaffold(ROOT, given.product, SdkOperation(package, given.operation), given.module)
    scaffold.write(f"{datetime.now(UTC):%Y-%m}")
    python = [str(path) for path in scaffold.written if path.suffix == ".py"]
    for step in (["check", "-q", "--fix", "--select", "I"], ["format", "-q"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, *python], cwd=ROOT, check=True)
    print(*scaffold.written, sep="\n")  # noqa: T201 -- its output


if __name__ == "__main__":
    main(sys.argv[1:])
