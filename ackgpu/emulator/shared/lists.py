"""Lists of resources: read one page where nothing else was requested, all of them otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ackgpu.emulator.operation import Call
from ackgpu.emulator.parameters import COMMON
from ackgpu.emulator.store import Doc

PAGING = frozenset({"PageNumber", "PageSize", "MaxResults", "NextToken"})


def listing(
    call: Call,
    kind: str,
    wanted: Callable[[Call, Doc], bool],
    *,
    ids: Sequence[str] = (),
    scope_by: str = "",
) -> Sequence[Doc]:
    """The documents of ``kind`` that exist, have one of ``ids`` and are ``wanted``.

    ``scope_by`` is the parameter that names their scope. A request without any other parameter
    than that one and those of paging wants every one of them, so ``wanted`` is not asked then.
    """
    rows = call.rows(kind, scope=call.params.text(scope_by), ids=ids)
    unasked = COMMON | PAGING | {scope_by}
    if ids or any(value and name not in unasked for name, value in call.params.items()):
        return [doc for doc in rows if wanted(call, doc)]
    return rows
