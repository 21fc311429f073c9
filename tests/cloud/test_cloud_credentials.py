from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from ackgpu.cloud.aliyun.credentials import find, static
from ackgpu.cloud.aliyun.endpoints import Endpoints
from ackgpu.errors import CredentialsError
from tests.cloud.scripted_servers import Answer, http

AK = {"name": "work", "mode": "AK", "access_key_id": "LTAI-work", "access_key_secret": "s3cret"}
LOOPBACK = Endpoints.at("http://127.0.0.1:1")
KEYS = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI-env", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-s3cret"}


def home_with(tmp_path: Path, *profiles: dict[str, Any], current: str = "") -> Path:
    home = tmp_path / "somebody"
    (home / ".aliyun").mkdir(parents=True)
    content = {"current": current, "profiles": list(profiles)}
    (home / ".aliyun" / "config.json").write_text(json.dumps(content))
    return home


def key_of(env: dict[str, str], home: Path, **options: Any) -> tuple[str, str, str]:
    credential = find(env, home, **options).client().get_credential()
    return (
        credential.access_key_id,
        credential.access_key_secret,
        credential.security_token or "",
    )


@pytest.mark.parametrize(
    ("env", "key"),
    [
        (KEYS, ("LTAI-env", "env-s3cret", "")),
        (
            {**KEYS, "ALIBABA_CLOUD_SECURITY_TOKEN": "tok"},
            ("LTAI-env", "env-s3cret", "tok"),
        ),
        (
            {**KEYS, "ACKGPU_ACCESS_KEY_ID": "a", "ACKGPU_ACCESS_KEY_SECRET": "b"},
            ("a", "b", ""),
        ),
        ({"ALICLOUD_ACCESS_KEY": "c", "ALICLOUD_SECRET_KEY": "d"}, ("c", "d", "")),
        (
            {**KEYS, "ALICLOUD_ACCESS_KEY": "c", "ALICLOUD_SECRET_KEY": "d"},
            ("LTAI-env", "env-s3cret", ""),
        ),
        ({**KEYS, "ACKGPU_PROFILE": "work"}, ("LTAI-work", "s3cret", "")),
        ({**KEYS, "ALIBABA_CLOUD_PROFILE": "work"}, ("LTAI-work", "s3cret", "")),
        ({"ALIBABA_CLOUD_PROFILE": "work"}, ("LTAI-work", "s3cret", "")),
        ({}, ("LTAI-current", "x", "")),
    ],
)
def test_the_first_source_in_order_is_used(
    tmp_path: Path, env: dict[str, str], key: tuple[str, str, str]
) -> None:
    current = {**AK, "name": "now", "access_key_id": "LTAI-current", "access_key_secret": "x"}
    home = home_with(tmp_path, AK, current, current="now")
    assert key_of(env, home) == key


OIDC = {
    "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/r",
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/p",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/var/run/secrets/token",
}
URI = {"ALIBABA_CLOUD_CREDENTIALS_URI": "http://127.0.0.1:9/"}
ECS = {"ALIBABA_CLOUD_ECS_METADATA": "node-role"}
INI = "[default]\ntype = access_key\naccess_key_id = LTAI-ini\naccess_key_secret = ini-s3cret\n"


def write_ini(home: Path, text: str = INI) -> Path:
    file = home / ".alibabacloud" / "credentials"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def test_the_order_is_that_of_the_sdks_chain(tmp_path: Path) -> None:
    home = home_with(tmp_path, AK, current="work")
    ini = write_ini(home)
    everything = {**KEYS, **OIDC, **ECS, **URI}
    named = find({**everything, "ALIBABA_CLOUD_PROFILE": "work"}, home).name
    assert named == "profile work (AK)"
    order = [
        ("ALIBABA_CLOUD_*", lambda: [everything.pop(key) for key in KEYS]),
        (
            "the OIDC token of ALIBABA_CLOUD_OIDC_TOKEN_FILE",
            lambda: [everything.pop(key) for key in OIDC],
        ),
        ("profile work (AK)", (home / ".aliyun" / "config.json").unlink),
        (f"[default] of {ini} (AK)", ini.unlink),
        ("the ECS RAM role node-role", lambda: [everything.pop(key) for key in ECS]),
        ("ALIBABA_CLOUD_CREDENTIALS_URI", everything.clear),
    ]
    for source, take_away in order:
        assert find(everything, home).name == source
        take_away()
    with pytest.raises(CredentialsError, match="No Alibaba Cloud credentials"):
        find(everything, home)


