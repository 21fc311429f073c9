"""Bad input and trouble: one clear message, the documented exit code, and nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cli import Cli


@pytest.mark.long
def test_another_spec_under_the_same_name_is_a_conflict_that_shows_the_difference(
    cli: Cli,
) -> None:
    cli.ok("create", "demo")
    before = cli.account()
    refused = cli("create", "demo", "--nodes", "3")
    assert refused.code == 6
    assert "the spec says 3, found 2" in refused.err
    assert cli.account() == before


def test_everything_wrong_with_a_spec_is_said_at_once_at_its_place(
    cli: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(
        "apiVersion: ackgpu.dev/v1alpha1\nkind: GpuCluster\nmetadata:\n  name: demo\n"
        "network:\n  podCidr: 192.168.0.0/16\nnodePools:\n- name: gpu\n"
        "  instanceTypes: [ecs.vgn5i-m1.large]\n  desiredSiz: 2\n"
    )
    refused = cli("create", "-f", str(path))
    assert refused.code == 2
    assert f"{path}:6:" in refused.err
    assert "ecs.vgn5i-m1.large" in refused.err
    assert "did you mean 'desiredSize'" in refused.err
    assert cli.account() == {}


@pytest.mark.parametrize("text", ["", "{", "- a\n- b\n", "\x00\x01", "a: 1\n---\nb: 2\n"])
def test_a_file_that_is_no_spec_is_refused(cli: Cli, tmp_path: Path, text: str) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    assert cli("create", "demo", "-f", str(path)).code == 2


@pytest.mark.long
def test_a_name_that_is_somebody_elses_is_a_conflict(cli: Cli) -> None:
    cli.ok("create", "demo")
    backend = cli.emulator.backend
    with backend.transaction(write=True) as session:
        (cluster,) = session.find("cluster")
        cluster.body["Tags"] = {}
        session.put(cluster)
    refused = cli("create", "demo", "--zone", "cn-hangzhou-k")
    assert refused.code == 6
    assert "not ackgpu's" in refused.err


def test_no_credentials_is_4_and_says_how_to_get_some(cli: Cli) -> None:
    bare = {k: v for k, v in cli.env.items() if not k.startswith("ALIBABA_CLOUD_ACCESS")}
    cli.env = bare
    refused = cli("list")
    assert refused.code == 4
    assert "ackgpu emulator serve" in refused.err


def test_a_wrong_key_is_4(cli: Cli) -> None:
    assert cli("list", env={"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI-nobody"}).code == 4
    assert cli("list", env={"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrong"}).code == 4


def test_an_unknown_region_is_refused_and_nothing_is_made(cli: Cli) -> None:
    refused = cli("create", "demo", "--region", "cn-nowhere")
    assert refused.code == 2
    assert "cn-nowhere" in refused.err
    assert cli.account() == {}


def test_an_endpoint_that_nobody_listens_on_is_said_so(cli: Cli) -> None:
    refused = cli("list", env={"ACKGPU_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert refused.code == 14
    assert "127.0.0.1:9" in refused.err


def test_a_kubeconfig_that_cannot_be_written_stops_before_anything_is_made(
    cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    refused = cli("create", "demo", "--kubeconfig", str(tmp_path / "file" / "config"))
    assert refused.code == 2
    assert cli.account() == {}


def test_a_context_of_the_users_own_is_not_overwritten(cli: Cli) -> None:
    cli.kubeconfig.parent.mkdir(parents=True)
    cli.kubeconfig.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: demo\n"
        "contexts: [{name: demo, context: {cluster: mine, user: me}}]\n"
        "clusters: [{name: mine, cluster: {server: 'https://10.0.0.1'}}]\n"
        "users: [{name: me, user: {token: secret}}]\n"
    )
    before = cli.kubeconfig.read_text()
    refused = cli("create", "demo")
    assert refused.code == 6
    assert cli.kubeconfig.read_text() == before
    assert cli.account() == {}


def test_without_room_for_the_journal_nothing_is_asked_for(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = cli("create", "demo", env={"ACKGPU_STATE_DIR": str(tmp_path / "file")})
    assert refused.code == 2
    assert cli.account() == {}


@pytest.mark.long
def test_nothing_is_deleted_where_nobody_can_be_asked(cli: Cli) -> None:
    cli.ok("create", "demo")
    before = cli.account()
    refused = cli("delete", "demo")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert cli.account() == before


def test_a_fast_clock_is_refused_for_a_real_endpoint(cli: Cli) -> None:
    refused = cli("list", env={"ACKGPU_ENDPOINT_URL": "https://ecs.example.com"})
    assert refused.code == 2
    assert "ACKGPU_CLOCK_SPEED" in refused.err


@pytest.mark.long
def test_an_error_as_a_document_has_the_envelope(cli: Cli) -> None:
    refused = cli("describe", "nothing", "-o", "json")
    assert refused.code == 5
    assert refused.json["ok"] is False
    assert refused.json["exitCode"] == 5
    assert refused.json["error"]["code"] == "NotFound"


def test_flags_that_do_not_exist_are_2(cli: Cli) -> None:
    assert cli("create", "demo", "--nodse", "2").code == 2
    assert cli("crate").code == 2
    assert cli("list", "-o", "xml").code == 2


@pytest.mark.long
def test_no_secret_is_in_any_output(cli: Cli) -> None:
    secret = cli.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    made = cli("create", "demo", "-v", "-o", "json")
    shown = cli("config", "show")
    state = "".join(path.read_text() for path in (cli.home / "state").rglob("*") if path.is_file())
    for text in (made.out, made.err, shown.out, shown.err, state):
        assert secret not in text
        assert "PRIVATE KEY" not in text


def test_a_spec_can_be_begun_without_credentials(cli: Cli) -> None:
    cli.env = {"HOME": str(cli.home), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
    assert "name: demo" in cli.ok("config", "init", "demo").out
    refused = cli("plan", "demo")
    assert refused.code == 4
    assert "--emulator" in refused.err


def test_a_port_that_cannot_be_is_a_usage_error(cli: Cli) -> None:
    assert cli("emulator", "serve", "--port", "99999").code == 2
    assert cli("emulator", "serve", "--kube-port", "-1").code == 2


@pytest.mark.long
def test_a_create_that_found_everything_says_nothing_of_costs_that_it_did_not_ask(
    cli: Cli,
) -> None:
    assert "an hour" in cli.ok("create", "demo", "--no-verify").out
    assert "unknown" not in cli.ok("create", "demo", "--no-verify").out


@pytest.mark.parametrize(
    ("line", "command", "told"),
    [
        (("create", "demo", "--nodez", "3", "-o", "json"), "create", "--nodez"),
        (("create", "demo", "extra", "--output=json"), "create", "extra"),
        (("nodepool", "scale", "demo", "p", "-ojson", "--nodes", "many"), "nodepool scale", "many"),
        (("-o", "json", "creat", "demo"), "", "creat"),
        (("list", "-o", "json", "--color", "purple"), "list", "purple"),
        (("list", "-o", "json", "-q", "-v"), "list", "--quiet"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_parsed_is_a_document_too(
    cli: Cli, line: tuple[str, ...], command: str, told: str
) -> None:
    refused = cli(*line)
    assert refused.code == 2
    document = refused.json
    assert (document["command"], document["exitCode"], document["ok"]) == (command, 2, False)
    assert document["error"]["code"] == "Usage"
    assert told in document["error"]["message"]
    assert told in refused.err


def test_a_line_that_cannot_be_parsed_leaves_stdout_to_people_empty(cli: Cli) -> None:
    for line in (
        ("create", "--nodez"),
        ("list", "-o", "table", "--nodez"),
        ("list", "-o", "nosuch"),
    ):
        refused = cli(*line)
        assert (refused.code, refused.out) == (2, "")
    assert cli("list", "--nodez", env={"ACKGPU_OUTPUT": "yaml"}).out.startswith("schemaVersion")


@pytest.mark.parametrize(
    "line",
    [
        ("delete", "", "-y"), ("describe", ""), ("extend", "", "--hold"), ("create", ""),
        ("wait", "", "--for", "deleted"), ("nodepool", "list", ""), ("kubeconfig", "remove", ""),
        ("delete", "../../../tmp/x", "-y"), ("upgrade", "x" * 300, "-y"), ("describe", "a\udc80b"),
    ],
)  # fmt: skip
def test_what_is_no_clusters_name_is_refused_before_anything(
    cli: Cli, line: tuple[str, ...]
) -> None:
    """An empty tag value would select the clusters of everybody."""
    cli.emulator.requests.clear()
    assert cli(*line).code == 2
    assert not list(cli.emulator.requests)


@pytest.mark.parametrize(
    "line",
    [
        ("upgrade", "demo", "--yes", "--to", ""), ("verify", "demo", "--kubeconfig", ""),
        ("sleep", "demo", "--yes", "--print-schedule", ""),
        ("gc", "--execute", "--yes", "--older-than="), ("create", "demo", "--yes", "--vpc-id", ""),
        ("create", "demo", "--yes", "--zone", ""),
        ("nodepool", "attach", "demo", "gpu", "--instance-id", "", "--yes"),
    ],
)  # fmt: skip
def test_an_empty_value_does_not_pass_for_a_flag_that_was_left_out(
    cli: Cli, line: tuple[str, ...]
) -> None:
    """It is a variable that was not set: `upgrade --to "$TO"` would go to any version."""
    cli.emulator.requests.clear()
    refused = cli(*line)
    assert refused.code == 2
    assert "is empty" in refused.err
    assert not list(cli.emulator.requests)
