"""What people type who prefer kubectl, with the real one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.cli import Cli


@pytest.mark.long
def test_the_manifest_goes_through_kubectl_from_apply_to_delete(cli: Cli) -> None:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed: nothing was asked of the real client")
    cli.ok("create", "demo")
    manifest = cli.ok("manifest", "sample", "demo").out

    def kubectl(*arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            [program, "--kubeconfig", str(cli.kubeconfig), "--context", "demo", *arguments],
            input=stdin, capture_output=True, text=True, timeout=60, check=False,
            env={"HOME": str(cli.home), "PATH": str(Path(program).parent)},
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    kubectl("apply", "-f", "-", stdin=manifest)
    kubectl("wait", "--for=condition=Available", "deployment/cuda-sample", "--timeout=50s")
    shown = kubectl("exec", "deployment/cuda-sample", "--", "nvidia-smi")
    assert "GRID P4-2Q" in shown
    assert "2048MiB" in shown
    kubectl("delete", "deployment", "cuda-sample")
