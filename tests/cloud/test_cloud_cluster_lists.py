"""Clusters are listed region by region; the old list is asked only if nothing else is served."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ackgpu import errors
from ackgpu.cloud.aliyun.cloud import AliyunCloud
from ackgpu.spec.fields import sent
from tests.cloud.scripted_servers import Answer, http

UNKNOWN = http(
    "404 Not Found",
    '{"Code":"InvalidAction.NotFound","Message":"Specified api is not found.","RequestId":"R"}',
)
GONE = http("404 Not Found", '{"code":"ErrorClusterNotFound","message":"cluster not found"}')


def listed(*clusters: dict[str, Any]) -> bytes:
    page = {"page_number": 1, "page_size": 50, "total_count": len(clusters)}
    return http("200 OK", json.dumps({"clusters": clusters, "page_info": page}))


def detail(**fields: Any) -> bytes:
    return http("200 OK", json.dumps({**ROW, **fields}))


ROW = {"cluster_id": "c1", "name": "demo", "region_id": "cn-hangzhou", "state": "running"}
ELSEWHERE = {**ROW, "cluster_id": "c2", "region_id": "cn-beijing"}
Cloud = Callable[[str], AliyunCloud]


def paths(requests: list[str]) -> list[str]:
    return [request.split(" ", 2)[1].partition("?")[0] for request in requests]


def test_a_named_cluster_is_found_in_its_region_and_read_in_full(
    answering: Answer, cloud_at: Cloud
) -> None:
    endpoint = '{"api_server_endpoint":"https://8.8.8.8:6443"}'
    similar = {**ROW, "cluster_id": "c3", "name": "demo2"}
    server = answering(listed(ROW, similar), detail(master_url=endpoint))
    (found,) = cloud_at(server.url).containers.clusters(name="demo")
    assert found.public_endpoint == "https://8.8.8.8:6443"
    assert paths(server.requests) == ["/regions/cn-hangzhou/clusters", "/clusters/c1"]


def test_a_cluster_whose_detail_is_not_there_yet_is_the_row_of_the_list(
    answering: Answer, cloud_at: Cloud
) -> None:
    (found,) = cloud_at(answering(listed(ROW), GONE).url).containers.clusters(name="demo")
    assert (found.id, found.public_endpoint) == ("c1", "")


def test_all_clusters_of_a_region_take_one_call(answering: Answer, cloud_at: Cloud) -> None:
    server = answering(listed(ROW))
    assert len(cloud_at(server.url).containers.clusters()) == 1
    assert len(server.requests) == 1


def test_an_endpoint_without_the_new_list_is_asked_for_the_old_one_without_its_filter(
    answering: Answer, cloud_at: Cloud
) -> None:
    server = answering(UNKNOWN, listed(ROW, ELSEWHERE))
    cloud = cloud_at(server.url)
    assert [c.id for c in cloud.containers.clusters()] == ["c1"]
    assert "region" not in server.requests[1].split(" ", 2)[1]
    assert [c.id for c in cloud.in_region("cn-beijing").containers.clusters()] == ["c2"]
    new, old = "/regions/cn-hangzhou/clusters", "/api/v1/clusters"
    assert paths(server.requests) == [new, old, old]


def test_a_refusal_of_the_new_list_is_no_reason_to_ask_for_the_old_one(
    answering: Answer, cloud_at: Cloud
) -> None:
    denied = http("403 Forbidden", '{"code":"StatusForbidden","message":"RAM policy Forbidden"}')
    server = answering(denied)
    with pytest.raises(errors.AccessDenied):
        cloud_at(server.url).containers.clusters()
    assert len(server.requests) == 1


def test_where_neither_list_is_served_nothing_is_said_of_endpoints(
    answering: Answer, cloud_at: Cloud
) -> None:
    with pytest.raises(errors.CloudError) as caught:
        cloud_at(answering(UNKNOWN).url).containers.clusters()
    assert "ACKGPU_ENDPOINT_URL" not in str(caught.value.resolution)
    assert "newer ackgpu" in str(caught.value.resolution)


DROPPED = {
    "docker_version": "1",
    "external_loadbalancer_id": "lb-1",
    "network_mode": "vpc",
    "parameters": {"Eip": "True"},
    "private_zone": True,
    "subnet_cidr": "10.0.0.0/8",
    "vswitch_id": "vsw-1",
    "zone_id": "cn-hangzhou-k",
}


def test_no_field_that_ack_drops_is_read(answering: Answer, cloud_at: Cloud) -> None:
    with_them = cloud_at(answering(detail(**DROPPED)).url).containers.cluster("c1")
    without = cloud_at(answering(detail()).url).containers.cluster("c1")
    assert replace(with_them, settings={}) == replace(without, settings={})
    assert not DROPPED.keys() & {field.api for field in sent(pool=False)}, "a row reads one"
