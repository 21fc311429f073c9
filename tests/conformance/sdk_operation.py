"""What the vendor's SDK knows of an operation: its parameters, its path, its version.

The models and methods of the SDKs are generated, so that their source reads like a table.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ackgpu.emulator.parameters import COMMON

TYPES = {"str": "str", "int": "int", "bool": "bool", "float": "num"}
REQUIRED = "# This parameter is required."


@dataclass(frozen=True)
class Field:
    """A member of a request: its name on the wire, its Python type, whether it is required."""

    wire: str
    kind: str
    required: bool

    @property
    def element(self) -> tuple[str, bool]:
        """The type's name without its module; of a list that of its elements, and True."""
        listed = re.fullmatch(r"List\[(.+)\]", self.kind)
        return (listed[1] if listed else self.kind).removeprefix("main_models."), bool(listed)

    @property
    def word(self) -> str:
        """The type as ``data/params`` has it; what has no simple type is sent as text."""
        return TYPES.get(self.element[0], "str") + ("!" if self.required else "")


@dataclass(frozen=True)
class SdkOperation:
    """One operation of an SDK ``package`` such as ``alibabacloud_nlb20220430``."""

    package: str
    operation: str

    @property
    def name(self) -> str:
        """The operation as the SDK's method is called; LookupError if there is none."""
        for name in vars(self._part("client").Client):
            if name.replace("_", "") == self.operation.lower():
                return str(name)
        raise LookupError(f"{self.package} has no operation {self.operation}")

    def said(self, word: str) -> str:
        """What the method says of its call: ``version``, ``method``, ``style``, ``pathname``."""
        found = re.search(rf"\b{word} = f?'([^']*)'", self._source)
        return re.sub(r"\{DaraURL\.percent_encode\((\w+)\)\}", r"{\1}", found[1] if found else "")

    @property
    def is_roa(self) -> bool:
        """Whether it is called by a path."""
        return self.said("style") == "ROA"

    def parameters(self) -> dict[str, Any]:
        """The operation's row in ``data/params``."""
        model = getattr(self._part("models"), f"{self.operation}Request", None)
        fields = [] if model is None else list(_fields(model))
        if not self.is_roa:
            flat = {name: word for field in fields for name, word in self._flat(field)}
            return {name: word for name, word in flat.items() if name not in COMMON - {"DryRun"}}
        asked = set(re.findall(r"query\['([^']+)'\]", self._source))
        query = {field.wire: field.word for field in fields if field.wire in asked}
        body: Any = {each.wire: self._nested(each) for each in fields if each.wire not in asked}
        if list(body) == ["body"]:  # the request's body is this list
            body = body["body"]
        return {part: names for part, names in (("query", query), ("body", body)) if names}

    def _flat(self, field: Field, before: str = "") -> Iterator[tuple[str, str]]:
        inner, listed = field.element
        name = f"{before}{field.wire}.#" if listed else f"{before}{field.wire}"
        model = None if inner in TYPES else getattr(self._part("models"), inner, None)
        if model is None:
            yield name, field.word
            return
        for each in _fields(model):
            yield from self._flat(each, f"{name}.")

    def _nested(self, field: Field) -> Any:
        inner, listed = field.element
        model = None if inner in TYPES else getattr(self._part("models"), inner, None)
        found: Any = field.word
        if model is not None:
            found = {each.wire: self._nested(each) for each in _fields(model)}
        return [found] if listed else found

    @property
    def _source(self) -> str:
        return inspect.getsource(getattr(self._part("client").Client, f"{self.name}_with_options"))

    def _part(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.package}.{name}")


def _fields(model: type) -> Iterator[Field]:
    head, _, rest = inspect.getsource(model).partition("def validate")
    kinds = dict(re.findall(r"^        (\w+): (.+?) = None,$", head, re.MULTILINE))
    notes = re.split(r"self\.(\w+) = \w+\n", head)
    said = dict(zip(notes[1::2], notes[::2], strict=False))
    sent = r"if self\.(\w+) is not None:\s+(?:for k1 in self\.\w+:\s+)?result\['([^']+)'\]"
    for name, wire in re.findall(sent, rest.partition("def from_map")[0]):
        yield Field(wire, kinds[name], REQUIRED in said[name])
