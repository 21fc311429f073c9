"""Whatever the cloud answers and whatever a kubeconfig holds, the errors are ackgpu's own."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ackgpu.clock import ManualClock
from ackgpu.cloud.aliyun.errors import from_body, refuse_hidden_error
from ackgpu.cloud.aliyun.rows import instant, number
from ackgpu.cloud.kube.client import connect
from ackgpu.cloud.kube.exec_credential import resolve
from ackgpu.cloud.kube.kubeconfig import UserKubeconfig
from ackgpu.errors import AckGpuError

ANSWER = json.dumps(
    {
        "clusters": [{"name": "k", "cluster": {"server": "https://s"}}],
        "contexts": [{"name": "x", "context": {"cluster": "k", "user": "u"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
)
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("demo")
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
KEYS = ["name", "context", "cluster", "user", "extensions", "extension", "exec", "server"]
row = st.dictionaries(st.sampled_from(KEYS), anything, max_size=5) | anything
section = st.lists(row, max_size=3) | anything
kubeconfigs = st.dictionaries(
    st.sampled_from(["contexts", "clusters", "users", "current-context", "kind"]), section
)
bodies = st.dictionaries(
    st.sampled_from(
        ["Code", "code", "Message", "message", "data", "AccessDeniedDetail", "RequestId"]
    ),
    anything,
)


@pytest.mark.long
@settings(deadline=None, max_examples=60)
@given(kubeconfigs)
def test_any_kubeconfig_is_changed_or_refused(content: Any) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "config"
        path.write_text(json.dumps(content))
        file = UserKubeconfig([path], ManualClock())
        try:
            file.merge(ANSWER, context="demo", cluster_id="c1", set_current=False)
        except AckGpuError:
            assert json.loads(path.read_text()) == content
        else:
            entry = file.entry("demo")
            assert entry is not None
            assert entry.cluster_id == "c1"
            file.remove("demo")
            assert file.entry("demo") is None


@pytest.mark.long
@settings(deadline=None, max_examples=60)
@given(kubeconfigs)
def test_any_kubeconfig_connects_or_is_refused(content: Any) -> None:
    with contextlib.suppress(AckGpuError):
        connect(json.dumps(content), context="demo", clock=ManualClock())


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(st.sampled_from(["command", "args", "env", "apiVersion"]), anything))
def test_any_plugin_is_refused_before_it_is_run_or_runs(plugin: Any) -> None:
    with contextlib.suppress(AckGpuError):
        resolve({"exec": plugin}, {})


@pytest.mark.long
@given(bodies)
def test_any_body_is_an_error_with_a_message(body: Any) -> None:
    error = from_body("CreateVpc", body, status=400)
    assert error.message.startswith("CreateVpc was refused: ")
    assert "\n" not in error.message
    assert error.resolution
    with contextlib.suppress(AckGpuError):
        refuse_hidden_error("CreateVpc", {"body": body})


@given(st.text(max_size=40))
def test_any_text_is_an_instant_or_none(text: str) -> None:
    found = instant(text)
    assert found is None or found.tzinfo is not None
    assert isinstance(number(text), int)
