"""No secret is in anything that is written, wherever it was planted and whatever goes wrong.

Each secret carries a mark of its own. After each story every output of it is searched: both
streams, all files of the state directory, reports and records.
"""

from __future__ import annotations

import base64
import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from gpu.lab import Lab, lab_on
from support.altering import Exchange, altering_proxy_to
from support.cli import Cli, Ended, cli_on
from support.credentials import new_role, new_user, profile

from ackgpu.cli.invocation import Invocation
from ackgpu.settings import Flags

MARK = "PLANTED"
SPEC = """\
apiVersion: ackgpu.dev/v1alpha1
kind: GpuCluster
metadata: {name: demo}
"""


def planted(place: str) -> str:
    """A secret that can be told from all others."""
    return f"{MARK}-{place}-0123456789abcdef"


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    with cli_on(tmp_path / "user", capsys) as shell:
        yield shell


@pytest.fixture
def lab(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Lab]:
    with lab_on(tmp_path / "user", capsys) as made:
        yield made


def leaks(cli: Cli, ended: Ended, *secrets: str) -> list[str]:
    """Where one of ``secrets``, or any planted one, is found."""
    wanted = {MARK, *secrets}
    wanted |= {base64.b64encode(secret.encode()).decode() for secret in secrets}
    texts = {"stdout": ended.out, "stderr": ended.err}
    for path in (cli.home / "state").rglob("*"):
        if path.is_file():
            texts[str(path)] = path.read_text(errors="replace")
    return [where for where, text in texts.items() if any(word in text for word in wanted)]


def spoil(cli: Cli, message: str, **fault: object) -> None:
    """The cloud refuses, and quotes ``message`` doing so."""
    refusal = {"effect": "error", "status": 400, "code": "Odd", "message": message, **fault}
    cli.emulator.set_faults({"faults": [refusal]})


