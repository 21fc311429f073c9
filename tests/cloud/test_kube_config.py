from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ackgpu.clock import ManualClock
from ackgpu.cloud.kube.file import Kubefile
from ackgpu.cloud.kube.kubeconfig import UserKubeconfig, open_kubeconfig, read_text
from ackgpu.errors import LocalError

ANSWER = """
apiVersion: v1
clusters:
- cluster:
    server: https://47.0.0.1:6443
    certificate-authority-data: Q0E=
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: "1234567890123456"
  name: 1234567890123456-c1
current-context: 1234567890123456-c1
kind: Config
preferences: {}
users:
- name: "1234567890123456"
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
"""

OTHERS = """\
# mine, do not touch
apiVersion: v1
kind: Config
current-context: prod
clusters:
- cluster:
    server: https://prod.example:6443   # behind the VPN
  name: prod
contexts:
- context:
    cluster: prod
    user: me
    namespace: "on"
  name: prod
users:
- name: me
  user:
    token: abc
"""

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is missing")
unprivileged = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


def loaded(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text())


def at(path: Path, clock: ManualClock | None = None) -> UserKubeconfig:
    return UserKubeconfig([path], clock or ManualClock(datetime.now(UTC)))


def merge(file: UserKubeconfig, context: str = "demo", **options: Any) -> None:
    values = {"cluster_id": "c1", "set_current": False, **options}
    file.merge(ANSWER, context=context, **values)


def test_a_file_that_is_not_there_is_made_with_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "new" / ".kube" / "config"
    merge(at(path))
    assert path.stat().st_mode & 0o777 == 0o600
    content = loaded(path)
    assert [row["name"] for row in content["contexts"]] == ["demo"]
    assert content["current-context"] == "demo"
    assert sorted(item.name for item in path.parent.iterdir()) == ["config"]


def test_what_others_wrote_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(OTHERS)
    path.chmod(0o644)
    merge(at(path))
    text = path.read_text()
    for line in OTHERS.splitlines():
        assert line in text
    assert loaded(path)["current-context"] == "prod"
    assert path.stat().st_mode & 0o777 == 0o600


def test_merging_twice_changes_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(OTHERS)
    merge(at(path))
    once = path.read_text()
    merge(at(path))
    assert path.read_text() == once


def test_the_entry_tells_its_cluster_and_stands_alone(tmp_path: Path) -> None:
    file = at(tmp_path / "config")
    merge(file)
    entry = file.entry("demo")
    assert entry is not None
    assert (entry.cluster_id, entry.server) == ("c1", "https://47.0.0.1:6443")
    alone = YAML(typ="safe").load(entry.text)
    assert alone["current-context"] == "demo"
    assert alone["users"][0]["user"]["client-key-data"] == "S0VZ"


