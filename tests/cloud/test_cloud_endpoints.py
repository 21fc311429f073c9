from __future__ import annotations

import pytest

from ackgpu.cloud.aliyun.clients import Clients
from ackgpu.cloud.aliyun.credentials import static
from ackgpu.cloud.aliyun.endpoints import Endpoint, Endpoints, Product, is_loopback
from ackgpu.errors import UsageError


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:80", True),
        ("https://127.8.9.1", True),
        ("http://localhost:1", True),
        ("http://[::1]:8080", True),
        ("https://cs.cn-hangzhou.aliyuncs.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_loopback_is_told_by_the_host(url: str, *, loopback: bool) -> None:
    assert is_loopback(url) is loopback


def test_scheme_host_and_port_are_honoured() -> None:
    found = Endpoints.from_environment({"ACKGPU_ENDPOINT_URL": "http://127.0.0.1:8080/"}).of("CS")
    assert found == Endpoint("127.0.0.1:8080", "HTTP")
    found = Endpoints.from_environment({"ACKGPU_ENDPOINT_URL": "https://[::1]:1"}).of("CS")
    assert found == Endpoint("[::1]:1", "HTTPS")


def test_a_products_own_endpoint_wins() -> None:
    env = {"ACKGPU_ENDPOINT_URL": "http://127.0.0.1:1", "ACKGPU_ENDPOINT_ECS": "http://127.0.0.1:2"}
    endpoints = Endpoints.from_environment(env)
    assert endpoints.of("ECS") == Endpoint("127.0.0.1:2", "HTTP")
    assert endpoints.of("VPC") == Endpoint("127.0.0.1:1", "HTTP")


@pytest.mark.parametrize(
    "env",
    [
        {"ACKGPU_ENDPOINT_ECS": "http://127.0.0.1:1"},
        {"ACKGPU_ENDPOINT_URL": "http://localhost:1", "ACKGPU_ENDPOINT_STS": "https://sts.test"},
        {"ACKGPU_ENDPOINT_URL": "https://proxy.test", "ACKGPU_ENDPOINT_CS": "http://[::1]:1"},
    ],
)
def test_a_product_on_loopback_beside_one_that_is_not_is_refused(env: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="on loopback"):
        Endpoints.from_environment(env)


def test_an_account_is_emulated_when_every_product_is_on_loopback() -> None:
    assert Endpoints.at("http://localhost:1").emulated
    products = ("CS", "ECS", "VPC", "SLB", "NLB", "ALB", "QUOTAS", "STS", "BSS", "ESS")
    each = {f"ACKGPU_ENDPOINT_{product}": "http://127.0.0.1:1" for product in products}
    assert Endpoints.from_environment(each).emulated
    assert not Endpoints().emulated


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:80",
        "ftp://127.0.0.1",
        "http://",
        "http://h/path",
        "http://h?x=1",
        "http://u:p@h",
        "http://h:port",
    ],
)
def test_a_malformed_endpoint_is_a_usage_error_that_names_the_variable(url: str) -> None:
    with pytest.raises(UsageError, match="ACKGPU_ENDPOINT_CS"):
        Endpoints.from_environment({"ACKGPU_ENDPOINT_CS": url})


@pytest.mark.parametrize(
    ("product", "region", "host"),
    [
        ("CS", "cn-hangzhou", "cs.cn-hangzhou.aliyuncs.com"),
        ("ECS", "cn-shanghai", "ecs.cn-shanghai.aliyuncs.com"),
        ("VPC", "eu-central-1", "vpc.eu-central-1.aliyuncs.com"),
        ("QUOTAS", "cn-wulanchabu", "quotas.aliyuncs.com"),
        ("STS", "ap-southeast-6", "sts.ap-southeast-6.aliyuncs.com"),
    ],
)
def test_without_overrides_the_sdks_map_holds(product: Product, region: str, host: str) -> None:
    client = Clients(static("k", "s"), Endpoints()).client(product, region)
    assert client._endpoint == host
