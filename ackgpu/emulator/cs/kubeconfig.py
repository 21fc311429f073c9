"""Kubeconfigs: a client certificate for the cluster, as YAML text; and whose kubeconfigs it has.

Whatever address is asked for, the server is the emulator's own on loopback, so that nobody ever
contacts a private address of the real world. The certificate's organisations are
``system:users`` and ``ack:cluster:<cluster id>``, by which the Kubernetes side knows the cluster;
its common name is ``<account>-<generation>``: a revocation begins a new generation.

Kubeconfigs are not written down when they are read, so that a RAM user's certificate is of unknown
age; the account's own is counted from the cluster's creation.
"""

from __future__ import annotations

import base64
from typing import Any

from ackgpu.emulator.cs import PRODUCT
from ackgpu.emulator.cs.faults import fault
from ackgpu.emulator.cs.lookup import cluster_of
from ackgpu.emulator.cs.pages import paged
from ackgpu.emulator.cs.permissions import KIND, is_in
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc

LONG_LIVED_DAYS = 3 * 365
MINUTES = (15, 4320)
DAY_MINUTES = 24 * 60
DAY_SECONDS = 24 * 3600
UNUSABLE = {"initial", "failed", "deleting"}

TEMPLATE = """
apiVersion: v1
clusters:
- cluster:
    server: {server}
    certificate-authority-data: {authority}
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: "{user}"
  name: {user}-{cluster}
current-context: {user}-{cluster}
kind: Config
preferences: {{}}
users:
- name: "{user}"
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
"""


@PRODUCT.operation("DescribeClusterUserKubeconfig", "GET /k8s/{cluster_id}/user_config")
def describe_cluster_user_kubeconfig(call: Call) -> dict[str, Any]:
    """The caller's kubeconfig, once the cluster is past its creation.

    ``TemporaryDurationMinutes`` (15 to 4320) limits its life; three years without (observed). The
    code for a cluster that is not there yet is unconfirmed.
    """
    config, days = _issue(call, call.caller.account_id)
    return {"config": config, "expiration": _expiration(call, days)}


@PRODUCT.operation(
    "DescribeSubaccountK8sClusterUserConfig", "GET /k8s/{cluster_id}/users/{uid}/user_config"
)
def describe_subaccount_k8s_cluster_user_config(call: Call) -> dict[str, Any]:
    """The kubeconfig of another user of the account, by id."""
    config, days = _issue(call, call.path["uid"])
    return {"config": config, "expiration": _expiration(call, days)}


@PRODUCT.operation("DescribeClusterV2UserKubeconfig", "GET /api/v2/k8s/{cluster_id}/user_config")
def describe_cluster_v2_user_kubeconfig(call: Call) -> dict[str, Any]:
    """The older form: without an expiration."""
    return {"config": _issue(call, call.caller.account_id)[0]}


def _issue(call: Call, user: str) -> tuple[str, float]:
    """A kubeconfig for ``user``, and its life in days."""
    cluster = cluster_of(call)
    state = call.state(cluster)
    if state in UNUSABLE:
        raise ApiError(
            "ErrorClusterState", f"the kubeconfig is not available while cluster state is {state}"
        )
    call.params.boolean("PrivateIpAddress")
    days = float(LONG_LIVED_DAYS)
    if call.params.text("TemporaryDurationMinutes"):
        minutes = call.params.integer(
            "TemporaryDurationMinutes", MINUTES[0], low=MINUTES[0], high=MINUTES[1]
        )
        days = minutes / DAY_MINUTES
        short = fault(call, "short_certificates", cluster=cluster.name)
        if short is not None:
            days = short["seconds"] / DAY_SECONDS
    return _config(call, cluster, user, days), days


@PRODUCT.operation(
    "RevokeK8sClusterKubeConfig", "DELETE /k8s/{cluster_id}/certs", request_id_key=""
)
def revoke_k8s_cluster_kube_config(call: Call) -> dict[str, Any]:
    """Make every certificate of the cluster worthless."""
    cluster = cluster_of(call)
    cluster.body["certificate_generation"] += 1
    call.docs.put(cluster)
    return {}


def _config(call: Call, cluster: Doc, user: str, days: float) -> str:
    from ackgpu.emulator.certificates import authority_pem, client_certificate

    certificate, key = client_certificate(
        call.docs,
        f"{user}-{cluster.body['certificate_generation']}",
        ["system:users", f"ack:cluster:{cluster.id}"],
        days,
    )
    return TEMPLATE.format(
        server=call.kube_endpoint,
        authority=_encoded(authority_pem(call.docs)),
        user=user,
        cluster=cluster.id,
        certificate=_encoded(certificate),
        key=_encoded(key),
    )


def _expiration(call: Call, days: float) -> str:
    """Real days: a certificate's life is told by real clocks."""
    return stamp(call, call.now + days * DAY_SECONDS * call.timeline.speed)


def _encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()


@PRODUCT.operation("ListClusterKubeconfigStates", "GET /clusters/{cluster_id}/kubeconfig/states")
def list_cluster_kubeconfig_states(call: Call) -> dict[str, Any]:
    """The account's own kubeconfig, then those of the users with permissions in the cluster."""
    call.params.boolean("cloudServiceKubeConfig")
    cluster = cluster_of(call)
    users = [
        doc
        for doc in call.docs.find(KIND, at=call.now)
        if any(is_in(row, cluster.id) for row in doc.body["rows"])
    ]
    states = [_root(call, cluster), *(_user(call, doc) for doc in users)]
    page, info = paged(call, states, default=10, camel=True)
    return {"page": info, "states": page}


def _root(call: Call, cluster: Doc) -> dict[str, Any]:
    end = cluster.created_at + LONG_LIVED_DAYS * DAY_SECONDS
    return {
        "account_display_name": "root",
        "account_id": call.caller.account_id,
        "account_name": "root",
        "account_state": "Active",
        "account_type": "RootAccount",
        "cert_expire_time": stamp(call, end),
        "cert_state": "Unexpired" if call.now < end else "Expired",
        "revokable": True,
    }


def _user(call: Call, permitted: Doc) -> dict[str, Any]:
    found = [doc for doc in call.docs.find("ramuser") if doc.body["UserId"] == permitted.id]
    user = found[-1] if found else None
    lives = user is not None and user.alive(call.now)
    return {
        "account_display_name": (user.body["DisplayName"] or user.id) if user else "",
        "account_id": permitted.id,
        "account_name": user.id if user else "",
        "account_state": "Active" if lives else "Deleted",
        "account_type": "RamUser",
        "cert_expire_time": "",
        "cert_state": "Unknown",
        "revokable": True,
    }