def test_a_context_of_somebody_else_has_no_cluster_id(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(OTHERS)
    entry = at(path).entry("prod")
    assert entry is not None
    assert entry.cluster_id == ""
    assert at(path).entry("nothing") is None


def test_removing_leaves_what_others_wrote(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(OTHERS)
    file = at(path)
    merge(file)
    file.remove("demo")
    file.remove("demo")
    assert path.read_text() == OTHERS


def test_no_context_is_current_after_the_current_one_went(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(OTHERS)
    file = at(path)
    merge(file, set_current=True)
    assert loaded(path)["current-context"] == "demo"
    file.remove("demo")
    assert loaded(path)["current-context"] == ""


def test_a_cluster_entry_that_another_context_uses_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(
        OTHERS.replace("cluster: prod", "cluster: demo").replace("name: prod", "name: demo", 1)
    )
    before = loaded(path)["clusters"][0]
    file = at(path)
    merge(file)
    assert loaded(path)["clusters"][0] == before
    entry = file.entry("demo")
    assert entry is not None
    assert entry.server == "https://47.0.0.1:6443"
    file.remove("demo")
    assert loaded(path)["clusters"] == [before]


@pytest.mark.parametrize("name", ["on", "1e3", "no", "007", "demo.v1-x"])
def test_names_survive_yaml_as_text(tmp_path: Path, name: str) -> None:
    path = tmp_path / "config"
    merge(at(path), name, set_current=True)
    old = YAML(typ="safe")
    old.version = (1, 1)
    content = old.load(path.read_text())
    assert content["current-context"] == name
    assert content["contexts"][0]["context"]["cluster"] == name


def test_values_are_read_as_kubectl_and_the_file_mean_them(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(
        OTHERS.replace("token: abc", "token: 0123")
        .replace("namespace:", "on: 2026-11-24\n    namespace:")
        .replace("    server:", "    insecure-skip-tls-verify: true\n    proxy-url:\n    server:")
    )
    entry = at(path).entry("prod")
    assert entry is not None
    alone = YAML(typ="safe").load(entry.text)
    assert alone["users"][0]["user"] == {"token": "0123"}
    assert alone["contexts"][0]["context"]["namespace"] == "on"
    cluster = alone["clusters"][0]["cluster"]
    assert cluster["insecure-skip-tls-verify"] is True
    assert cluster["proxy-url"] is None


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    target = tmp_path / "real" / "config"
    target.parent.mkdir()
    target.write_text(OTHERS)
    link = tmp_path / "config"
    link.symlink_to(target)
    merge(at(link))
    assert link.is_symlink()
    assert "demo" in target.read_text()


def test_kubeconfig_with_several_paths_is_read_and_written_as_kubectl_does(tmp_path: Path) -> None:
    absent, first, second = tmp_path / "absent", tmp_path / "one", tmp_path / "two"
    first.write_text(OTHERS)
    second.write_text(OTHERS.replace("prod", "test"))
    env = {"KUBECONFIG": os.pathsep.join(map(str, ["", absent, first, second]))}
    file = open_kubeconfig(None, env, tmp_path)
    assert file.path == str(first)
    merge(file)
    assert "demo" in first.read_text()
    merge(UserKubeconfig([second], ManualClock()), "late")
    merge(file, "late", cluster_id="c2")
    assert "late" not in first.read_text()
    entry = file.entry("late")
    assert entry is not None
    assert entry.cluster_id == "c2"
    file.remove("late")
    assert "late" not in second.read_text()
    assert not absent.exists()


def test_the_path_given_wins_over_kubeconfig_and_home(tmp_path: Path) -> None:
    env = {"KUBECONFIG": "/elsewhere"}
    assert open_kubeconfig("/given", env, tmp_path).path == "/given"
    assert open_kubeconfig("~/x", env, tmp_path).path == str(tmp_path / "x")
    assert open_kubeconfig(None, {}, tmp_path).path == str(tmp_path / ".kube" / "config")


NONE = ("- a\n- b\n", "{{{", "contexts: 7\n", "a: 1\na: 2\n", "\t", "[" * 20_000,
        "users: &a [*a]\n", "--- {}\n--- {}\n")  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("content", NONE)
def test_a_file_that_is_no_kubeconfig_is_named_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    for act in (merge, UserKubeconfig.check_writable):
        with pytest.raises(LocalError, match="is not a kubeconfig"):
            act(at(path))
    assert path.read_text() == content


def test_a_directory_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "file" / "config"):
        (tmp_path / "file").write_text("")
        with pytest.raises(LocalError) as caught:
            at(path).check_writable()
        assert caught.value.exits_with == 2
        assert "--kubeconfig" in str(caught.value.resolution)


def made_special(path: Path, kind: str) -> None:
    """A file that is no regular one, of the test's own: never one of the machine's."""
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
    elif os.geteuid():
        pytest.skip("only root makes devices")
    else:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))  # as /dev/null is


@pytest.mark.parametrize("kind", ["fifo", "socket", "device"])
@pytest.mark.parametrize("link", [False, True])
def test_what_is_no_regular_file_is_refused_and_stays(
    tmp_path: Path, kind: str, *, link: bool
) -> None:
    special = path = tmp_path / "special"
    made_special(special, kind)
    before = special.stat()
    if link:
        path = tmp_path / "config"
        path.symlink_to(special)
    file = at(path)
    acts: list[Callable[[], object]] = [
        lambda: file.entry("demo"),
        lambda: merge(file),
        lambda: file.remove("demo"),
        file.check_writable,
    ]
    for act in acts:
        with pytest.raises(LocalError, match="is not a regular file") as caught:
            act()
        assert caught.value.exits_with == 2
        assert "KUBECONFIG" in str(caught.value.resolution)
    after = special.stat()
    assert (after.st_mode, after.st_ino, after.st_rdev) == (
        before.st_mode,
        before.st_ino,
        before.st_rdev,
    )


def test_a_pipe_that_is_only_read_is_read(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, OTHERS.encode())
    os.close(write)
    text = read_text(Path(f"/dev/fd/{read}"))
    os.close(read)
    assert "prod.example" in text


@pytest.mark.parametrize("there", [True, False])
def test_a_link_to_what_is_not_there_yet_is_followed(tmp_path: Path, *, there: bool) -> None:
    target = tmp_path / "elsewhere" / "config"
    if there:
        target.parent.mkdir()
    link = tmp_path / "config"
    link.symlink_to(target)
    at(link).check_writable()
    merge(at(link))
    assert link.is_symlink()
    assert "demo" in target.read_text()
    assert target.parent.stat().st_mode & 0o777 == (0o755 if there else 0o700)


@unprivileged
def test_a_read_only_directory_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    directory = tmp_path / "locked"
    directory.mkdir(mode=0o500)
    with pytest.raises(LocalError, match="nothing can be created"):
        at(directory / "config").check_writable()


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(OTHERS)
    program = (
        "import resource, sys, datetime, pathlib\n"
        "from ackgpu.cloud.kube.kubeconfig import open_kubeconfig\n"
        "from ackgpu.errors import LocalError\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"file = open_kubeconfig({str(path)!r}, {{}}, pathlib.Path('/'))\n"
        "file.entry('demo')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try:\n"
        f"    file.merge({ANSWER!r}, context='demo', cluster_id='c', set_current=False)\n"
        "except LocalError as error:\n"
        "    print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", program], capture_output=True, text=True, check=True
    )
    assert "cannot be used: File too large" in done.stdout
    assert path.read_text() == OTHERS
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".config")] == []
    assert not (tmp_path / "config.lock").exists()


