"""What is answered in place of a list is not taken for an empty one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ackgpu import errors
from tests.cloud.scripted_servers import Answer, http
from tests.cloud.test_kube_client import GONE, client, page

OTHERS: dict[str, Any] = {
    "an empty object": {},
    "a Status": {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 500},
    "another list": {"kind": "ServiceList", "apiVersion": "v1", "metadata": {}, "items": []},
    "nothing": None,
    "an array": [],
    "rows that are none": {"kind": "PodList", "metadata": {}, "items": [None]},
    "a row without metadata": {"kind": "PodList", "metadata": {}, "items": [{"spec": {}}]},
}


@pytest.mark.parametrize("body", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("kind", ["nodes", "pods"])
def test_what_is_no_such_list_is_no_empty_list(answering: Answer, kind: str, body: Any) -> None:
    api = client(answering(http("200 OK", json.dumps(body))).url)
    with pytest.raises(errors.CloudError, match="is not the Kubernetes API") as caught:
        api.nodes() if kind == "nodes" else api.pods_on("a")
    assert "Error" not in caught.value.message
    assert "'" not in caught.value.message, "Python's words are not for people"


def test_pages_that_overlap_count_no_node_twice(answering: Answer) -> None:
    server = answering(page("a", "b", "a", token="x"), page("b", "c"))
    assert [row.name for row in client(server.url).nodes()] == ["a", "b", "c"]


def test_half_a_list_that_was_to_come_in_one_piece_is_an_error(answering: Answer) -> None:
    server = answering(*[page("a", token="x"), GONE] * 3, page("a", token="x"))
    with pytest.raises(errors.CloudError, match="has no end"):
        client(server.url).nodes()
