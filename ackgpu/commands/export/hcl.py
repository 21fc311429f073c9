"""Writing HCL, the language of Terraform, as ``terraform fmt`` lays it out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

INDENT = "  "


@dataclass(frozen=True)
class Expression:
    """HCL that stands as it is: a reference such as ``alicloud_vpc.vpc.id``."""

    text: str


@dataclass(frozen=True)
class Block:
    """``kind "label" "label" { … }``. Blocks among the values of ``body`` are nested in it."""

    kind: str
    labels: tuple[str, ...]
    body: Mapping[str, Any]


def write(blocks: Sequence[Block]) -> str:
    """A file of these blocks."""
    return "\n".join("\n".join(_block(block, "")) + "\n" for block in blocks)


def quoted(text: str) -> str:
    """A string literal: HCL escapes as JSON does, and has templates besides."""
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def _block(block: Block, indent: str) -> Iterator[str]:
    labels = "".join(f" {quoted(label)}" for label in block.labels)
    yield f"{indent}{block.kind}{labels} {{"
    yield from _body(block.body, indent + INDENT)
    yield f"{indent}}}"


def _body(body: Mapping[str, Any], indent: str) -> Iterator[str]:
    plain = {k: v for k, v in body.items() if not _is_long(v)}
    width = max((len(key) for key in plain), default=0)
    for key, value in plain.items():
        yield f"{indent}{key:<{width}} = {_value(value)}"
    for position, (key, value) in enumerate((k, v) for k, v in body.items() if _is_long(v)):
        if plain or position:
            yield ""
        yield from _long(key, value, indent)


def _long(key: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Block):
        yield from _block(value, indent)
        return
    if isinstance(value, Sequence):
        for inner in value:
            yield from _block(inner, indent)
        return
    yield f"{indent}{key} = {{"
    names = {name: name if name.isidentifier() else quoted(name) for name in value}
    width = max(len(name) for name in names.values())
    for name, inner in value.items():
        yield f"{indent}{INDENT}{names[name]:<{width}} = {_value(inner)}"
    yield f"{indent}}}"


def _is_long(value: Any) -> bool:
    nested = isinstance(value, tuple) and bool(value) and isinstance(value[0], Block)
    return isinstance(value, Block | Mapping) or nested


def _value(value: Any) -> str:
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    return f"[{', '.join(_value(item) for item in value)}]"
