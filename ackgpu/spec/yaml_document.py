"""YAML text as plain data, and where in the text each value stands.

The text may come from anywhere, so its size, its depth and what its aliases unfold to are bounded,
and nothing but mappings, lists and scalars is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ackgpu.spec.findings import Finding

_MAX_CHARACTERS = 262_144
_MAX_VALUES = 20_000
_MAX_DEPTH = 40
_MAX_DIGITS = 80  # the longest that means something: 64 bits, in binary
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class YamlDocument:
    """The data of one document, and the line and column of each path, both from 1."""

    name: str
    data: Any
    positions: Mapping[str, tuple[int, int]]

    def where(self, key: str) -> str:
        """``cluster.yaml:12:3`` of the key, or of the nearest value around it."""
        while key and key not in self.positions:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        line, column = self.positions.get(key, (1, 1))
        return f"{self.name}:{line}:{column}"


class YamlRefused(ValueError):
    """The text is no usable YAML; ``findings`` says where and why."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__("; ".join(str(finding) for finding in findings))
        self.findings = findings


def read_yaml(text: str, name: str) -> YamlDocument:
    """Read the only document in ``text``. ``name`` is what findings call it.

    Raises :class:`YamlRefused` for what is not YAML, for several documents, for duplicate keys, and
    for text that is too large once its aliases are unfolded.
    """
    if len(text) > _MAX_CHARACTERS:
        raise YamlRefused(Finding(name, "", "is too large for a spec"))
    root = _compose(text, name)
    if root is None:
        raise YamlRefused(Finding(f"{name}:1:1", "", "is empty"))
    reader = _Reader(name)
    try:
        data = reader.read(root, "", 0)
    except _TooMuch as too_much:
        raise YamlRefused(Finding(f"{name}:1:1", "", str(too_much))) from None
    if reader.findings:
        raise YamlRefused(*reader.findings)
    return YamlDocument(name, data, reader.positions)


def _compose(text: str, name: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as refused:
        mark = refused.problem_mark or refused.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        problem = refused.problem or refused.context or "cannot be read"
        if "another document" in problem:
            problem = "more than one document: a spec is one"
        raise YamlRefused(Finding(where, "", f"is not YAML: {problem}")) from None
    except YAMLError as refused:
        reason = str(refused).splitlines()[0]
        raise YamlRefused(Finding(f"{name}:1:1", "", f"is not YAML: {reason}")) from None
    except RecursionError:
        raise YamlRefused(Finding(f"{name}:1:1", "", "is nested too deeply")) from None


class _TooMuch(Exception):
    """The document unfolds to more than a spec can need."""


@dataclass
class _Reader:
    name: str
    positions: dict[str, tuple[int, int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    _values: int = 0

    def read(self, node: Any, path: str, depth: int) -> Any:
        """The node as plain data. A value that an alias repeats is read again, and counted."""
        self._values += 1
        if depth > _MAX_DEPTH:
            raise _TooMuch("is nested too deeply")
        if self._values > _MAX_VALUES:
            raise _TooMuch("holds too many values for a spec")
        self.positions.setdefault(path, _position(node))
        tag = str(node.tag).removeprefix(_TAG)
        if tag == "map":
            return self._mapping(node, path, depth)
        if tag == "seq":
            return [
                self.read(item, f"{path}[{index}]", depth + 1)
                for index, item in enumerate(node.value)
            ]
        if tag not in _SCALARS:
            self._refuse(node, path, f"has the tag {node.tag}, which means nothing in a spec")
            return None
        try:
            return _SCALARS[tag](node.value)
        except ValueError:
            return node.value

    def _mapping(self, node: Any, path: str, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node.value, str):
                self._refuse(key_node, path, "a key must be a word")
                continue
            key = _whole_text(key_node.value)
            below = f"{path}.{key}" if path else key
            if key == "<<":
                self._refuse(key_node, below, "merge keys are not read: write the keys out")
            elif key in mapping:
                first = self.positions[below][0]
                self._refuse(key_node, below, f"stands here again, after line {first}")
            else:
                self.positions[below] = _position(key_node)
                mapping[key] = self.read(value_node, below, depth + 1)
        return mapping

    def _refuse(self, node: Any, path: str, message: str) -> None:
        line, column = _position(node)
        self.findings.append(Finding(f"{self.name}:{line}:{column}", path, message))


def _position(node: Any) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _whole_text(text: str) -> str:
    """``text`` with the halves of each escaped character joined, as JSON writes them.

    A half without the other is no character: it becomes U+FFFD, which no rule takes for a name.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _integer(text: str) -> int:
    """The number; raises ValueError, so that it stays text, for one that no machine counts to."""
    if len(text) > _MAX_DIGITS:
        raise ValueError
    plain = text.replace("_", "")
    based = plain.lstrip("+-")[:2].lower() in {"0x", "0o", "0b"}
    return int(plain, 0) if based else int(plain)


# A date stays text: nothing in a spec is one.
_SCALARS: dict[str, Callable[[str], Any]] = {
    "str": _whole_text,
    "timestamp": str,
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _integer,
    "float": lambda text: float(
        text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan")
    ),
}
