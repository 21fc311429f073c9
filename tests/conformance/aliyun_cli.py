"""The vendor's command line behind wire names: a process of ``aliyun`` for each call."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from tests.conformance.life import PATHS, REGION, Refused


class AliyunCli:
    """Every flag is on the line: no profile of the machine is read.

    ``flags`` say where the emulator is and ``env`` what is exported beside the environment.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        flags: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._program = shutil.which("aliyun") or pytest.skip("aliyun is not installed")
        token = keys.get("security_token")
        mode = ["--mode", "StsToken", "--sts-token", token] if token else ["--mode", "AK"]
        key = ["--access-key-id", keys["access_key_id"]]
        secret = ["--access-key-secret", keys["access_key_secret"]]
        self._flags = [*mode, *key, *secret, "--region", REGION, *flags]
        self._env = {**os.environ, **(env or {})}

    def rpc(self, product: str, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """``--force`` leaves it to the service to miss a parameter."""
        given = [word for pair in flat(parameters) for word in pair]
        return dict(self._run([product, action, "--force", *given]))

    def roa(
        self,
        action: str,
        path: tuple[str, ...],
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
    ) -> Any:
        method, template = PATHS[action]
        given = [word for pair in flat(query) for word in pair]
        content = [] if body is None else ["--body", json.dumps(body)]
        return self._run(["cs", method, template.format(*path), *given, *content])

    def _run(self, words: Sequence[str]) -> Any:
        done = subprocess.run(
            [self._program, *words, *self._flags],
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise refusal(done.stderr)
        return json.loads(done.stdout)


def flat(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Flags and their values; lists of objects are numbered, as the command line wants them."""
    for name, value in parameters.items():
        if isinstance(value, list):
            for position, row in enumerate(value, 1):
                yield from flat({f"{name}.{position}.{key}": each for key, each in row.items()})
        else:
            yield f"--{name}", str(value)


def refusal(printed: str) -> Refused:
    """What was printed, as an exception.

    The command line reads the codes of RPC products alone, and does not tell their status; of
    Container Service it prints the body.
    """
    body = re.search(r"^Message: (\{.*\})$", printed, re.MULTILINE)
    if body is not None:
        said = json.loads(body[1])
        return Refused(said["code"], said["status"])
    code = re.search(r"^ErrorCode: (\S+)$", printed, re.MULTILINE)
    assert code is not None, printed
    return Refused(code[1], 400)