FORMS = [(), ("-v",), ("-o", "json"), ("-o", "jsonl"), ("-o", "yaml")]
BROKEN = "CAISbroken\nin-two-by-the-copy-" + MARK


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
@pytest.mark.parametrize(
    "variable",
    [
        "ALIBABA_CLOUD_SECURITY_TOKEN",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ACKGPU_ACCESS_KEY_SECRET",
        "ALICLOUD_SECRET_KEY",
    ],
)
def test_a_key_or_token_of_two_lines_is_refused_unquoted(
    cli: Cli, variable: str, form: tuple[str, ...]
) -> None:
    env = {variable: BROKEN}
    if variable.startswith("ACKGPU"):
        env["ACKGPU_ACCESS_KEY_ID"] = "LTAI-own"
    if variable.startswith("ALICLOUD"):
        env["ALICLOUD_ACCESS_KEY"] = "LTAI-old"
        cli.env.pop("ALIBABA_CLOUD_ACCESS_KEY_ID")
        cli.env.pop("ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    ended = cli("list", *form, env=env)
    assert ended.code == 4, ended.err
    assert f"{variable} cannot be one: it has a line break" in " ".join(ended.err.split())
    assert not leaks(cli, ended, "in-two-by-the-copy")


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
@pytest.mark.parametrize(
    "variable", ["ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"]
)
def test_wrong_keys_of_the_environment(cli: Cli, variable: str, form: tuple[str, ...]) -> None:
    ended = cli("list", *form, env={variable: planted("environment")})
    assert ended.code == 4, ended.err
    assert not leaks(cli, ended)


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_a_cloud_that_echoes_the_secret(cli: Cli, form: tuple[str, ...]) -> None:
    secret = cli.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    said = f"bad {secret}, Authorization: Basic {planted('a')} SecurityToken={planted('t')}"
    spoil(cli, said, action="CreateVpc")
    ended = cli("create", "demo", *form)
    assert ended.code == 11, ended.err
    assert "[redacted]" in ended.err
    assert (cli.home / "state").exists()
    assert not leaks(cli, ended, secret)


def test_the_documents_of_a_failed_preflight(cli: Cli, tmp_path: Path) -> None:
    secret = cli.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    spoil(cli, f"bad key {secret}", action="CheckServiceRole")
    junit = tmp_path / "preflight.xml"
    ended = cli("preflight", "--junit", str(junit))
    assert "[redacted]" in junit.read_text()
    assert secret not in junit.read_text()
    assert not leaks(cli, ended, secret)


@pytest.mark.parametrize(
    "row",
    [
        {"mode": "AK", "access_key_id": "LTAI5tNobody000000"},
        {"mode": "StsToken", "access_key_id": "STS.nobody", "sts_token": planted("token")},
        {"mode": "RamRoleArn", "access_key_id": "LTAI5tNobody000000", "ram_role_arn": "nonsense"},
        {
            "mode": "CloudSSO",
            "access_token": planted("portal"),
            "cloud_sso_sign_in_url": f"https://user:{planted('portal')}@sso.test/",
            "cloud_sso_account_id": "1",
            "cloud_sso_access_config": "c",
            "cloud_sso_access_token_expire": 1,
        },
        {"mode": "OAuth", "oauth_refresh_token": planted("refresh")},
        {"mode": "CredentialsURI", "credentials_uri": f"http://127.0.0.1:9/{planted('uri')}"},
        {"mode": "CredentialsURI", "credentials_uri": f"http://u:{planted('uri')}@127.0.0.1:9/"},
        {"mode": planted("mode")[:0] or "Telepathy"},
    ],
    ids=lambda row: row["mode"],
)
@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_a_profile_that_is_refused(cli: Cli, row: dict[str, object], form: tuple[str, ...]) -> None:
    profile(cli.home, **{"access_key_secret": planted("profile"), **row})
    ended = cli("list", "-p", "p", *form)
    assert ended.code != 0
    assert not leaks(cli, ended)


SECTIONS = {
    "access_key": {"access_key_secret": planted("ini")},
    "sts": {"access_key_secret": planted("ini"), "security_token": planted("token")},
    "two lines": {"type": "access_key", "access_key_secret": f"{planted('ini')}\n and {MARK}"},
    "ram_role_arn": {"access_key_secret": planted("ini"), "role_arn": "nonsense"},
    "credentials_uri": {"credentials_uri": f"http://u:{planted('uri')}@127.0.0.1:9/"},
    "oidc_role_arn": {"oidc_token_file_path": "/nowhere", "access_key_secret": planted("ini")},
    "telepathy": {"access_key_secret": planted("ini")},
    "no section": {},
}
"""What stands in the SDKs' own file of credentials, by its type."""


@pytest.mark.parametrize("kind", SECTIONS)
@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_the_sdks_file_of_credentials(cli: Cli, kind: str, form: tuple[str, ...]) -> None:
    section = {"type": kind, "access_key_id": "LTAI5tNobody000000", **SECTIONS[kind]}
    file = cli.home / ".alibabacloud" / "credentials"
    file.parent.mkdir()
    lines = [f"{key} = {value}" for key, value in section.items()]
    if kind == "no section":
        lines = [f"access_key_secret = {planted('ini')}"]
    else:
        lines.insert(0, "[default]")
    file.write_text("\n".join(lines) + "\n")
    for variable in ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"):
        del cli.env[variable]
    ended = cli("list", *form)
    assert ended.code == 4, ended.err
    assert not leaks(cli, ended)
    ended = cli("doctor", *form)
    assert ended.code != 0
    assert not leaks(cli, ended)


def test_a_program_that_prints_keys_and_something_else(cli: Cli) -> None:
    other = {"access_key_id": planted("id"), "access_key_secret": planted("secret")}
    broken = {"access_key_id": "LTAI", "access_key_secret": planted("secret") + "\n"}
    for answer in (json.dumps(other) + "}", json.dumps(broken)):
        script = cli.home / "give.py"
        script.write_text(f"print({answer!r})")
        profile(cli.home, mode="External", process_command=f"{sys.executable} {script}")
        ended = cli("list", "-p", "p", "-v")
        assert ended.code == 4, ended.err
        assert not leaks(cli, ended)


def test_an_answer_of_sts_that_lacks_something(cli: Cli) -> None:
    key_id, secret = new_user(cli.emulator)
    role = new_role(cli.emulator)
    given: list[str] = []

    def lacking(exchange: Exchange) -> bytes:
        if exchange.action != "AssumeRole":
            return exchange.content
        body = json.loads(exchange.content)
        given.extend((body["Credentials"]["AccessKeySecret"], body["Credentials"]["SecurityToken"]))
        del body["Credentials"]["AccessKeyId"]
        return json.dumps(body).encode()

    with altering_proxy_to(cli.emulator.endpoint) as proxy:
        proxy.alter = lacking
        keys = {"access_key_id": key_id, "access_key_secret": secret, "ram_role_arn": role}
        profile(cli.home, mode="RamRoleArn", **keys)
        ended = cli("list", "-p", "p", "-v", env={"ACKGPU_ENDPOINT_URL": proxy.url})
    assert ended.code == 4, ended.err
    assert len(given) == 2
    assert not leaks(cli, ended, *given)


@pytest.mark.long
def test_keys_that_sts_gave(cli: Cli) -> None:
    key_id, secret = new_user(cli.emulator)
    keys = {"access_key_id": key_id, "access_key_secret": secret}
    profile(cli.home, mode="RamRoleArn", **keys, ram_role_arn=new_role(cli.emulator))
    ended = cli("create", "demo", "-p", "p", "-v")
    assert ended.code == 0, ended.err
    with cli.emulator.backend.transaction() as session:
        tokens = session.find("ststoken")
    assert tokens
    for doc in tokens:
        assert not leaks(cli, ended, secret, doc.body["AccessKeySecret"], doc.body["SecurityToken"])


@pytest.mark.long
def test_a_proxy_with_a_password(cli: Cli) -> None:
    url = f"http://operator:{planted('proxy')}@127.0.0.1:9"
    for form in FORMS:
        ended = cli(
            "list",
            *form,
            env={"ACKGPU_ENDPOINT_URL": "http://cloud.invalid", "ACKGPU_CLOCK_SPEED": "",
                 "HTTP_PROXY": url, "http_proxy": url, "ACKGPU_TIMEOUT": "1s"},
        )  # fmt: skip
        assert ended.code != 0
        assert not leaks(cli, ended)


@pytest.mark.parametrize(
    "text",
    [
        f"{SPEC}nodePools: [{{name: gpu, loginPassword: {planted('spec')}}}]\n",
        f"{SPEC}cluster: {{raw: {{login_password: {planted('spec')}}}}}\n",
    ],
)
def test_a_password_in_a_spec(cli: Cli, tmp_path: Path, text: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    for command in ("validate",):
        ended = cli("config", command, str(file))
        assert ended.code == 2, ended.err
        assert not leaks(cli, ended)


@pytest.mark.long
def test_the_password_of_nodes(cli: Cli, tmp_path: Path) -> None:
    password = "Aa1-PLANTED-nodes"
    cli.ok("create", "demo", "--no-verify")
    file = tmp_path / "password"
    file.write_text(f"{password}\n")
    for fault in (None, f"the password {password} is too well known"):
        if fault:
            spoil(cli, fault, action="CreateClusterNodePool")
        ended = cli(
            "nodepool", "add", "demo", f"p{len(fault or '')}", "--password-file", str(file), "-v"
        )
        assert ended.code == (11 if fault else 0), ended.err
        assert not leaks(cli, ended)


def kubeconfig(lab: Lab, **user: object) -> Path:
    """The lab's kubeconfig with another user."""
    document = yaml.safe_load(lab.path.read_text())
    for row in document["users"]:
        row["user"] = user
    file = lab.cli.home / "other"
    file.write_text(json.dumps(document))
    return file


# lightkube does not close the file that it hands a certificate to OpenSSL in.
@pytest.mark.long
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_keys_of_a_kubeconfig(lab: Lab, tmp_path: Path) -> None:
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{planted('key')}\n-----END RSA PRIVATE KEY-----\n"
    encoded = base64.b64encode(key.encode()).decode()
    script = tmp_path / "plugin.py"
    answer = {"status": {"token": planted("exec")}}
    script.write_text(f"print({json.dumps(answer)!r})")
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable}
    users: list[dict[str, object]] = [
        {"token": planted("token")},
        {"token": planted("token") + "\nbroken"},
        {"username": "admin", "password": planted("basic")},
        {"client-certificate-data": "bm9uZQ==", "client-key-data": encoded},
        {"client-key-data": planted("no base64")},
        {"exec": {**plugin, "args": [str(script)]}},
        {"exec": {**plugin, "args": ["-c", f"print({planted('nonsense')!r})"]}},
        {"exec": {**plugin, "args": ["-c", "import os; print(os.environ['T'])"],
                  "env": [{"name": "T", "value": planted("variable")}]}},
    ]  # fmt: skip
    for user in users:
        file = kubeconfig(lab, **user)
        report = tmp_path / "report.html"
        junit = tmp_path / "verify.xml"
        ended = lab.cli(
            "verify", "--kubeconfig", str(file), "-v", "-o", "json",
            "--junit", str(junit), "--report", str(report),
        )  # fmt: skip
        assert ended.code != 0
        assert not leaks(lab.cli, ended, encoded)
        for file in (report, junit):
            assert not file.exists() or MARK not in file.read_text()


def test_a_crash(cli: Cli) -> None:
    secret = cli.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    invocation = Invocation(env=cli.env, typed=("list",))
    invocation.start("list", Flags())
    error = RuntimeError(f"{secret} and https://u:{planted('url')}@proxy.test")
    path = Path(invocation.write_crash_log(error))
    invocation.close()
    text = path.read_text()
    assert "RuntimeError: [redacted] and https://[redacted]proxy.test" in text
    assert secret not in text
    assert MARK not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_the_cloud_says_is_quoted_to_2_kib(cli: Cli) -> None:
    spoil(cli, "word " * 200_000, action="DescribeVpcs")
    for form in FORMS:
        ended = cli("list", *form)
        assert ended.code == 11
        assert len(ended.err) < 4_000 + 2_500 * ("-v" in form)
        assert "characters more" in ended.err


@pytest.mark.long
def test_journals_events_and_locks_are_their_owners_alone(cli: Cli) -> None:
    cli.ok("create", "demo")
    cluster = next((cli.home / "state" / "clusters").rglob("journal.jsonl")).parent
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in cluster.iterdir()}
    assert {"journal.jsonl", "events.jsonl", "lock"} <= set(files)
    assert set(files.values()) == {0o600}


@pytest.mark.long
def test_a_log_of_events_that_others_could_read_is_closed_to_them(cli: Cli) -> None:
    cli.ok("create", "demo", "--no-verify")
    events = next((cli.home / "state" / "clusters").rglob("events.jsonl"))
    events.chmod(0o644)
    cli.ok("create", "demo", "--no-verify")
    assert stat.S_IMODE(events.stat().st_mode) == 0o600
