"""From plain data to the model, with a finding for each value that does not fit."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from ackgpu.spec.findings import Finding, error
from ackgpu.spec.model import (
    DEFAULT_POOL,
    ClusterSpec,
    ShapeError,
    ShapeProblem,
    parse,
)
from ackgpu.spec.rules.syntax import did_you_mean
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
    spec, problems = _fit(data)
    findings = [error(_key(problem.path), _message(problem)) for problem in problems]
    if spec is None:
        return None, findings
    broken = [finding.key for finding in findings]
    ruled = [
        finding
        for finding in validate(spec)
        if not any(_follows_from(finding.key, key) for key in broken)
    ]
    return spec, [*findings, *ruled]


def _fit(data: Mapping[str, Any]) -> tuple[ClusterSpec | None, list[ShapeProblem]]:
    rest = copy.deepcopy(dict(data))
    seen: list[ShapeProblem] = []
    for _ in range(_ROUNDS):
        try:
            return parse(rest), seen
        except ShapeError as refused:
            reported = [problem.path for problem in seen]
            for problem in refused.problems:
                if not any(_within(problem.path, path) for path in reported):
                    seen.append(problem)
                _take_out(rest, problem)
    return None, seen


def _within(path: tuple[str | int, ...], other: tuple[str | int, ...]) -> bool:
    return path[: len(other)] == other


def _follows_from(key: str, broken: str) -> bool:
    """Whether a finding at ``key`` may come of what was taken out at ``broken``."""
    under = key == broken or (key.startswith(broken) and key[len(broken)] in ".[")
    is_its_list = broken.startswith(f"{key}[") and broken.index("]", len(key)) == len(broken) - 1
    return under or is_its_list


def _take_out(data: Any, problem: ShapeProblem) -> None:
    """Remove the value at the problem's path, or put in another where one is required.

    Items of lists are never removed, so that the others keep their places.
    """
    if not problem.path:
        return
    *parents, last = problem.path
    for part in parents:
        data = data[part]
    if problem.kind == "missing" or isinstance(last, int):
        data[last] = _stand_in(problem)
    else:
        data.pop(last, None)


def _stand_in(problem: ShapeProblem) -> object:
    """A value of the right type. An empty mapping's own keys are stood in for in the next round."""
    if problem.kind.startswith("model"):
        return {}
    if problem.path[-1] == "instanceTypes":
        return list(DEFAULT_POOL.instance_types)
    if "instanceTypes" in problem.path:
        return DEFAULT_POOL.instance_types[0]
    return "-".join(["missing", *map(str, problem.path)])


def _key(path: tuple[str | int, ...]) -> str:
    key = ""
    for part in path:
        key += f"[{part}]" if isinstance(part, int) else f".{part}"
    return key.removeprefix(".")


def _message(problem: ShapeProblem) -> str:
    if problem.kind == "missing":
        return "is required"
    if problem.kind == "extra_forbidden":
        return _unknown_key(problem)
    if problem.kind == "literal_error":
        choices = _CHOICE.findall(problem.message)
        hint = did_you_mean(str(problem.given), choices)
        return f"{problem.given!r} is not {' or '.join(choices)}{hint}"
    expected = _EXPECTED.get(problem.kind)
    if expected is None:
        return problem.message
    return f"must be {expected}{_hint(problem)}"


def _unknown_key(problem: ShapeProblem) -> str:
    *parents, last = problem.path
    word = str(last)
    if "password" in word.lower():
        return "passwords have no place in a file: use keyPair"
    known = keys_at(parents)
    hint = did_you_mean(word, known)
    return f"is not a key here{hint}" if hint else f"is not a key here: {', '.join(known)} are"


def _hint(problem: ShapeProblem) -> str:
    given = problem.given
    if given is None:
        return ": it has no value"
    if problem.kind == "string_type" and isinstance(given, bool | int | float):
        return ": write it in quotes"
    if problem.kind == "bool_type":
        return f", and is {given!r}"
    if problem.kind == "tuple_type" and isinstance(given, str):
        return f": write [{given}]"
    return f", and is {_describe(given)}"


def _describe(given: object) -> str:
    if isinstance(given, dict):
        return "a mapping"
    if isinstance(given, list):
        return "a list"
    return repr(given)
