"""Tokens of service accounts: their claims, their audiences, their end."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ackgpu.emulator import Emulator
from tests.emulator.kube.api import PODS, Api

SECRETS = "/api/v1/namespaces/default/secrets"


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    return Api(emulator, cluster)


def claims_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = [base64.urlsafe_b64decode(part + "==") for part in token.split(".")[:2]]
    return json.loads(parts[0]), json.loads(parts[1])


def test_a_token_says_for_whom_and_how_long_it_is(
    emulator: Emulator, cluster: str, api: Api
) -> None:
    made = api.create("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "robot"}})
    path = "/api/v1/namespaces/default/serviceaccounts/robot/token"
    asked = {"audiences": ["vault"], "expirationSeconds": 900}
    token = api.create(path, {"spec": asked})["status"]["token"]
    head, claims = claims_of(token)
    assert set(head) == {"alg", "kid"}
    assert (claims["aud"], claims["exp"] - claims["iat"]) == (["vault"], 900)
    assert claims["sub"] == "system:serviceaccount:default:robot"
    account = {"name": "robot", "uid": made["metadata"]["uid"]}
    assert claims["kubernetes.io"] == {"namespace": "default", "serviceaccount": account}
    assert Api(emulator, token=token)("GET", PODS).status == 401, "it is for somebody else"
    reviews = "/apis/authentication.k8s.io/v1/tokenreviews"
    assert "error" in api.create(reviews, {"spec": {"token": token}})["status"]
    spec = {"token": token, "audiences": ["other", "vault"]}
    status = api.create(reviews, {"spec": spec})["status"]
    assert (status["audiences"], status["user"]["uid"]) == (["vault"], account["uid"])


def test_a_token_ends_with_what_it_is_bound_to(emulator: Emulator, cluster: str, api: Api) -> None:
    account = "/api/v1/namespaces/default/serviceaccounts/robot"
    api.create(account.rpartition("/")[0], {"metadata": {"name": "robot"}})
    api.create(SECRETS, {"metadata": {"name": "s"}})
    reference = {"kind": "Secret", "apiVersion": "v1", "name": "s"}
    answers = [api.create(f"{account}/token", {"spec": spec})["status"]["token"]
               for spec in ({"boundObjectRef": reference}, {})]  # fmt: skip
    bound, free = (Api(emulator, token=token) for token in answers)
    assert "secret" in claims_of(answers[0])[1]["kubernetes.io"]
    api("DELETE", f"{SECRETS}/s")
    assert (bound("GET", PODS).status, free("GET", PODS).status) == (401, 403)
    api("DELETE", account)
    assert free("GET", PODS).status == 401
