"""What names and labels may look like, and how the API server says that they do not.

Wordings are those of apimachinery's ``util/validation``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ackgpu.emulator.shared.tables import table

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_PART = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_VALUE = re.compile(rf"({_PART.pattern})?")
_WORDS: dict[str, str] = table("kube/rules")["names"]
SUBDOMAIN_RULE, LABEL_RULE = _WORDS["subdomain"], _WORDS["label"]
MAX_NAME, MAX_LABEL = 253, 63


def key_faults(key: str) -> Iterator[str]:
    """What is wrong with the key of a label or annotation (IsQualifiedName)."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        yield _WORDS["qualified"]
        return
    if slash and not prefix:
        yield "prefix part must be non-empty"
    elif prefix and not SUBDOMAIN.fullmatch(prefix):
        yield f"prefix part {SUBDOMAIN_RULE}"
    if not name:
        yield "name part must be non-empty"
    elif len(name) > MAX_LABEL:
        yield f"name part must be no more than {MAX_LABEL} bytes"
    if not _PART.fullmatch(name):
        yield _WORDS["part"]


def value_faults(value: str) -> Iterator[str]:
    """What is wrong with the value of a label (IsValidLabelValue)."""
    if len(value) > MAX_LABEL:
        yield f"must be no more than {MAX_LABEL} bytes"
    if not _VALUE.fullmatch(value):
        yield _WORDS["value"]


def label_causes(labels: Mapping[str, str], path: str) -> Iterator[tuple[str, str]]:
    """The causes for which labels at ``path`` are refused."""
    for key, value in labels.items():
        for what, faults in ((key, key_faults(key)), (value, value_faults(str(value)))):
            for fault in faults:
                yield path, f'Invalid value: "{what}": {fault}'
