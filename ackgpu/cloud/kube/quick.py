"""Reading a kubeconfig ten times as fast as the YAML round trip does, where nothing is written.

A file of a thousand contexts has megabytes of certificates. What cannot be read here is left to
the round trip, which words the errors.
"""

from __future__ import annotations

import re
from typing import Any

from yaml import YAMLError
from yaml.constructor import ConstructorError

try:
    from yaml import CSafeLoader as _Parser
except ImportError:  # PyYAML was built without libyaml: as slow as the round trip
    from yaml import SafeLoader as _Parser  # type: ignore[assignment]

_RESOLVED = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "merge": (r"<<", "<"),
}


class _Loader(_Parser):
    """Booleans and null as in YAML 1.2, which the round trip reads; all other scalars as text."""

    def construct_mapping(self, node: Any, *more: Any, **named: Any) -> dict[Any, Any]:
        """As it is, but a key that stands twice is refused, as the round trip does."""
        keys = [str(key.value) for key, _ in node.value]
        if len(set(keys)) != len(keys):
            raise ConstructorError(None, None, "a key stands twice", node.start_mark)
        return super().construct_mapping(node, *more, **named)


_Loader.yaml_implicit_resolvers = {}
for _tag, (_pattern, _first) in _RESOLVED.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first)
    )


def load(text: str) -> Any:
    """The document; None where there is none, and where it takes the round trip to tell."""
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except (YAMLError, ValueError, RecursionError):
        return None
