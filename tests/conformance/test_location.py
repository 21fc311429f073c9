"""The old SDK asks the Location service where a product is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.endpoint.location.DescribeEndpointsRequest import DescribeEndpointsRequest
from aliyunsdkcore.endpoint.location_service_endpoint_resolver import (
    LocationServiceEndpointResolver,
)
from aliyunsdkcore.endpoint.resolver_endpoint_request import ResolveEndpointRequest

from tests.conformance.life import REGION

Resolve = Callable[[str, str], str | None]


@pytest.fixture
def client(keys: dict[str, str], authority: Path) -> Iterator[AcsClient]:
    key = (keys["access_key_id"], keys["access_key_secret"])
    found = AcsClient(*key, region_id=REGION, verify=str(authority))
    yield found
    found.session.close()


@pytest.fixture
def resolve(client: AcsClient, host: str) -> Resolve:
    """The host of a product in a region, as the SDK finds it."""

    def found(product: str, region: str) -> str | None:
        resolver = LocationServiceEndpointResolver(client)
        resolver.set_location_service_endpoint(host)
        return resolver.resolve(ResolveEndpointRequest(region, product, product, "openAPI"))

    return found


@pytest.mark.parametrize(
    ("product", "region", "expected"),
    [
        ("ecs", REGION, f"ecs.{REGION}.aliyuncs.com"),
        ("vpc", "ap-southeast-1", "vpc.ap-southeast-1.aliyuncs.com"),
        ("slb", REGION, "slb.aliyuncs.com"),
        ("slb", "cn-beijing", "slb.cn-beijing.aliyuncs.com"),
        ("ram", REGION, "ram.aliyuncs.com"),
        ("ess", REGION, "ess.aliyuncs.com"),
        ("ess", "ap-southeast-1", "ess.ap-southeast-1.aliyuncs.com"),
        ("rds", REGION, None),
        ("ecs", "cn-nowhere", None),
    ],
)
def test_a_product_has_its_host_where_it_is_emulated(
    resolve: Resolve, product: str, region: str, expected: str | None
) -> None:
    assert resolve(product, region) == expected


def test_a_region_that_there_is_not_is_told(client: AcsClient, host: str) -> None:
    request = DescribeEndpointsRequest()
    request.set_Id("cn-nowhere")
    request.set_ServiceCode("ecs")
    request.set_accept_format("json")
    request.endpoint = host
    with pytest.raises(ServerException) as caught:
        client.do_action_with_exception(request)
    assert caught.value.get_error_code() == "InvalidRegionId"