def test_a_stale_profile_does_not_sign_where_a_pod_has_its_token(tmp_path: Path) -> None:
    stale = {**AK, "name": "default", "access_key_id": "LTAI-of-somebody-who-left"}
    source = find(OIDC, home_with(tmp_path, stale, current="default"))
    assert source.name == "the OIDC token of ALIBABA_CLOUD_OIDC_TOKEN_FILE"


@pytest.mark.parametrize("lacking", ["ROLE_ARN", "OIDC_PROVIDER_ARN", "OIDC_TOKEN_FILE"])
@pytest.mark.parametrize("how", ["unset", "empty"])
def test_half_of_an_oidc_token_is_an_error_and_no_stale_profile_signs(
    tmp_path: Path, lacking: str, how: str
) -> None:
    home = home_with(tmp_path, {**AK, "name": "default"}, current="default")
    variable = f"ALIBABA_CLOUD_{lacking}"
    env = {**OIDC, variable: ""} if how == "empty" else without(OIDC, variable)
    with pytest.raises(CredentialsError, match=f"{variable} is not"):
        find(env, home)


def test_the_arn_of_a_role_by_itself_says_nothing(tmp_path: Path) -> None:
    """Other programs read it as well: it is no token of a pod."""
    home = home_with(tmp_path, {**AK, "name": "default"}, current="default")
    assert find({"ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/r"}, home).name.startswith("profile")


def without(env: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in env.items() if key != name}


ROLE_OF_INSTANCE = {"ram_role_name": "node-role", "ram_role_arn": "acs:ram::1:role/ops"}


@pytest.mark.long
@pytest.mark.parametrize("mode", ["RamRoleArnWithRoleName", "RamRoleArnWithEcs"])
def test_a_role_that_the_role_of_an_instance_assumes_is_a_profile(
    tmp_path: Path, mode: str
) -> None:
    """As Alibaba Cloud's CLI writes it."""
    home = home_with(tmp_path, {"name": "work", "mode": mode, **ROLE_OF_INSTANCE}, current="work")
    source = find({}, home)
    assert source.name == f"profile work ({mode})"
    assert source.region == ""
    build = f"find({{}}, pathlib.Path({str(home)!r})).client()"
    assert printed(f"print(type({build}).__name__)") == "Client"
    with pytest.raises(CredentialsError, match="asks the metadata service"):
        find({}, home, profile="work", endpoints=LOOPBACK)


def test_a_profile_that_nobody_filled_is_none(tmp_path: Path) -> None:
    empty = {"name": "default", "mode": "AK", "access_key_id": "", "region_id": "cn-hangzhou"}
    home = home_with(tmp_path, empty, current="default")
    assert find(ECS, home).name == "the ECS RAM role node-role"
    with pytest.raises(CredentialsError, match="lacks access_key_id"):
        find(ECS, home, profile="default")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (INI, ("LTAI-ini", "ini-s3cret", "")),
        (INI.replace("s3cret", "s3cret # of March"), ("LTAI-ini", "ini-s3cret", "")),
        (
            INI.replace("access_key\n", "sts\n", 1) + "security_token = tok\n",
            ("LTAI-ini", "ini-s3cret", "tok"),
        ),
    ],
)
def test_the_sdks_file_of_credentials_is_read(
    tmp_path: Path, text: str, key: tuple[str, str, str]
) -> None:
    file = write_ini(tmp_path, text)
    assert key_of({}, tmp_path) == key
    elsewhere = file.rename(tmp_path / "elsewhere")
    assert key_of({"ALIBABA_CLOUD_CREDENTIALS_FILE": str(elsewhere)}, tmp_path / "nobody") == key


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no section", "is not a file of credentials"),
        ("[default]\ntype = rsa_key_pair\n", "has the type rsa_key_pair"),
        ("[default]\ntype = access_key\naccess_key_id = LTAI\n", "lacks access_key_secret"),
        ("[default]\n", "has the type none"),
    ],
)
def test_a_file_of_credentials_that_is_broken_is_never_passed_over(
    tmp_path: Path, text: str, words: str
) -> None:
    write_ini(tmp_path, text)
    with pytest.raises(CredentialsError, match=words):
        find(ECS, tmp_path)


