"""Whose kubeconfigs a cluster has.

Kubeconfigs are not written down when they are read, so that a RAM user's certificate is of unknown
age; the account's own is counted from the cluster's creation.
"""

from __future__ import annotations

from typing import Any

from ackgpu.emulator.cs import PRODUCT
from ackgpu.emulator.cs.kubeconfig import DAY_SECONDS, LONG_LIVED_DAYS
from ackgpu.emulator.cs.lookup import cluster_of
from ackgpu.emulator.cs.pages import paged
from ackgpu.emulator.cs.permissions import KIND, is_in
from ackgpu.emulator.operation import Call
from ackgpu.emulator.shared.fields import stamp
from ackgpu.emulator.store import Doc


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
