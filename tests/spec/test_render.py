"""A spec written as YAML."""

from __future__ import annotations

import io

from ruamel.yaml import YAML

from ackgpu.spec.model import ClusterSpec
from ackgpu.spec.render import to_yaml


def test_writing_a_spec_changes_no_other_yaml() -> None:
    to_yaml(ClusterSpec(), defaults=True)
    text = io.StringIO()
    YAML().dump({"nothing": None}, text)
    assert text.getvalue() == "nothing:\n"