def test_the_lock_of_kubectl_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "config"
    lock = tmp_path / "config.lock"
    lock.touch()

    class Releasing(ManualClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.now() > 1:
                lock.unlink(missing_ok=True)

    merge(at(path, Releasing(datetime.now(UTC))))
    assert "demo" in path.read_text()
    assert not lock.exists()


def test_a_lock_that_stays_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "config.lock"

    class Renewing(ManualClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            at_instant = self.wall().timestamp()
            os.utime(lock, (at_instant, at_instant))

    lock.touch()
    clock = Renewing(datetime.now(UTC))
    with pytest.raises(LocalError, match=r"config\.lock exists"):
        merge(at(tmp_path / "config", clock))
    assert 30 <= clock.now() < 31
    assert lock.exists()


def test_a_lock_that_a_killed_program_left_is_broken(tmp_path: Path) -> None:
    path, lock = tmp_path / "config", tmp_path / "config.lock"
    lock.touch()
    old = time.time() - 3600
    os.utime(lock, (old, old))
    merge(at(path))
    assert "demo" in path.read_text()
    assert not list(tmp_path.glob("config.lock*"))


@pytest.mark.long
def test_processes_that_write_at_once_all_leave_their_context(tmp_path: Path) -> None:
    path = tmp_path / "config"
    program = (
        "import sys, pathlib\n"
        "from ackgpu.cloud.kube.kubeconfig import open_kubeconfig\n"
        "file = open_kubeconfig(sys.argv[1], {}, pathlib.Path('/'))\n"
        "for number in range(3):\n"
        f"    file.merge({ANSWER!r}, context=f'{{sys.argv[2]}}-{{number}}', cluster_id='c',"
        " set_current=False)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(path), f"p{index}"])
        for index in range(3)
    ]
    assert [process.wait(60) for process in running] == [0] * 3
    names = {row["name"] for row in loaded(path)["contexts"]}
    assert names == {f"p{index}-{number}" for index in range(3) for number in range(3)}


def test_what_others_write_meanwhile_stays_and_they_need_not_wait(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(OTHERS)
    others = ["early", "late"]

    def change(document: MutableMapping[str, Any]) -> None:
        assert not (tmp_path / "config.lock").exists()
        if others:
            merge(at(path), others.pop())
        document["current-context"] = "late"

    Kubefile(path, ManualClock(datetime.now(UTC))).change(change)
    content = loaded(path)
    assert [row["name"] for row in content["contexts"]] == ["prod", "late", "early"]
    assert content["current-context"] == "late"
    assert others == []


@needs_kubectl
def test_kubectl_reads_and_changes_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(OTHERS)
    merge(at(path), "no")

    def kubectl(*arguments: str) -> str:
        command = ["kubectl", f"--kubeconfig={path}", "config", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    view = json.loads(kubectl("view", "-o", "json"))
    assert {row["name"] for row in view["contexts"]} == {"prod", "no"}
    kubectl("set-context", "prod", "--namespace=other")
    entry = at(path).entry("no")
    assert entry is not None
    assert entry.cluster_id == "c1"
    at(path).remove("no")
    assert json.loads(kubectl("view", "-o", "json"))["current-context"] == "prod"


def test_relative_file_names_are_read_from_where_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(OTHERS.replace("token: abc", "client-key: keys/me.pem"))
    content = YAML(typ="safe").load(read_text(path))
    assert content["users"][0]["user"]["client-key"] == str(tmp_path / "keys" / "me.pem")
    merge(at(path))
    assert loaded(path)["users"][0]["user"]["client-key"] == "keys/me.pem"
    with pytest.raises(LocalError, match="There is no kubeconfig"):
        read_text(tmp_path / "nothing")


def test_a_directory_is_no_kubeconfig_to_read(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="is a directory") as caught:
        read_text(tmp_path)
    assert "written" not in str(caught.value.resolution)
