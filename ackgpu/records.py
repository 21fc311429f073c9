"""What :class:`ackgpu.Ackgpu` returns and takes: frozen records, loaded when one is first used.

The members of each record are told where it is defined. Times are instants in UTC, durations cloud
seconds; a figure that nobody could read is None, and never 0.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ackgpu.cloud.api import ClusterEvent, Price
    from ackgpu.engine.aftermath import Aftermath, KnownSum
    from ackgpu.engine.events import Event
    from ackgpu.engine.step import Drift, Resource
    from ackgpu.render.causes import Cause, DiagnosisResult, NotSeen
    from ackgpu.render.changes import ChangeRow, Changes
    from ackgpu.render.deletions import DeleteResult, GcResult, GcRow, Retained
    from ackgpu.render.results import (
        ClusterDescription,
        ClusterList,
        ClusterRow,
        CreateSummary,
        Facts,
        NodeList,
        NodePoolList,
        NodePoolRow,
        NodeRow,
        OfferList,
        OfferRow,
        PlanResult,
        PlanRow,
    )
    from ackgpu.render.sleep_results import PoolOfSleeper, SleepSummary
    from ackgpu.render.verdicts import (
        CheckList,
        CheckRow,
        QuotaResult,
        QuotaRow,
        SampleResult,
        VerifyResult,
        VerifyRow,
    )
    from ackgpu.spec.model import ClusterSpec

_HOMES = {
    "ackgpu.cloud.api": ("ClusterEvent", "Price"),
    "ackgpu.engine.aftermath": ("Aftermath", "KnownSum"),
    "ackgpu.engine.events": ("Event",),
    "ackgpu.engine.step": ("Drift", "Resource"),
    "ackgpu.render.causes": ("Cause", "DiagnosisResult", "NotSeen"),
    "ackgpu.render.changes": ("ChangeRow", "Changes"),
    "ackgpu.render.deletions": ("DeleteResult", "GcResult", "GcRow", "Retained"),
    "ackgpu.render.results": (
        "ClusterDescription", "ClusterList", "ClusterRow", "CreateSummary", "Facts", "NodeList",
        "NodePoolList", "NodePoolRow", "NodeRow", "OfferList", "OfferRow", "PlanResult", "PlanRow",
    ),
    "ackgpu.render.sleep_results": ("PoolOfSleeper", "SleepSummary"),
    "ackgpu.render.verdicts": (
        "CheckList", "CheckRow", "QuotaResult", "QuotaRow", "SampleResult", "VerifyResult",
        "VerifyRow",
    ),
    "ackgpu.spec.model": ("ClusterSpec",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Aftermath", "Cause", "ChangeRow", "Changes", "CheckList", "CheckRow", "ClusterDescription",
    "ClusterEvent", "ClusterList", "ClusterRow", "ClusterSpec", "CreateSummary", "DeleteResult",
    "DiagnosisResult", "Drift", "Event", "Facts", "GcResult", "GcRow", "KnownSum", "NodeList",
    "NodePoolList", "NodePoolRow", "NodeRow", "NotSeen", "OfferList", "OfferRow", "PlanResult",
    "PlanRow", "PoolOfSleeper", "Price", "QuotaResult", "QuotaRow", "Resource", "Retained",
    "SampleResult", "SleepSummary", "VerifyResult", "VerifyRow",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
