"""Volumes, autoscalers, endpoint slices, metrics, devices, certificates, roles: kind by kind."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ackgpu.clock import ManualClock
from ackgpu.emulator import Emulator
from tests.emulator.kube.api import DEPLOYMENTS, PODS, TABLE, Api, deployment, pod
from tests.emulator.kube.clusters import write_node
from tests.emulator.kube.conftest import Kubectl

CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
SCALERS = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
OLD_SCALERS = SCALERS.replace("v2", "v1")
SERVICES = "/api/v1/namespaces/default/services"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
APISERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
DEVICES = "/apis/resource.k8s.io/v1"
MERGE = "application/merge-patch+json"


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    write_node(emulator, cluster)
    return Api(emulator, cluster)


def claim(name: str = "data", kind: str | None = "alicloud-disk-essd") -> dict[str, Any]:
    spec: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "20Gi"}},
    }
    if kind is not None:
        spec["storageClassName"] = kind
    return {"metadata": {"name": name}, "spec": spec}


def test_a_class_makes_a_volume_for_a_claim_and_takes_it_away(api: Api) -> None:
    api.create(CLAIMS, claim())
    bound = api.get(f"{CLAIMS}/data")
    assert bound["status"] == {
        "phase": "Bound",
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "20Gi"},
    }
    volume = api.get(f"{VOLUMES}/{bound['spec']['volumeName']}")
    assert volume["status"] == {"phase": "Bound"}
    assert volume["spec"]["claimRef"]["uid"] == bound["metadata"]["uid"]
    assert volume["spec"]["csi"]["driver"] == "diskplugin.csi.alibabacloud.com"
    api("DELETE", f"{CLAIMS}/data")
    assert api.get(VOLUMES)["items"] == []


def test_a_class_that_waits_binds_when_a_pod_has_a_node(api: Api, clock: ManualClock) -> None:
    api.create(CLAIMS, claim(kind="alicloud-disk-topology-alltype"))
    assert api.get(f"{CLAIMS}/data")["status"] == {"phase": "Pending"}
    used = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    api.create(PODS, pod("p", "sleep", "infinity", volumes=[used]))
    clock.advance(60)
    api.create(PODS, pod("q"))
    assert api.get(f"{CLAIMS}/data")["status"]["phase"] == "Bound"


def test_a_claim_takes_the_smallest_volume_that_fits(api: Api) -> None:
    for name, size in (("big", "100Gi"), ("fits", "30Gi"), ("small", "10Gi")):
        spec = {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/data"},
        }
        api.create(VOLUMES, {"metadata": {"name": name}, "spec": spec})
    api.create(CLAIMS, claim(kind=""))
    assert api.get(f"{CLAIMS}/data")["spec"]["volumeName"] == "fits"
    api("DELETE", f"{CLAIMS}/data")
    phases = {row["metadata"]["name"]: row["status"]["phase"] for row in api.get(VOLUMES)["items"]}
    assert phases == {"big": "Available", "fits": "Released", "small": "Available"}


def test_what_is_in_use_waits_with_its_deletion(api: Api, clock: ManualClock) -> None:
    api.create(CLAIMS, claim())
    name = api.get(f"{CLAIMS}/data")["spec"]["volumeName"]
    used = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    api.create(PODS, pod("p", "sleep", "infinity", volumes=[used]))
    clock.advance(60)
    api("DELETE", f"{CLAIMS}/data")
    api("DELETE", f"{VOLUMES}/{name}")
    for path in (f"{CLAIMS}/data", f"{VOLUMES}/{name}"):
        left = api.get(path)
        assert left["status"]["phase"] == "Bound"
        assert left["metadata"]["deletionTimestamp"]
        assert api("GET", path, accept=TABLE).body["rows"][0]["cells"].count("Terminating") == 1
    assert left["metadata"]["finalizers"] == ["kubernetes.io/pv-protection"]
    api("DELETE", f"{PODS}/p")
    clock.advance(29)
    assert api.get(f"{CLAIMS}/data")["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    clock.advance(2)
    assert api("GET", f"{CLAIMS}/data").status == 404
    assert api("GET", f"{VOLUMES}/{name}").status == 404


def test_a_finalizer_of_somebody_else_keeps_a_claim(api: Api) -> None:
    body = claim()
    body["metadata"]["finalizers"] = ["example.com/hold", "kubernetes.io/pvc-protection"]
    api.create(CLAIMS, body)
    api("DELETE", f"{CLAIMS}/data")
    assert api.get(f"{CLAIMS}/data")["metadata"]["deletionTimestamp"]
    free = {"metadata": {"finalizers": []}}
    api("PATCH", f"{CLAIMS}/data", free, content_type=MERGE)
    assert api("GET", f"{CLAIMS}/data").status == 404


def test_a_pod_waits_for_its_claims(api: Api, clock: ManualClock) -> None:
    used = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    api.create(PODS, pod("p", "sleep", "infinity", volumes=[used]))
    api.create(PODS, pod("d", resourceClaims=[{"name": "g", "resourceClaimName": "one"}]))
    clock.advance(60)

    def said(name: str) -> str:
        [row] = api.get(f"{PODS}/{name}")["status"]["conditions"]
        return str(row["message"])

    assert said("p") == '0/1 nodes are available: persistentvolumeclaim "data" not found.'
    assert said("d").startswith("0/1 nodes are available: 1 cannot allocate all claims.")
    api.create(CLAIMS, claim(kind="none"))
    assert "pod has unbound immediate PersistentVolumeClaims" in said("p")
    api("DELETE", f"{CLAIMS}/data")
    api.create(CLAIMS, claim())
    clock.advance(60)
    assert api.get(f"{PODS}/p")["status"]["phase"] == "Running"


def test_a_claim_without_a_class_gets_the_default_one(api: Api) -> None:
    assert "storageClassName" not in api.create(CLAIMS, claim("none", None))["spec"]
    usual = {"storageclass.kubernetes.io/is-default-class": "true"}
    change = {"metadata": {"annotations": usual}}
    api("PATCH", f"{CLASSES}/alicloud-disk-essd", change, content_type=MERGE)
    made = api.create(CLAIMS, claim("usual", None))
    assert made["spec"]["storageClassName"] == "alicloud-disk-essd"


def scaler(**bounds: int) -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {"metadata": {"name": "web"}, "spec": {"scaleTargetRef": target, **bounds}}


def conditions(obj: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {row["type"]: (row["status"], row["reason"]) for row in obj["status"]["conditions"]}


def test_an_autoscaler_holds_its_bounds_and_says_what_it_sees(api: Api) -> None:
    api.create(DEPLOYMENTS, deployment("web", limits={"cpu": "2m"}))
    api.create(SCALERS, scaler(minReplicas=2, maxReplicas=3))
    assert api.get(f"{DEPLOYMENTS}/web")["spec"]["replicas"] == 2
    api("PATCH", f"{DEPLOYMENTS}/web", {"spec": {"replicas": 9}}, content_type=MERGE)
    assert api.get(f"{DEPLOYMENTS}/web")["spec"]["replicas"] == 3
    shown = api.get(f"{SCALERS}/web")
    assert conditions(shown) == {
        "AbleToScale": ("True", "ReadyForNewScale"),
        "ScalingActive": ("True", "ValidMetricFound"),
        "ScalingLimited": ("False", "DesiredWithinRange"),
    }
    current = shown["status"]["currentMetrics"][0]["resource"]["current"]
    assert current == {"averageUtilization": 50, "averageValue": "1m"}
    assert shown["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 80


def test_an_autoscaler_says_what_it_lacks(api: Api) -> None:
    api.create(SCALERS, scaler(maxReplicas=3))
    assert conditions(api.get(f"{SCALERS}/web")) == {"AbleToScale": ("False", "FailedGetScale")}
    api.create(DEPLOYMENTS, deployment("web"))
    assert conditions(api.get(f"{SCALERS}/web"))["ScalingActive"] == (
        "False",
        "FailedGetResourceMetric",
    )


def test_an_autoscaler_has_two_versions(api: Api) -> None:
    made = api.create(OLD_SCALERS, scaler(maxReplicas=3, targetCPUUtilizationPercentage=60))
    assert made["apiVersion"] == "autoscaling/v1"
    assert made["spec"]["targetCPUUtilizationPercentage"] == 60
    new = api.get(f"{SCALERS}/web")
    assert new["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 60
    change = {"spec": {"targetCPUUtilizationPercentage": 70}}
    api("PATCH", f"{OLD_SCALERS}/web", change, content_type=MERGE)
    new = api.get(f"{SCALERS}/web")
    assert new["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 70
    [listed] = api.get(OLD_SCALERS)["items"]
    assert listed["spec"]["targetCPUUtilizationPercentage"] == 70


def test_slices_hold_the_pods_of_a_service(api: Api, clock: ManualClock) -> None:
    api.create(DEPLOYMENTS, deployment("web", 2))
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    spec = {"selector": {"app": "web"}, "ports": ports}
    api.create(SERVICES, {"metadata": {"name": "web"}, "spec": spec})
    [found] = api.get(SLICES)["items"]
    assert found["endpoints"] == []
    clock.advance(60)
    [found] = api.get(SLICES)["items"]
    assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    assert found["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    addresses = {row["addresses"][0] for row in found["endpoints"]}
    running = api.get(PODS)["items"]
    assert addresses == {row["status"]["podIP"] for row in running}


def test_the_old_endpoints_warn(api: Api) -> None:
    answer = api("GET", "/api/v1/endpoints")
    assert "v1 Endpoints is deprecated in v1.33+" in answer.headers["warning"]


def test_metrics_wait_for_their_server(api: Api, clock: ManualClock) -> None:
    assert api("GET", "/apis/metrics.k8s.io/v1beta1/nodes").status == 503
    clock.advance(120)
    [node] = api.get("/apis/metrics.k8s.io/v1beta1/nodes")["items"]
    assert node["usage"]["cpu"].endswith("n")
    api.create(PODS, pod("p", "sleep", "infinity", limits={"cpu": "2", "memory": "1Gi"}))
    clock.advance(60)
    [found] = api.get("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods")["items"]
    assert found["containers"] == [
        {"name": "c", "usage": {"cpu": "1000000000n", "memory": "524288Ki"}}
    ]


def test_kubectl_top(kubectl: Kubectl) -> None:
    kubectl("wait", "--for=condition=Ready", "pods", "-l", "k8s-app=metrics-server", "-n",
            "kube-system", "--timeout=50s")  # fmt: skip
    assert kubectl("top", "nodes").split()[:3] == ["NAME", "CPU(cores)", "CPU(%)"]
    assert "coredns" in kubectl("top", "pods", "-n", "kube-system")


def test_devices_are_claimed_and_stay_pending_without_a_driver(api: Api) -> None:
    api.create(f"{DEVICES}/deviceclasses", {"metadata": {"name": "gpu"}, "spec": {}})
    request = {"name": "one", "exactly": {"deviceClassName": "gpu"}}
    body = {"metadata": {"name": "c"}, "spec": {"devices": {"requests": [request]}}}
    made = api.create(f"{DEVICES}/namespaces/default/resourceclaims", body)
    exactly = made["spec"]["devices"]["requests"][0]["exactly"]
    assert exactly == {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1}
    assert "status" not in made
    assert api.get(f"{DEVICES}/resourceslices")["items"] == []


def signing_request(name: str) -> tuple[dict[str, Any], ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    text = base64.b64encode(asked.public_bytes(serialization.Encoding.PEM)).decode()
    spec = {
        "request": text,
        "signerName": "kubernetes.io/kube-apiserver-client",
        "usages": ["client auth"],
        "username": "somebody else",
    }
    return {"metadata": {"name": name}, "spec": spec}, key


def test_an_approved_request_is_signed_for_rbac_alone(
    emulator: Emulator, cluster: str, api: Api, tmp_path: Any
) -> None:
    body, key = signing_request("jane")
    made = api.create(REQUESTS, body)
    assert made["spec"]["username"] == "2012345678-1"
    approved = {"type": "Approved", "status": "True", "reason": "Test"}
    change = {"status": {"conditions": [approved]}}
    path = f"{REQUESTS}/jane/approval"
    signed = api("PATCH", path, change, content_type=MERGE).body["status"]["certificate"]
    chain = tmp_path / "chain.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain.write_bytes(base64.b64decode(signed) + private)
    jane = Api(emulator, "")
    jane._context.load_cert_chain(chain)
    refused = jane("GET", PODS)
    assert refused.status == 403
    assert 'User "jane" cannot list resource "pods"' in refused.body["message"]
    subject = {"kind": "User", "name": "jane"}
    role = {"kind": "ClusterRole", "name": "view"}
    api.create(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
        {"metadata": {"name": "b"}, "roleRef": role, "subjects": [subject]},
    )
    assert jane("GET", PODS).status == 200
    assert jane("GET", "/api/v1/namespaces/default/secrets").status == 403


def test_access_is_reviewed_for_others(api: Api) -> None:
    asked = {"verb": "get", "resource": "pods", "namespace": "default"}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    body = {"spec": {"user": "bob", "resourceAttributes": asked}}
    assert api.create(path, body)["status"] == {"allowed": False}
    body["spec"]["groups"] = ["system:masters"]
    assert api.create(path, body)["status"] == {"allowed": True}
    path = "/apis/authentication.k8s.io/v1/tokenreviews"
    shown = api.create(path, {"spec": {"token": "nonsense"}})["status"]
    assert shown == {"user": {}, "error": "invalid bearer token"}


def test_what_every_cluster_has_is_listed_and_can_be_changed(api: Api) -> None:
    names = [row["metadata"]["name"] for row in api.get(CLASSES)["items"]]
    assert names[0] == "alicloud-disk-efficiency"
    roles = api.get("/apis/rbac.authorization.k8s.io/v1/clusterroles")["items"]
    assert {"admin", "cluster-admin", "edit", "view"} <= {r["metadata"]["name"] for r in roles}
    assert api("DELETE", f"{CLASSES}/alicloud-disk-ssd").status == 200
    assert api("GET", f"{CLASSES}/alicloud-disk-ssd").status == 404


def test_an_event_has_other_names_in_its_own_group(api: Api) -> None:
    regarding = {"apiVersion": "v1", "kind": "Pod", "name": "p", "namespace": "default"}
    body = {
        "metadata": {"name": "e"}, "regarding": regarding, "note": "seen", "reason": "Seen",
        "eventTime": "2026-12-01T10:00:00.000000Z", "reportingController": "example.com/c",
        "reportingInstance": "c-1", "action": "Look", "type": "Normal",
    }  # fmt: skip
    made = api.create("/apis/events.k8s.io/v1/namespaces/default/events", body)
    assert (made["apiVersion"], made["note"]) == ("events.k8s.io/v1", "seen")
    core = api.get("/api/v1/namespaces/default/events/e")
    assert (core["message"], core["involvedObject"]) == ("seen", regarding)
    change = {"note": "seen again"}
    path = "/apis/events.k8s.io/v1/namespaces/default/events/e"
    api("PATCH", path, change, content_type=MERGE)
    assert api.get(path)["note"] == "seen again"
    assert api.get("/apis/events.k8s.io/v1/events")["items"][-1]["regarding"] == regarding


def test_addresses_nodes_and_groups_have_their_companions(api: Api, clock: ManualClock) -> None:
    service = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    address = api.create(SERVICES, service)["spec"]["clusterIP"]
    found = api.get(f"/apis/networking.k8s.io/v1/ipaddresses/{address}")
    assert found["spec"]["parentRef"]["name"] == "s"
    api("DELETE", f"{SERVICES}/s")
    assert api("GET", f"/apis/networking.k8s.io/v1/ipaddresses/{address}").status == 404
    clock.advance(300)
    [node] = api.get("/api/v1/nodes")["items"]
    path = f"/apis/storage.k8s.io/v1/csinodes/{node['metadata']['name']}"
    [driver] = api.get(path)["spec"]["drivers"]
    assert driver["name"] == "diskplugin.csi.alibabacloud.com"
    groups = api.get("/apis")["groups"]
    listed = {f"{v['version']}.{g['name']}" for g in groups for v in g["versions"]}
    names = {row["metadata"]["name"] for row in api.get(APISERVICES)["items"]}
    assert names == (listed - {"v1.apiregistration.k8s.io"}) | {"v1."}


def test_what_nothing_would_enforce_is_refused(api: Api) -> None:
    root = "/apis/admissionregistration.k8s.io/v1"
    policy = {"metadata": {"name": "p"}, "spec": {"validations": [{"expression": "false"}]}}
    made = api.create(f"{root}/validatingadmissionpolicies", policy)
    assert made["spec"]["failurePolicy"] == "Fail"
    binding = {
        "metadata": {"name": "b"},
        "spec": {"policyName": "p", "validationActions": ["Deny"]},
    }
    assert api("POST", f"{root}/validatingadmissionpolicybindings", binding).status == 405
    target = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
    assert api("POST", "/api/v1/namespaces/default/bindings", target).status == 405


def test_endpoints_of_a_service_without_a_selector_are_the_clients_own(api: Api) -> None:
    subsets = [{"addresses": [{"ip": "10.0.0.9"}], "ports": [{"port": 80}]}]
    api.create(
        "/api/v1/namespaces/default/endpoints", {"metadata": {"name": "x"}, "subsets": subsets}
    )
    path = "/api/v1/namespaces/default/endpoints/x"
    assert api.get(path)["subsets"][0]["addresses"] == [{"ip": "10.0.0.9"}]
    row = {
        "metadata": {"name": "x-1"},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.9"]}],
    }
    api.create(SLICES, row)
    assert api.get(f"{SLICES}/x-1")["endpoints"][0]["addresses"] == ["10.0.0.9"]
