"""Why a sample's pod does not run yet, and when that is not worth waiting for any longer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ackgpu import flag
from ackgpu.cloud.api import KubePod
from ackgpu.errors import AckGpuError, CloudError, TimedOut

PULL = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
START = frozenset(
    {"RunContainerError", "CreateContainerError", "StartError", "CrashLoopBackOff", "Error"}
)
LOOKS = {"pull": 20, "start": 10, "schedule": 40, "refused": 3}
"""How many looks in a row may find the same trouble: a minute for images, two for the scheduler,
some seconds for what the API server refuses: a quota may just be raised."""


@dataclass
class Patience:
    """Counts looks at a pod that does not run, and says when it is enough."""

    trouble: str = ""
    looks: int = 0

    def look(self, pod: KubePod) -> bool:
        """Take another look into account; whether the trouble is to be taken as final."""
        return self.meet(trouble_of(pod)) or pod.reason == "InvalidImageName"

    def meet(self, trouble: str) -> bool:
        """Take a trouble into account, empty for none; whether it is to be taken as final."""
        self.looks = self.looks + 1 if trouble == self.trouble else 1
        self.trouble = trouble
        return self.looks >= LOOKS.get(trouble, self.looks + 1)


def trouble_of(pod: KubePod) -> str:
    """What kind of trouble it is: pull, start, schedule; empty where it is only waiting."""
    if pod.reason in PULL:
        return "pull"
    if pod.reason in START:
        return "start"
    return "schedule" if pod.reason == "Unschedulable" else ""


def why_waiting(pod: KubePod) -> str:
    """Why the pod does not run, in the words of whoever holds it up."""
    return ": ".join(filter(None, (pod.reason or pod.phase, pod.message)))


def pull_error(pod: KubePod, image: str) -> CloudError:
    """The image cannot be pulled, which is no fault of the GPU."""
    return CloudError(
        f"The image {image} cannot be pulled: {why_waiting(pod)}",
        cloud_code=pod.reason,
        resolution="This says nothing of the GPU. Name a registry that the nodes reach and that has"
        " the image: ACKGPU_IMAGE_REGISTRY, gpu.sample.registry in the spec, or an image with"
        f" {flag.IMAGE}. In mainland China Docker Hub is not reached, and nodes need a NAT gateway"
        " to leave the VPC.",
    )


def living(pods: Iterable[KubePod]) -> KubePod | None:
    """The pod that counts: the newest that is not going and has not ended, else the newest.

    A pod that was evicted stays as Failed beside the one that took its place.
    """
    here = [pod for pod in pods if not pod.terminating]
    return max(here, key=lambda pod: (not pod.ended, pod.created), default=None)


def refusal_error(refusal: str) -> CloudError:
    """The API server takes no pod: a quota, PodSecurity, a webhook."""
    return CloudError(
        f"The API server refuses the sample's pod: {refusal}",
        resolution="This says nothing of the GPU. Let the namespace default take the pod: its"
        " quota, its limits, its pod security, or the webhook that is named.",
    )


def schedule_error(pod: KubePod) -> AckGpuError:
    """The scheduler finds no node: the GPU is taken, or a selector fits none."""
    return TimedOut(
        f"No node takes the sample: {why_waiting(pod)}",
        resolution="Where the GPU is only taken, run it again once it is free: kubectl describe"
        " node shows what holds it.",
    )
