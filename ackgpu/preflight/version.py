"""Whether the Kubernetes version can be created now."""

from __future__ import annotations

from collections.abc import Iterator

from ackgpu.cloud.api import ContainerApi
from ackgpu.engine.reads import ReadResults
from ackgpu.preflight.calls import call
from ackgpu.preflight.check import Check, CheckFinding
from ackgpu.preflight.facts import Target
from ackgpu.spec.versions import is_of
from ackgpu.steps.reads import VERSIONS

ID = "version"


def _judge(target: Target, facts: ReadResults) -> Iterator[CheckFinding]:
    creatable = [row.version for row in facts[VERSIONS] if row.creatable]
    wanted = target.spec.metadata.version
    fitting = [v for v in creatable if wanted == "auto" or is_of(v, wanted)]
    if fitting:
        yield CheckFinding(ID, "ok", f"Kubernetes {fitting[0]}")
        return
    yield CheckFinding(
        ID,
        "error",
        f"Kubernetes {wanted} cannot be created in {target.region} now",
        "",
        f"Choose one of: {', '.join(creatable)}; or auto.",
    )


CHECK = Check(ID, _judge, lambda _: {VERSIONS: call(ContainerApi.versions)})
