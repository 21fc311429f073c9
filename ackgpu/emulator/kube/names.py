"""What names and labels may look like, and how the API server says that they do not.

Wordings are those of apimachinery's ``util/validation``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_NAME_RULE = (
    "a lowercase RFC 1123 {kind} must consist of lower case alphanumeric characters, {also}"
    " and must start and end with an alphanumeric character (e.g. '{example}', regex used for"
    " validation is '{regex}')"
)
SUBDOMAIN_RULE = _NAME_RULE.format(
    kind="subdomain", also="'-' or '.',", example="example.com", regex=SUBDOMAIN.pattern
)
LABEL_RULE = _NAME_RULE.format(kind="label", also="or '-',", example="my-name", regex=LABEL.pattern)
_PART = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_PART_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end"
    " with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for"
    f" validation is '{_PART.pattern}')"
)
_VALUE = re.compile(rf"({_PART.pattern})?")
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.',"
    " and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or"
    f" '12345', regex used for validation is '{_VALUE.pattern}')"
)
MAX_NAME, MAX_LABEL = 253, 63


def key_faults(key: str) -> Iterator[str]:
    """What is wrong with the key of a label or annotation (IsQualifiedName)."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        yield (
            "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must"
            " start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or"
            f" '123-abc', regex used for validation is '{_PART.pattern}') with an optional DNS"
            " subdomain prefix and '/' (e.g. 'example.com/MyName')"
        )
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
        yield _PART_RULE


def value_faults(value: str) -> Iterator[str]:
    """What is wrong with the value of a label (IsValidLabelValue)."""
    if len(value) > MAX_LABEL:
        yield f"must be no more than {MAX_LABEL} bytes"
    if not _VALUE.fullmatch(value):
        yield _VALUE_RULE


def label_causes(labels: Mapping[str, str], path: str) -> Iterator[tuple[str, str]]:
    """The causes for which labels at ``path`` are refused."""
    for key, value in labels.items():
        for what, faults in ((key, key_faults(key)), (value, value_faults(str(value)))):
            for fault in faults:
                yield path, f'Invalid value: "{what}": {fault}'
