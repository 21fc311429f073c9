"""Warnings as errors: the SDKs' own deprecations are silent, and nothing else is."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest

from ackgpu.cloud.aliyun.cloud import AliyunCloud
from ackgpu.cloud.aliyun.errors import translate, warning_in
from tests.cloud.scripted_servers import Answer, http

LIST = http("200 OK", '{"PageNumber":1,"PageSize":50,"TotalCount":0,"Vpcs":{"Vpc":[]}}')
SDK_LINE = "alibabacloud_tea_openapi.utils"


def warn(module: str) -> None:
    warnings.warn_explicit("utcnow() is deprecated", DeprecationWarning, "utils.py", 7, module)


def test_a_call_silences_the_sdks_and_nobody_else(
    answering: Answer, cloud_at: Callable[..., AliyunCloud]
) -> None:
    cloud = cloud_at(answering(LIST).url)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DeprecationWarning):
            warn(SDK_LINE)
        assert cloud.network.vpcs() == []
        warn(SDK_LINE)
        for module in ("ackgpu.clock", "alibabacloud", "requests.sessions", "Teapot"):
            with pytest.raises(DeprecationWarning):
                warn(module)


def test_a_warning_within_an_sdks_error_is_no_answer_of_the_cloud() -> None:
    warned = DeprecationWarning("old")
    wrapped = RuntimeError("sending failed")
    wrapped.__cause__ = warned
    assert warning_in(wrapped) is warned
    assert warning_in(RuntimeError("sending failed")) is None
    assert "may have been carried out" in str(translate("CreateVpc", RuntimeError("no JSON")))
