"""Two patches of the Kubernetes API: JSON (RFC 6902) and strategic merge.

Lists merge by key in a strategic merge patch as the types' ``patchMergeKey`` tags say; every other
list is replaced as a whole. ``$patch``, ``$deleteFromPrimitiveList``, ``$setElementOrder`` and
``$retainKeys`` are honoured.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.status import KubeError, bad_request, invalid
from ackgpu.emulator.shared.tables import table

MERGE_KEYS: dict[str, list[str]] = table("kube/rules")["merge_keys"]
MERGED_PRIMITIVES = frozenset({"finalizers"})
REPLACED = frozenset({"taints"})  # core/v1 NodeSpec.taints carries no patchMergeKey


def strategic_merge(target: Any, patch: Any, field: str = "") -> Any:
    """The strategic merge patch of ``patch`` onto ``target``; neither is changed."""
    if isinstance(patch, dict):
        return _merge_object(target, patch)
    if isinstance(patch, list) and isinstance(target, list):
        if field in MERGED_PRIMITIVES:
            return target + [item for item in patch if item not in target]
        key = None if field in REPLACED else list_key([*target, *patch], field)
        if key:
            return _merge_list(target, patch, key)
    return _without_directives(patch)


def _merge_object(target: Any, patch: Obj) -> Obj:
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    result = dict(target) if isinstance(target, dict) else {}
    retained = patch.get("$retainKeys")
    if retained is not None:
        result = {key: value for key, value in result.items() if key in retained}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.partition("/")[2]
            result[name] = [item for item in result.get(name) or [] if item not in value]
        elif key.startswith("$"):
            continue
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = strategic_merge(result.get(key), value, key)
    _order(result, patch)
    return result


def _order(result: Obj, patch: Obj) -> None:
    """Put merged lists in the order that ``$setElementOrder`` asks for, the rest behind."""
    for key, wanted in patch.items():
        name = key.removeprefix("$setElementOrder/")
        rows = result.get(name)
        if name == key or not isinstance(rows, list):
            continue
        places = {_identity(row, wanted): place for place, row in enumerate(wanted)}
        rows.sort(key=lambda row: places.get(_identity(row, wanted), len(places)))


def _identity(row: Any, wanted: list[Any]) -> Any:
    """What tells list elements apart: the keys that the wanted order names, or the value."""
    if not isinstance(row, dict) or not wanted or not isinstance(wanted[0], dict):
        return row if not isinstance(row, dict) else str(row)
    return tuple(str(row.get(key)) for key in wanted[0])


def list_key(value: Any, field: str) -> str | None:
    """The key that a list's elements merge by, or None where the list is one field."""
    if not isinstance(value, list) or not value or not all(isinstance(row, dict) for row in value):
        return None
    keys = MERGE_KEYS.get(field, ())
    return next((key for key in keys if all(key in row for row in value)), None)


def _merge_list(target: list[Any], patch: list[Any], key: str) -> list[Any]:
    if any(row.get("$patch") == "replace" for row in patch):
        return [_without_directives(row) for row in patch if "$patch" not in row]
    rows = {row[key]: row for row in target}
    for row in patch:
        if row.get("$patch") == "delete":
            rows.pop(row[key], None)
        else:
            rows[row[key]] = strategic_merge(rows.get(row[key]), row)
    return list(rows.values())


def _without_directives(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_directives(inner)
            for key, inner in value.items()
            if not key.startswith("$") and inner is not None
        }
    if isinstance(value, list):
        return [_without_directives(item) for item in value]
    return value


def json_patch(target: Obj, operations: Any) -> Obj:
    """The JSON patch applied to ``target``, which is not changed.

    Raises BadRequest for what is no patch, and Invalid (422) for an operation that cannot be done.
    """
    import jsonpatch

    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    try:
        patched: Obj = jsonpatch.apply_patch(target, operations)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError):
        text = "the server rejected our request due to an error in our request"
        raise KubeError(422, "Invalid", text) from None
    return patched


def refused_patch(changes: Any, patched: Obj, refusal: KubeError) -> KubeError:
    """The refusal of a patch that leaves an object of wrong types or with unknown fields.

    A strategic merge patch is quoted as Go prints it, of the others the object that they leave.
    """
    why = refusal.message.partition(": ")[2] or refusal.message
    shown = json.dumps(patched, separators=(",", ":"))
    if isinstance(changes, dict):
        shown = _as_go(changes)
        if match := re.search(r"cannot unmarshal (\w+) into .* of type (\S+)$", why):
            given, wanted = match.groups()
            head = {"[": "cannot restore slice from {0}", "m": "cannot restore map from {0}"}
            plain = (
                "unrecognized type: {1}" if wanted.islower() else "cannot restore struct from: {0}"
            )
            why = head.get(wanted[0] if "[" in wanted else "", plain).format(given, wanted)
    return invalid("", "", "", [("patch", f"Invalid value: {json.dumps(shown)}: {why}")])


def _as_go(value: Any) -> str:
    """A value as Go's fmt prints it."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_as_go(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(_as_go, value))}]"
    return (
        str(value).lower() if isinstance(value, bool) else "<nil>" if value is None else str(value)
    )
