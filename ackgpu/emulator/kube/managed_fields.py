"""Who set which field: ``managedFields``, and server-side apply over them.

Source: Kubernetes documentation, "Server-Side Apply". Ownership is kept by leaf fields; elements of
lists that merge by key are told apart by that key, other lists are one field.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ackgpu.emulator.kube.objects import Obj
from ackgpu.emulator.kube.patches import list_key, strategic_merge
from ackgpu.emulator.kube.status import KubeError

Path = tuple[str, ...]
IDENTITY = frozenset({
    "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
    "managedFields", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName",
})  # fmt: skip
MISSING = object()


def paths_of(obj: Obj) -> set[Path]:
    """The leaf fields of an object, without those that only identify it."""
    body = {key: value for key, value in obj.items() if key not in {"apiVersion", "kind"}}
    metadata = obj.get("metadata") or {}
    body["metadata"] = {key: value for key, value in metadata.items() if key not in IDENTITY}
    if not body["metadata"]:
        del body["metadata"]
    return set(_leaves(body, (), ""))


def _leaves(value: Any, path: Path, field: str) -> Iterator[Path]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, f"f:{key}"), key)
        return
    key = list_key(value, field)
    if key:
        for row in value:
            here = (*path, "k:" + json.dumps({key: row[key]}, separators=(",", ":")))
            yield from _leaves(row, here, "")
        return
    yield path


def nested(paths: Iterable[Path]) -> Obj:
    """Paths in the nested form of ``fieldsV1``."""
    root: Obj = {}
    for path in sorted(paths):
        at = root
        for part in path:
            at = at.setdefault(part, {})
    return root


def flat(fields: Obj, path: Path = ()) -> set[Path]:
    """The paths in a ``fieldsV1``; the inverse of :func:`nested`."""
    inner = {key: value for key, value in fields.items() if key != "."}
    if not inner:
        return {path} if path else set()
    return {leaf for key, value in inner.items() for leaf in flat(value, (*path, key))}


def value_at(obj: Any, path: Path) -> Any:
    """The value at a path, or MISSING."""
    for part in path:
        if part.startswith("f:"):
            obj = obj.get(part[2:], MISSING) if isinstance(obj, dict) else MISSING
        else:
            wanted = json.loads(part[2:])
            rows = obj if isinstance(obj, list) else []
            obj = next((row for row in rows if wanted.items() <= row.items()), MISSING)
    return obj


def record_update(before: Obj | None, after: Obj, manager: str, stamp: str, sub: str) -> None:
    """Note that ``manager`` set what differs: on it, and no longer on the others."""
    previous = before or {}
    changed = {
        path
        for path in paths_of(after)
        if not _same(value_at(previous, path), value_at(after, path))
    }
    present = paths_of(after)
    rows = []
    own: set[Path] = set()
    for row in previous.get("metadata", {}).get("managedFields") or []:
        kept = (flat(row["fieldsV1"]) - changed) & present
        if _is(row, manager, "Update", sub):
            own = kept
        elif kept:
            rows.append({**row, "fieldsV1": nested(kept)})
    if own | changed:
        row = manager_row(after, manager, "Update", stamp, nested(own | changed))
        rows.append({**row, "subresource": sub} if sub else row)
    after["metadata"]["managedFields"] = _in_order(rows)


def _in_order(rows: list[Obj]) -> list[Obj]:
    """As the API server sorts them: who applies first, then by time and name."""
    return sorted(rows, key=lambda row: (row["operation"], row.get("time", ""), row["manager"]))


def _same(first: Any, second: Any) -> bool:
    return first is not MISSING and second is not MISSING and bool(first == second)


def _is(row: Obj, manager: str, operation: str, sub: str) -> bool:
    return (row["manager"], row["operation"], row.get("subresource", "")) == (
        manager, operation, sub,
    )  # fmt: skip


def manager_row(obj: Obj, manager: str, operation: str, stamp: str, fields: Obj) -> Obj:
    """What ``managedFields`` says of one manager; ``fields`` as :func:`nested` makes them."""
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": obj["apiVersion"],
        "time": stamp,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }


def apply(live: Obj, applied: Obj, manager: str, stamp: str, *, force: bool) -> Obj:
    """Server-side apply: what ``applied`` asks for, over ``live``.

    Refuses with 409 and each conflict where another manager set a field differently.
    """
    wanted = paths_of(applied)
    rows: list[Obj] = live.get("metadata", {}).get("managedFields") or []
    others = [row for row in rows if not _is(row, manager, "Apply", "")]
    contested = {
        path for path in wanted if not _same(value_at(live, path), value_at(applied, path))
    }
    found = [(row, path) for row in others for path in flat(row["fieldsV1"]) & contested]
    if found and not force:
        raise _conflict(found)
    before = {p for row in rows if _is(row, manager, "Apply", "") for p in flat(row["fieldsV1"])}
    held = {path for row in others for path in flat(row["fieldsV1"])}
    merged: Obj = strategic_merge(live, applied)
    for path in sorted(before - wanted - held, reverse=True):
        _remove(merged, path)
    taken = contested if force else set()
    kept = [
        {**row, "fieldsV1": nested(left)}
        for row in others
        if (left := flat(row["fieldsV1"]) - taken)
    ]
    merged["metadata"] = {**merged["metadata"]}
    row = manager_row(applied, manager, "Apply", stamp, nested(wanted))
    mine = next((old for old in rows if _is(old, manager, "Apply", "")), None)
    if mine is not None and mine["fieldsV1"] == row["fieldsV1"]:
        row["time"] = mine["time"]
    merged["metadata"]["managedFields"] = _in_order([*kept, row])
    return merged


def _remove(obj: Any, path: Path) -> None:
    parent = value_at(obj, path[:-1])
    last = path[-1]
    if last.startswith("f:"):
        if isinstance(parent, dict):
            parent.pop(last[2:], None)
    elif isinstance(parent, list):
        wanted = json.loads(last[2:])
        parent[:] = [row for row in parent if not wanted.items() <= row.items()]
    _tidy(obj, path[:-1])


def _tidy(obj: Any, path: Path) -> None:
    """Take away a list element of which only its key is left, and empty containers around it."""
    if not path:
        return
    here = value_at(obj, path)
    last = path[-1]
    bare = last.startswith("k:") and here == json.loads(last[2:])
    if here in ({}, []) or bare:
        parent = value_at(obj, path[:-1])
        if last.startswith("f:") and isinstance(parent, dict):
            parent.pop(last[2:], None)
        elif isinstance(parent, list):
            parent[:] = [row for row in parent if row != here]
        _tidy(obj, path[:-1])


def _conflict(found: list[tuple[Obj, Path]]) -> KubeError:
    """The refusal, in the words of the API server's field managers."""
    fields: dict[str, list[str]] = {}
    for row, path in found:
        fields.setdefault(_manager(row), []).append(dotted(path))
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": field}
        for who, listed in fields.items()
        for field in listed
    ]
    if len(causes) == 1:
        message = f"1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        told = [
            "\n- ".join([f"conflicts with {who}:", *sorted(fields[who])]) for who in sorted(fields)
        ]
        message = f"{len(causes)} conflicts: " + "\n".join(told)
    return KubeError(409, "Conflict", f"Apply failed with {message}", details={"causes": causes})


def _manager(row: Obj) -> str:
    sub = f' with subresource "{row["subresource"]}"' if row.get("subresource") else ""
    using = f" using {row['apiVersion']}" if row["operation"] == "Update" else ""
    return f'"{row["manager"]}"{sub}{using}'


def dotted(path: Path) -> str:
    """A path as messages show it: ``.spec.template.spec.containers[name="c"].image``."""
    text = ""
    for part in path:
        if part.startswith("f:"):
            text += f".{part[2:]}"
        else:
            ((key, value),) = json.loads(part[2:]).items()
            text += f"[{key}={json.dumps(value)}]"
    return text