def test_a_file_without_the_section_counts_only_where_it_was_named(tmp_path: Path) -> None:
    file = write_ini(tmp_path, "[other]\ntype = access_key\n")
    assert find(ECS, tmp_path).name == "the ECS RAM role node-role"
    with pytest.raises(CredentialsError, match=r"has no section \[default\]"):
        find({**ECS, "ALIBABA_CLOUD_CREDENTIALS_FILE": str(file)}, tmp_path)


def test_the_profile_flag_wins_over_keys_in_the_environment(tmp_path: Path) -> None:
    home = home_with(tmp_path, {**AK, "region_id": "cn-beijing"})
    assert key_of(KEYS, home, profile="work")[0] == "LTAI-work"
    assert find(KEYS, home, profile="work").region == "cn-beijing"


def test_nothing_at_all_says_how_to_give_credentials(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError) as caught:
        find({}, tmp_path)
    assert caught.value.exits_with == 4
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in str(caught.value.resolution)
    assert "--profile" in str(caught.value.resolution)


def test_half_a_pair_of_keys_is_an_error(tmp_path: Path) -> None:
    home = home_with(tmp_path, AK, current="work")
    with pytest.raises(CredentialsError, match="ALIBABA_CLOUD_ACCESS_KEY_SECRET is not"):
        find({"ALIBABA_CLOUD_ACCESS_KEY_ID": "k"}, home)


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ({"name": "p", "mode": "AK", "access_key_id": "k"}, "lacks access_key_secret"),
        ({"name": "p", "mode": "StsToken", **{k: AK[k] for k in AK if "key" in k}}, "sts_token"),
        ({"name": "p", "mode": "Telepathy"}, "mode Telepathy"),
        ({"name": "p", "mode": "RamRoleArn", **{k: AK[k] for k in AK if "key" in k}}, "role_arn"),
        (
            {
                "name": "p",
                "mode": "ChainableRamRoleArn",
                "source_profile": "gone",
                "ram_role_arn": "acs:ram::1:role/r",
            },
            "no profile gone",
        ),
        (
            {
                "name": "p",
                "mode": "ChainableRamRoleArn",
                "source_profile": "p",
                "ram_role_arn": "acs:ram::1:role/r",
            },
            "circle",
        ),
        ({"name": "other", "mode": "AK"}, "There is no profile p"),
    ],
)
def test_a_broken_profile_that_was_chosen_is_never_passed_over(
    tmp_path: Path, profile: dict[str, Any], words: str
) -> None:
    home = home_with(tmp_path, profile, current="p")
    oidc = {"ALIBABA_CLOUD_ECS_METADATA": "role"}
    for options, env in (({"profile": "p"}, KEYS), ({}, oidc)):
        with pytest.raises(CredentialsError, match=words):
            find(env, home, **options)


@pytest.mark.parametrize("content", ["", "[]", "{not json", '{"profiles": [{"mode": "AK"}]}'])
def test_a_broken_configuration_file_is_named(tmp_path: Path, content: str) -> None:
    home = home_with(tmp_path)
    (home / ".aliyun" / "config.json").write_text(content)
    with pytest.raises(CredentialsError, match=r"config\.json"):
        find({}, home)


