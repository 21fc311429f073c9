"""What the library takes for a spec."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from ackgpu.commands.load_spec import SpecOptions
    from ackgpu.spec.model import ClusterSpec

Spec: TypeAlias = "ClusterSpec | Mapping[str, Any] | str | os.PathLike[str]"
"""A model, a mapping with the keys of a cluster.yaml, or the path of one.

A mapping may leave out ``apiVersion`` and ``kind``.
"""
_KIND = {"apiVersion": "ackgpu.dev/v1alpha1", "kind": "GpuCluster"}


def wants(spec: Spec) -> SpecOptions:
    """The spec as commands take it; it is read when they are carried out."""
    from ackgpu.commands.load_spec import SpecOptions
    from ackgpu.spec.flags import SpecFlags
    from ackgpu.spec.model import ClusterSpec

    if isinstance(spec, ClusterSpec):
        from ackgpu.spec.render import to_yaml

        return SpecOptions(flags=SpecFlags(), content=to_yaml(spec).encode())
    if isinstance(spec, Mapping):
        content = json.dumps({**_KIND, **spec}).encode()  # JSON is YAML
        return SpecOptions(flags=SpecFlags(), content=content)
    return SpecOptions(flags=SpecFlags(), file=Path(spec))
