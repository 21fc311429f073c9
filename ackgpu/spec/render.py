"""A spec back to the YAML of ``cluster.yaml``, with a word on what is worth one."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ackgpu.printable import visible_escapes
from ackgpu.spec.fields import FIELDS
from ackgpu.spec.model import API_VERSION, KIND, ClusterSpec, document_of
from ackgpu.yaml11_quotes import make_representer

_INDENT = 2
_COMMENTS = {
    "lifecycle": "not part of what the cluster is: may change between runs",
    "network.vswitches": "each an id, or a zone to make it in; auto: by stock",
    "network.nat": "the nodes' way out",
    **{field.key: field.comment for field in FIELDS if field.comment},
}


def to_yaml(spec: ClusterSpec, *, defaults: bool = False, comments: bool = True) -> str:
    """``spec`` as YAML that loads to an equal spec; with ``defaults`` every key is there.

    What shows nothing of itself is escaped, so that it is the same wherever it is shown.

    A given VPC has no ``cidr`` in it, and Terway no pod CIDR: those keys would be refused.
    """
    from ruamel.yaml import YAML

    document = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        **document_of(spec, defaults=defaults),
    }
    if defaults:
        _leave_out_the_unused(document["network"])
    writer = YAML()
    writer.width = 100
    writer.indent(mapping=_INDENT, sequence=2 * _INDENT, offset=_INDENT)
    writer.Representer = _representer()
    text = io.StringIO()
    writer.dump(_commented(document, "") if comments else document, text)
    return visible_escapes(text.getvalue())


def _leave_out_the_unused(network: dict[str, Any]) -> None:
    if network["vpc"]["id"]:
        del network["vpc"]["cidr"]
    if network["plugin"] != "flannel":
        del network["podCidr"], network["nodeCidrMask"]
    for vswitch in (*network["vswitches"], *network["podVswitches"]):
        if vswitch["id"]:
            del vswitch["zone"], vswitch["cidr"]


def _commented(value: Any, path: str) -> Any:
    from ruamel.yaml.comments import CommentedMap

    if isinstance(value, list):
        return [_commented(item, f"{path}[]") for item in value]
    if not isinstance(value, Mapping):
        return value
    mapping = CommentedMap()
    for key, inner in value.items():
        below = f"{path}.{key}" if path else key
        mapping[key] = _commented(inner, below)
        if below in _COMMENTS:
            _annotate(mapping, key, below)
    return mapping


def _annotate(mapping: Any, key: str, path: str) -> None:
    """Beside a scalar; above anything that goes on over several lines."""
    comment = _COMMENTS[path]
    if isinstance(mapping[key], dict | list) and mapping[key]:
        indent = _INDENT * (path.count(".") + path.count("[]"))
        mapping.yaml_set_comment_before_after_key(key, before=comment, indent=indent)
    else:
        mapping.yaml_add_eol_comment(comment, key, column=0)


def _representer() -> type[Any]:
    """Write null as a word."""
    representer = make_representer()
    representer.add_representer(type(None), _write_null)
    return representer


def _write_null(representer: Any, _: None) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")
