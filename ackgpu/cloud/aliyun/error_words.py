"""What an error means by its words, where its code did not arrive.

With the current Go SDK setting only ``code: <HTTP status>, <message>`` reaches a client, and
gateways in between drop codes too, so that other clients classify by words (the vendor's own CLI,
2026-08, among them). A code says more: it is asked first (:mod:`ackgpu.cloud.aliyun.codes`).
"""

from __future__ import annotations

import re

from ackgpu.errors import (
    AccessDenied,
    CloudError,
    DeletionProtected,
    NotYet,
    OutOfStock,
    QuotaExceeded,
    ResourceNotFound,
    Throttled,
    Unauthenticated,
)

# What a request names beside the thing itself. A delete that took "the region does not exist" for
# "gone already" would forget what exists.
_NOT_A_THING = r"(?:region|zone|action|api|version|access ?key)(?:id)?"

_RULES: tuple[tuple[type[CloudError], re.Pattern[str]], ...] = tuple(
    (refusal, re.compile(pattern, re.IGNORECASE))
    for refusal, pattern in (
        (Throttled, r"throttl|flow control|too many requests|qps limit"),
        (Unauthenticated, r"access ?key|signature|security ?token"),
        (AccessDenied, r"not authorized|no permission|forbidden for action|access ?denied"),
        (OutOfStock, r"out of stock|no stock|sold out|not on sale|available for (?:sale|purchase)"),
        (OutOfStock, r"(?:insufficient|not enough) (?:stock|inventory|capacity)"),
        (QuotaExceeded, r"quota|exceed\w* the (?:\w+ )?limit|limit \w*\s?exceeded"),
        (DeletionProtected, r"delet\w+ protection"),
        (NotYet, r"dependen(?:cy|t)|\bin use\b|does not support this operation"),
        (NotYet, r"still instance\(s\) in|is processing|(?:try|retry) (?:again )?later"),
        (NotYet, r"task ?conflict|operation conflict|in the middle status"),
        (CloudError, rf"\b{_NOT_A_THING}\b\S*(?: \S+)? (?:does not|is not|do not|not) "),
        (ResourceNotFound, r"not exist|not (?:be )?found|notfound"),
    )
)


def meaning_of_words(message: str, *, action: str) -> type[CloudError]:
    """The error class that the words of ``message`` speak for; plain CloudError if none do."""
    for refusal, pattern in _RULES:
        if pattern.search(message):
            # ACK keeps its own security groups protected until the cluster is gone.
            kept = refusal is DeletionProtected and action == "DeleteSecurityGroup"
            return NotYet if kept else refusal
    return CloudError
