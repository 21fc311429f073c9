"""Which node images and runtimes a Kubernetes version runs, and which image ACK takes by itself.

Facts of ACK's release notes and of its page on OS images (2026-10): the kubelet refuses cgroup v1
from 1.35 on, plain Alibaba Cloud Linux 3 boots with it, and its container-optimized edition is the
default from 1.34 on. Alibaba Cloud Linux 2 and CentOS end before 1.30, containerd 1.x before 1.36.
"""

from __future__ import annotations

from ackgpu.spec.versions import minor_of

AUTO, CUSTOM = "auto", "Custom"
CONTAINER_OPTIMIZED, PLAIN = "AliyunLinux3ContainerOptimized", "AliyunLinux3"
_DEFAULT_SINCE = (1, 34)
_CGROUP_V1_ENDS = (1, 35)
_OLD_ENDS = (1, 30)
_CONTAINERD_1_ENDS = (1, 36)
_WITH_CGROUP_V1 = frozenset({PLAIN, "AliyunLinux3Security"})
_OLD = frozenset({"AliyunLinux", "AliyunLinuxSecurity", "CentOS"})


def default_image_type(version: str) -> str:
    """ACK's own choice for nodes of a Kubernetes version."""
    minor = minor_of(version)
    return PLAIN if minor is not None and minor < _DEFAULT_SINCE else CONTAINER_OPTIMIZED


def problem_with_image(image_type: str, version: str) -> str:
    """Why nodes of ``image_type`` never become Ready with ``version``; empty if they do.

    An image of one's own is not known, and neither is a version that is left to ackgpu.
    """
    minor = minor_of(version)
    if minor is None:
        return ""
    if image_type in _OLD and minor >= _OLD_ENDS:
        return f"{image_type} runs Kubernetes below 1.30 only, and this is {version}"
    if image_type in _WITH_CGROUP_V1 and minor >= _CGROUP_V1_ENDS:
        return (
            f"{image_type} boots with cgroup v1, which the kubelet refuses from Kubernetes 1.35"
            f" on ({version}): {CONTAINER_OPTIMIZED} has v2"
        )
    return ""


def problem_with_containerd(runtime: str, version: str) -> str:
    """Why nodes with a runtime of this version do not run Kubernetes ``version``; empty if they do.

    An empty ``runtime`` is ACK's choice.
    """
    minor = minor_of(version)
    if minor is None or minor < _CONTAINERD_1_ENDS or not runtime.startswith("1."):
        return ""
    return f"Kubernetes runs only with containerd 2 from 1.36 on ({version}), and this is {runtime}"
