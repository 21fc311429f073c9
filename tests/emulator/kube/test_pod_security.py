"""Every check of the Pod Security Standards, in the words of the real server."""

from __future__ import annotations

from typing import Any

import pytest

from ackgpu.emulator import Emulator
from tests.emulator.kube.api import Api, pod

PODS = "/api/v1/namespaces/n/pods"
SAFE = {
    "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}  # fmt: skip
SECCOMP = 'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'


@pytest.fixture
def api(emulator: Emulator, cluster: str) -> Api:
    return Api(emulator, cluster)


def verdict(
    api: Api, level: str, container: dict[str, Any], spec: dict[str, Any] | None = None
) -> str:
    """What stands against a pod under that level; empty where it is taken."""
    labels = {"pod-security.kubernetes.io/enforce": level}
    api.create("/api/v1/namespaces", {"metadata": {"name": "n", "labels": labels}})
    body = pod("p", **(spec or {}))
    body["spec"]["containers"][0].update(container)
    answer = api("POST", PODS, body)
    if answer.status == 201:
        return ""
    head = f'pods "p" is forbidden: violates PodSecurity "{level}:latest": '
    assert answer.status == 403
    assert answer.body["message"].startswith(head)
    message: str = answer.body["message"].removeprefix(head)
    return message


@pytest.mark.parametrize(
    ("container", "spec", "said"),
    [
        ({"securityContext": {"procMount": "Unmasked"}}, {},
         'procMount (container "c" must not set securityContext.procMount to "Unmasked")'),
        ({"securityContext": {"procMount": "Default"}}, {}, ""),
        ({"securityContext": {"procMount": "Unmasked"}}, {"hostUsers": False}, ""),
        ({"securityContext": {"seccompProfile": {"type": "Unconfined"}}}, {},
         ('seccompProfile (container "c" must not set securityContext.seccompProfile.type to'
         ' "Unconfined")')),
        ({}, {"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
         'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")'),
        ({"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
         {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
         ('forbidden AppArmor profile (pod and container "c" must not set AppArmor profile type to'
         ' "Unconfined")')),
        ({}, {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"},
                                              {"name": "net.ipv4.tcp_rmem", "value": "1"}]}},
         "forbidden sysctls (kernel.msgmax)"),
        ({"securityContext": {"windowsOptions": {"hostProcess": True}}}, {},
         ('hostProcess (container "c" must not set'
         " securityContext.windowsOptions.hostProcess=true)")),
        ({"securityContext": {"seLinuxOptions": {"type": "spc_t", "user": "u"}}}, {},
         ('seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type'
         ' "spc_t"; user may not be set)')),
        ({"livenessProbe": {"httpGet": {"host": "h", "port": 1}}}, {},
         'probe or lifecycle host (container "c" uses probe or lifecycle host "h")'),
        ({"ports": [{"containerPort": 1, "hostPort": 1}, {"containerPort": 2, "hostPort": 2}]}, {},
         'hostPort (container "c" uses hostPorts 1, 2)'),
        ({}, {"volumes": [{"name": "a", "hostPath": {"path": "/"}},
                          {"name": "b", "hostPath": {"path": "/"}}]},
         'hostPath volumes (volumes "a", "b")'),
        ({"securityContext": {"capabilities": {"add": ["CHOWN", "SYS_ADMIN", "BPF"]}}}, {},
         ('non-default capabilities (container "c" must not include "BPF", "SYS_ADMIN" in'
         " securityContext.capabilities.add)")),
    ],
)  # fmt: skip
def test_baseline(api: Api, container: dict[str, Any], spec: dict[str, Any], said: str) -> None:
    assert verdict(api, "baseline", container, spec) == said


@pytest.mark.parametrize(
    ("security", "spec", "said"),
    [
        ({}, {}, ""),
        ({"runAsNonRoot": False}, {},
         'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false)'),
        ({"runAsNonRoot": None}, {"securityContext": {"runAsNonRoot": True}}, ""),
        ({"runAsNonRoot": None}, {"hostUsers": False}, ""),
        ({"runAsUser": 0}, {"securityContext": {"runAsUser": 0}},
         'runAsUser=0 (pod and container "c" must not set runAsUser=0)'),
        ({"seccompProfile": {"type": "Unconfined"}}, {},
         ('seccompProfile (container "c" must not set securityContext.seccompProfile.type to'
         ' "Unconfined")')),
        ({"seccompProfile": None}, {},
         f'seccompProfile (pod or container "c" must set {SECCOMP})'),
        ({"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}, {}, ""),
        ({"capabilities": {"add": ["CHOWN"]}}, {},
         ('unrestricted capabilities (container "c" must set'
         ' securityContext.capabilities.drop=["ALL"]; container "c" must not include "CHOWN" in'
         " securityContext.capabilities.add)")),
        ({"allowPrivilegeEscalation": None, "capabilities": None, "seccompProfile": None},
         {"os": {"name": "windows"}}, ""),
        ({}, {"volumes": [{"name": "a", "hostPath": {"path": "/"}},
                          {"name": "b", "nfs": {"server": "s", "path": "/"}}]},
         ('hostPath volumes (volume "a"), restricted volume types (volumes "a", "b" use restricted'
         ' volume types "hostPath", "nfs")')),
    ],
)  # fmt: skip
def test_restricted(api: Api, security: dict[str, Any], spec: dict[str, Any], said: str) -> None:
    assert verdict(api, "restricted", {"securityContext": {**SAFE, **security}}, spec) == said
