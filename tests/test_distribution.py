"""Wheel and sdist: the same bytes each time, complete, and enough without a clone."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = [pytest.mark.install, pytest.mark.timeout(600)]


def tree(target: Path) -> Path:
    """The files of this tree as a clone would have them, with today's dates and other modes."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / name).read_bytes())
            copy.chmod((ROOT / name).stat().st_mode)
    return target


def build(source: Path, target: Path, umask: str) -> dict[str, bytes]:
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1795478400"}
    words = [sys.executable, "-m", "build", "--outdir", str(target), str(source)]
    subprocess.run(["sh", "-c", f'umask {umask}; "$@"', "sh", *words], check=True, env=env)
    return {path.name: path.read_bytes() for path in sorted(target.iterdir())}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("build", reason="pip install -e '.[release]'")
    if not (ROOT / ".git").exists():
        pytest.skip("an unpacked sdist does not say which of its files are the repository's")
    folder = tmp_path_factory.mktemp("built")
    build(tree(folder / "tree"), folder / "dist", "022")
    return folder / "dist"


def test_built_twice_they_are_the_same(built: Path, tmp_path: Path) -> None:
    again = build(tree(tmp_path / "elsewhere" / "tree"), tmp_path / "dist", "077")
    assert len(again) == 2
    for name, content in again.items():
        assert content == (built / name).read_bytes(), f"{name} differs"


def test_the_wheel_is_the_package_with_its_data_and_licence(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "ackgpu").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if name.startswith("ackgpu/")} == ours
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not {name.split("/")[0] for name in names} & {"tests", "docs", "benchmarks"}


def test_the_sdist_has_what_its_tests_need(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in (
        "LICENSE", "README.md", "CHANGELOG.md", "tests/conftest.py", ".ci/run", ".ci/task",
        "benchmarks/measure.py", "docs/cli.md", ".github/workflows/release.yml",
    ):  # fmt: skip
        assert name in names


def test_installed_from_the_wheel_without_a_clone(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    program = tmp_path / "venv" / "bin"
    env = {
        **os.environ,
        "ACKGPU_STATE_DIR": str(tmp_path / "state"),
        "PYTHONPATH": "",
    }
    for words in (
        [program / "pip", "install", "-q", wheel],
        [program / "ackgpu", "create", "demo", "--emulator"],
        [program / "ackgpu", "verify", "demo", "--emulator"],
        [program / "ackgpu", "delete", "demo", "-y", "--emulator"],
    ):
        done = subprocess.run(
            words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
