"""A spec from a file, from flags, or from both: the same model either way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ackgpu.errors import SpecError, SpecFinding
from ackgpu.small_file import MIB, read_small, why
from ackgpu.spec.findings import Finding
from ackgpu.spec.flags import SpecFlags, lay_over
from ackgpu.spec.model import API_VERSION, KIND, ClusterSpec, document_of
from ackgpu.spec.rules.syntax import did_you_mean
from ackgpu.spec.shape import read_spec
from ackgpu.spec.yaml_document import YamlDocument, YamlRefused, read_yaml

MAX_BYTES = MIB
"""More of a file, or of standard input, is never read. A spec has a few KiB."""
# A name may come from the command line: where it is missing is not the file's fault.
_NAME_KEY = "metadata.name"


@dataclass(frozen=True)
class LoadedSpec:
    """A spec and what its file is called in messages. ``warnings`` say where they apply."""

    spec: ClusterSpec
    source: str
    warnings: tuple[Finding, ...] = ()


def load_file(path: Path | str) -> LoadedSpec:
    """The spec in the file at ``path``; see :func:`load_text`."""
    name = str(path)
    try:
        content = read_small(Path(path), MAX_BYTES, pipes=True)
    except OSError as refused:
        raise SpecError([Finding(name, "", f"cannot be read: {why(refused)}")]) from None
    return load_bytes(content, name=name)


def load_bytes(content: bytes, *, name: str) -> LoadedSpec:
    """The spec in ``content``, UTF-8 with or without a byte order mark; see :func:`load_text`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SpecError([Finding(name, "", "is not UTF-8 text")]) from None
    return load_text(text, name=name)


def load_text(text: str, *, name: str) -> LoadedSpec:
    """The spec in ``text``, which messages call ``name``.

    Raises :class:`~ackgpu.errors.SpecError` with every error at its ``name:line:column``. A missing
    cluster name is none: the command line may give it.
    """
    try:
        document = read_yaml(text, name)
    except YamlRefused as refused:
        raise SpecError(refused.findings) from None
    data = _mapping(document)
    spec, findings = read_spec(data)
    located = [replace(finding, where=document.where(finding.key)) for finding in findings]
    metadata = data.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("name") in (None, ""):
        located = [finding for finding in located if finding.key != _NAME_KEY]
    warnings = sorted((finding for finding in located if not finding.is_error), key=_place)
    return LoadedSpec(_without_errors(spec, located), name, tuple(warnings))


def from_flags(flags: SpecFlags, base: ClusterSpec | None = None) -> ClusterSpec:
    """The spec that ``flags`` describe, laid over ``base`` where there is one.

    Raises :class:`~ackgpu.errors.SpecError`; findings name the flag that they are about.
    """
    document = document_of(base, defaults=False) if base else {}
    overlay = lay_over(document, flags)
    spec, findings = read_spec(overlay.data)
    located = [replace(finding, where=overlay.source_of(finding.key)) for finding in findings]
    return _without_errors(spec, [*overlay.findings, *located])


def _mapping(document: YamlDocument) -> dict[str, Any]:
    """The document's mapping, once it says that it is a spec of ours."""
    data = document.data
    start = document.where("")
    if not isinstance(data, dict):
        raise SpecError([Finding(start, "", "is no spec: a spec is a mapping of keys to values")])
    findings = []
    for key, wanted in (("apiVersion", API_VERSION), ("kind", KIND)):
        given = data.get(key)
        if given is None:
            findings.append(Finding(start, key, f"is required: {key}: {wanted}"))
        elif given != wanted:
            hint = did_you_mean(str(given), [wanted]) or f"; this version reads {wanted}"
            findings.append(Finding(document.where(key), key, f"{given!r} is not known{hint}"))
    if findings:
        raise SpecError(findings)
    return data


def _without_errors(spec: ClusterSpec | None, findings: Sequence[Finding]) -> ClusterSpec:
    errors = [finding for finding in findings if finding.is_error]
    if errors or spec is None:
        raise SpecError(sorted(errors, key=_place))
    return spec


def _place(finding: SpecFinding) -> tuple[int, int]:
    """Line and column, so that findings stand in the order of the file."""
    *_, line, column = ["", "", *finding.where.rsplit(":", 2)]
    return (int(line), int(column)) if line.isdecimal() and column.isdecimal() else (0, 0)
