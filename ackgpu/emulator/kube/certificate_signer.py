"""CertificateSigningRequests: who asks, and what the controller signs once they are approved.

Source: Kubernetes documentation, "Certificates and Certificate Signing Requests". Of the built-in
signers that of API clients signs; a certificate of it opens this cluster with RBAC's rights alone.
"""

from __future__ import annotations

import base64

from ackgpu.emulator.kube.access import CLUSTER_PREFIX, KubeUser
from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.state import ClusterState

CLIENTS = "kubernetes.io/kube-apiserver-client"
CERTIFICATE_TTL = 365 * 86400  # seconds (kube-controller-manager, --cluster-signing-duration)


def name_requestor(obj: Obj, identity: KubeUser) -> None:
    """Write into a new request who makes it; what the client says of itself does not count."""
    spec = obj.setdefault("spec", {})
    spec["username"], spec["groups"] = identity.user, list(identity.groups)


def sign_approved(state: ClusterState, obj: Obj) -> None:
    """Sign a request that is approved and not signed yet; say in a condition why that fails."""
    from ackgpu.emulator.certificates import sign_request

    status = obj.setdefault("status", {})
    rows = status.get("conditions") or []
    now = state.stamp(state.now)
    for row in rows:
        row.setdefault("lastUpdateTime", now)
        row.setdefault("lastTransitionTime", now)
    kinds = {row["type"] for row in rows}
    if obj["spec"].get("signerName") != CLIENTS or "Approved" not in kinds:
        return
    if kinds & {"Failed"} or status.get("certificate"):
        return
    days = int(obj["spec"].get("expirationSeconds") or CERTIFICATE_TTL) / 86400
    request = base64.b64decode(obj["spec"]["request"]).decode("ascii", "replace")
    try:
        made = sign_request(state.session, request, f"{CLUSTER_PREFIX}{state.id}", days)
    except ValueError as error:
        failed = {"type": "Failed", "status": "True", "reason": "SignerValidationFailure"}
        stamps = {"lastUpdateTime": now, "lastTransitionTime": now}
        status["conditions"] = [*rows, {**failed, "message": str(error), **stamps}]
    else:
        status["certificate"] = base64.b64encode(made.encode()).decode()