def test_a_real_profile_does_not_sign_for_an_emulator_unless_named(tmp_path: Path) -> None:
    home = home_with(tmp_path, AK, current="work")
    for env in ({}, {"ACKGPU_PROFILE": "work"}, {"ALIBABA_CLOUD_PROFILE": "work"}):
        with pytest.raises(CredentialsError, match="emulator"):
            find(env, home, endpoints=LOOPBACK)
    assert key_of({}, home, endpoints=LOOPBACK, profile="work")[0] == "LTAI-work"
    assert key_of(KEYS, home, endpoints=LOOPBACK)[0] == "LTAI-env"


def test_temporary_keys_of_a_profile_come_with_their_token(tmp_path: Path) -> None:
    home = home_with(tmp_path, {**AK, "mode": "StsToken", "sts_token": "tok"})
    assert key_of({}, home, profile="work") == ("LTAI-work", "s3cret", "tok")


def test_an_external_program_gives_the_keys(tmp_path: Path) -> None:
    answer = {"mode": "StsToken", "access_key_id": "X", "access_key_secret": "Y", "sts_token": "Z"}
    script = tmp_path / "give.py"
    script.write_text(f"print('''{json.dumps(answer)}''')")
    command = f"{sys.executable} {script}"
    home = home_with(tmp_path, {"name": "p", "mode": "External", "process_command": command})
    assert key_of({}, home, profile="p") == ("X", "Y", "Z")


def test_a_service_gives_the_keys_by_uri(tmp_path: Path, answering: Answer) -> None:
    body = {
        "Code": "Success",
        "AccessKeyId": "U",
        "AccessKeySecret": "V",
        "SecurityToken": "W",
        "Expiration": "2999-01-01T00:00:00Z",
    }
    server = answering(http("200 OK", json.dumps(body)))
    uri = f"{server.url}/keys"
    home = home_with(tmp_path, {"name": "p", "mode": "CredentialsURI", "credentials_uri": uri})
    assert key_of({}, home, profile="p") == ("U", "V", "W")
    assert key_of({"ALIBABA_CLOUD_CREDENTIALS_URI": uri}, tmp_path) == ("U", "V", "W")


def test_no_secret_is_in_a_representation(tmp_path: Path) -> None:
    home = home_with(tmp_path, AK, current="work")
    shown = repr(find({}, home)) + repr(static("k", "very-secret", "token-secret"))
    assert "s3cret" not in shown
    assert "secret" not in shown


def test_no_thread_and_no_metadata_call_is_left_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    home = home_with(tmp_path, AK, current="work")
    key_of({}, home)
    assert threading.active_count() == before


def test_the_ecs_role_is_asked_for_only_where_it_is_named(tmp_path: Path) -> None:
    role = {"ALIBABA_CLOUD_ECS_METADATA": "my-role"}
    assert find(role, tmp_path).name == "the ECS RAM role my-role"
    with pytest.raises(CredentialsError, match="No Alibaba Cloud credentials"):
        find({**role, "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}, tmp_path)


def test_what_the_sdk_refuses_of_a_profile_is_an_error_that_names_it(tmp_path: Path) -> None:
    role = {"mode": "RamRoleArn", "ram_role_arn": "acs:ram::1:role/r", "expired_seconds": 60}
    home = home_with(tmp_path, {**AK, **role})
    with pytest.raises(CredentialsError, match=r"profile work \(RamRoleArn\) cannot be used"):
        find({}, home, profile="work").client()


@pytest.mark.long
def test_an_ecs_role_leaves_no_scheduler_behind(tmp_path: Path) -> None:
    program = (
        f"find({{'ALIBABA_CLOUD_ECS_METADATA': 'r'}}, pathlib.Path({str(tmp_path)!r})).client()\n"
        "print([thread.name for thread in threading.enumerate()])\n"
    )
    assert printed(program) == "['MainThread']"


def printed(program: str) -> str:
    """What lines of Python print in a process whose environment says nothing of credentials."""
    head = "import threading, pathlib\nfrom ackgpu.cloud.aliyun.credentials import find\n"
    done = subprocess.run(
        [sys.executable, "-c", head + program],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
