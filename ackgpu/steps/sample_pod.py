"""Why a sample's pod does not run yet, and when that is not worth waiting for any longer."""

from __future__ import annotations

from dataclasses import dataclass

from ackgpu.cloud.api import KubePod
from ackgpu.errors import AckGpuError, CloudError, TimedOut

PULL = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
START = frozenset(
    {"RunContainerError", "CreateContainerError", "StartError", "CrashLoopBackOff", "Error"}
)
LOOKS = {"pull": 20, "start": 10, "schedule": 40}
"""How many looks in a row may find the same trouble: a minute for images, two for the scheduler."""


@dataclass
class Patience:
    """Counts looks at a pod that does not run, and says when it is enough."""

    trouble: str = ""
    looks: int = 0

    def look(self, pod: KubePod) -> bool:
        """Take another look into account; whether the trouble is to be taken as final."""
        trouble = trouble_of(pod)
        self.looks = self.looks + 1 if trouble == self.trouble else 1
        self.trouble = trouble
        return pod.reason == "InvalidImageName" or self.looks >= LOOKS.get(trouble, self.looks + 1)


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
        resolution="This says nothing of the GPU. Give an image that the nodes reach with --image;"
        " in mainland China Docker Hub is not reached, and nodes need a NAT gateway to leave the"
        " VPC.",
    )


def schedule_error(pod: KubePod) -> AckGpuError:
    """The scheduler finds no node: the GPU is taken, or a selector fits none."""
    return TimedOut(
        f"No node takes the sample: {why_waiting(pod)}",
        resolution="Where the GPU is only taken, run it again once it is free: kubectl describe"
        " node shows what holds it.",
    )
