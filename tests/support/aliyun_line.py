"""A line of Alibaba Cloud's CLI, carried out on the emulator through the official SDK's core."""

from __future__ import annotations

import shlex
from typing import Any

from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions

from ackgpu.emulator import Emulator

VERSIONS = {"ecs": "2014-05-26", "vpc": "2016-04-28"}


def carry_out(emulator: Emulator, line: str) -> dict[str, Any]:
    """The answer to ``aliyun <product> <Action> --Name value …``; raises what the SDK raises."""
    program, product, action, *words = shlex.split(line)
    assert program == "aliyun"
    flags, values = words[::2], words[1::2]
    assert all(flag.startswith("--") for flag in flags)
    query = {flag[2:]: value for flag, value in zip(flags, values, strict=True)}
    client = Client(
        Config(
            access_key_id=emulator.access_key_id,
            access_key_secret=emulator.access_key_secret,
            endpoint=emulator.endpoint.removeprefix("http://"),
            protocol="http",
            region_id=query.get("RegionId", "cn-hangzhou"),
        )
    )
    call = Params(
        action=action,
        version=VERSIONS[product],
        protocol="HTTP",
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )
    answer = client.call_api(call, OpenApiRequest(query=query), RuntimeOptions())
    body: dict[str, Any] = answer["body"]
    return body
