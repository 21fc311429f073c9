"""What fits together and what does not, from the documents: every finding at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ackgpu.spec.findings import Finding
from ackgpu.spec.model import ClusterSpec
from ackgpu.spec.rules import cluster, instances, network, pools

Rule = Callable[[ClusterSpec], Iterator[Finding]]

RULES: tuple[Rule, ...] = (*cluster.RULES, *network.RULES, *pools.RULES, *instances.RULES)


def validate(spec: ClusterSpec) -> list[Finding]:
    """Everything that the rules say about ``spec``, errors and warnings; nothing is asked online.

    ``key`` is the path in the file (``nodePools[0].instanceTypes[1]``), ``where`` is empty.
    """
    return [finding for rule in RULES for finding in rule(spec)]


def warnings_in(spec: ClusterSpec) -> list[Finding]:
    """What the user should know and may have meant."""
    return [finding for finding in validate(spec) if not finding.is_error]
