"""From plain data to the model, with a finding for each value that does not fit."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from ackgpu.spec.findings import Finding, Misfit, MisfitError, error
from ackgpu.spec.model import DEFAULT_POOL, ClusterSpec, parse
from ackgpu.spec.rules.syntax import did_you_mean, one_of
from ackgpu.spec.schema import keys_at
from ackgpu.spec.validate import validate

_ROUNDS = 10
_CHOICE = re.compile(r"'([^']*)'")
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
}


def read_spec(data: Mapping[str, Any]) -> tuple[ClusterSpec | None, list[Finding]]:
    """The spec in ``data``, and every finding about its shape and by the rules.

    A value that does not fit is taken out, so that the rules can speak of the rest: a spec comes
    back too then, but only its findings are of use. None comes back where nothing could be read.
    """
    spec, misfits = _fit(data)
    findings = [error(_key(misfit.path), _message(misfit)) for misfit in misfits]
    if spec is None:
        return None, findings
    broken = [finding.key for finding in findings]
    ruled = [
        finding
        for finding in validate(spec)
        if not any(_follows_from(finding.key, key) for key in broken)
    ]
    return spec, [*findings, *ruled]


def _fit(data: Mapping[str, Any]) -> tuple[ClusterSpec | None, list[Misfit]]:
    rest = copy.deepcopy(dict(data))
    seen: list[Misfit] = []
    for _ in range(_ROUNDS):
        try:
            return parse(rest), seen
        except MisfitError as refused:
            reported = [misfit.path for misfit in seen]
            for misfit in refused.misfits:
                if not any(_within(misfit.path, path) for path in reported):
                    seen.append(misfit)
                _take_out(rest, misfit)
    return None, seen


def _within(path: tuple[str | int, ...], other: tuple[str | int, ...]) -> bool:
    return path[: len(other)] == other


def _follows_from(key: str, broken: str) -> bool:
    """Whether a finding at ``key`` may come of what was taken out at ``broken``."""
    under = key == broken or (key.startswith(broken) and key[len(broken)] in ".[")
    is_its_list = broken.startswith(f"{key}[") and broken.index("]", len(key)) == len(broken) - 1
    return under or is_its_list


def _take_out(data: Any, misfit: Misfit) -> None:
    """Remove the value at the misfit's path, or put in another where one is required.

    Items of lists are never removed, so that the others keep their places.
    """
    if not misfit.path:
        return
    *parents, last = misfit.path
    for part in parents:
        data = data[part]
    if misfit.kind == "missing" or isinstance(last, int):
        data[last] = _stand_in(misfit)
    else:
        data.pop(last, None)


def _stand_in(misfit: Misfit) -> object:
    """A value of the right type. An empty mapping's own keys are stood in for in the next round."""
    if misfit.kind.startswith("model"):
        return {}
    if misfit.path[-1] == "instanceTypes":
        return list(DEFAULT_POOL.instance_types)
    place = "-".join(map(str, misfit.path))
    # A type of which no rule knows anything, so that it breaks none but at its own place.
    return f"ecs.gn0-{place}" if "instanceTypes" in misfit.path else f"missing-{place}"


def _key(path: tuple[str | int, ...]) -> str:
    key = ""
    for part in path:
        key += f"[{part}]" if isinstance(part, int) else f".{part}"
    return key.removeprefix(".")


def _message(misfit: Misfit) -> str:
    if misfit.kind == "missing":
        return "is required"
    if misfit.kind == "extra_forbidden":
        return _unknown_key(misfit)
    if misfit.kind == "literal_error":
        choices = _CHOICE.findall(misfit.message)
        hint = did_you_mean(str(misfit.given), choices)
        return f"{misfit.given!r} is not {one_of(choices)}{hint}"
    expected = _EXPECTED.get(misfit.kind)
    if expected is None:
        return misfit.message
    return f"must be {expected}{_hint(misfit)}"


def _unknown_key(misfit: Misfit) -> str:
    *parents, last = misfit.path
    word = str(last)
    if "password" in word.lower():
        return "passwords have no place in a file: use keyPair"
    known = keys_at(parents)
    hint = did_you_mean(word, known)
    return f"is not a key here{hint}" if hint else f"is not a key here: {', '.join(known)} are"


def _hint(misfit: Misfit) -> str:
    given = misfit.given
    if given is None:
        return ": it has no value"
    if misfit.kind == "string_type" and isinstance(given, bool | int | float):
        return ": write it in quotes"
    if misfit.kind == "bool_type":
        return f", and is {given!r}"
    if misfit.kind == "tuple_type" and isinstance(given, str):
        return f": write [{given}]"
    return f", and is {_describe(given)}"


def _describe(given: object) -> str:
    if isinstance(given, dict):
        return "a mapping"
    if isinstance(given, list):
        return "a list"
    return repr(given)
