"""Key pairs: ECS keeps the public key and hands the private one out once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any

from ackgpu.emulator.ecs import PRODUCT
from ackgpu.emulator.ecs.tags import has_tags, new_tags, tag_rows
from ackgpu.emulator.errors import ApiError
from ackgpu.emulator.operation import Call, page_of
from ackgpu.emulator.shared import limits
from ackgpu.emulator.shared.fields import minute_stamp
from ackgpu.emulator.store import Doc

KIND = "keypair"
NAME = re.compile(r"[^\W\d_][\w:-]{1,127}")
MAX_DELETED = 100
MAX_INSTANCES = 50


@PRODUCT.operation("CreateKeyPair", writes=True, idempotent_by_token=False)
def create_key_pair(call: Call) -> dict[str, Any]:
    """CreateKeyPair: an RSA pair of 2048 bits, the private key in PEM form."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    doc = _make(call, public.decode())
    return _identity(doc) | {"KeyPairId": doc.id, "PrivateKeyBody": private}


@PRODUCT.operation("ImportKeyPair", writes=True, idempotent_by_token=False)
def import_key_pair(call: Call) -> dict[str, Any]:
    """ImportKeyPair: an OpenSSH RSA public key."""
    return _identity(_make(call, call.params.required("PublicKeyBody")))


def _make(call: Call, public_key: str) -> Doc:
    name = call.params.required("KeyPairName")
    if not NAME.fullmatch(name) or name.startswith(("http://", "https://")):
        raise ApiError("InvalidKeyPairName.Malformed", "Specified Key Pair name is not valid.")
    if _find(call, name):
        raise ApiError("KeyPair.AlreadyExist", "The key pair already exist.")
    limits.refuse_over(call, "key_pairs", len(call.all(KIND)), region=call.region)
    body = {
        "PublicKey": public_key.strip(),
        "KeyPairFingerPrint": _fingerprint(public_key),
        "ResourceGroupId": call.params.text("ResourceGroupId"),
        "Tags": new_tags(call),
        "phases": [[call.now, "Available"]],
    }
    doc_id = call.new_id("ssh-bp1", 17)
    return call.docs.put(Doc(KIND, doc_id, call.region, "", name, call.now, None, body))


def _fingerprint(public_key: str) -> str:
    """MD5 over the key's bytes, as OpenSSH shows it; refuses what is no RSA key."""
    kind, _, rest = public_key.strip().partition(" ")
    try:
        data = base64.b64decode(rest.split(" ")[0], validate=True)
    except binascii.Error:
        data = b""
    if kind != "ssh-rsa" or not data:
        raise ApiError(
            "InvalidPublicKeyBody.Malformed", "The PublicKeyBody format is not supported."
        )
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def _identity(doc: Doc) -> dict[str, Any]:
    return {"KeyPairName": doc.name, "KeyPairFingerPrint": doc.body["KeyPairFingerPrint"]}


def _find(call: Call, name: str) -> Doc | None:
    found = call.docs.find(KIND, at=call.now, region=call.region, name=name)
    return found[0] if found else None


@PRODUCT.operation("DescribeKeyPairs")
def describe_key_pairs(call: Call) -> dict[str, Any]:
    """DescribeKeyPairs, by page numbers; ``*`` in KeyPairName stands for anything."""
    name = call.params.text("KeyPairName")
    fingerprint = call.params.text("KeyPairFingerPrint")
    pattern = re.compile(re.escape(name).replace(r"\*", ".*"))
    docs = [
        doc
        for doc in call.all(KIND)
        if (not name or pattern.fullmatch(doc.name))
        and (not fingerprint or doc.body["KeyPairFingerPrint"] == fingerprint)
        and has_tags(call, doc)
    ]
    some, numbers = page_of(call, docs)
    whole = call.params.boolean("IncludePublicKey")
    rows = [_row(call, doc, with_key=whole) for doc in some]
    return {"KeyPairs": {"KeyPair": rows}, **numbers}


def _row(call: Call, doc: Doc, *, with_key: bool) -> dict[str, Any]:
    return _identity(doc) | {
        "CreationTime": minute_stamp(call, doc.created_at),
        "ResourceGroupId": doc.body["ResourceGroupId"],
        "PublicKey": doc.body["PublicKey"] if with_key else "",
        "Tags": {"Tag": tag_rows(call, doc)},
    }


@PRODUCT.operation("DeleteKeyPairs", writes=True, idempotent_by_token=False)
def delete_key_pairs(call: Call) -> None:
    """DeleteKeyPairs: names that do not exist are passed over; one in use refuses all."""
    names = call.params.json_list("KeyPairNames") or []
    if not 1 <= len(names) <= MAX_DELETED:
        raise ApiError(
            "InvalidKeyPairNames.ValueNotSupported",
            'The specified parameter "KeyPairNames" is not valid.',
        )
    used = {doc.body["KeyPairName"] for doc in call.all("instance")}
    for name in names:
        if name in used:
            raise ApiError(
                "InvalidParameter.KeypairAlreadyAttachedInstance",
                'The specified parameter "KeyPairNames" attached to instances can not be deleted.',
            )
        doc = _find(call, name)
        if doc is not None:
            doc.deleted_at = call.now
            call.docs.put(doc)


@PRODUCT.operation("AttachKeyPair", writes=True, idempotent_by_token=False)
def attach_key_pair(call: Call) -> dict[str, Any]:
    """AttachKeyPair: instances take the key at their next start; one key an instance."""
    return _bind(call, call.params.required("KeyPairName"))


@PRODUCT.operation("DetachKeyPair", writes=True, idempotent_by_token=False)
def detach_key_pair(call: Call) -> dict[str, Any]:
    """DetachKeyPair."""
    return _bind(call, "")


def _bind(call: Call, key_pair: str) -> dict[str, Any]:
    """Set the key pair of each instance named; every count is text in the answer."""
    name = call.params.required("KeyPairName")
    if _find(call, name) is None:
        raise ApiError(
            "InvalidKeyPairName.NotFound",
            "The specified parameter KeyPairName does not exist in our records.",
        )
    ids = call.params.json_list("InstanceIds") or []
    if len(ids) > MAX_INSTANCES:
        raise ApiError(
            "InstanceKeyPairLimitExceeded",
            "Exceeding the allowed amount of instance which will be deleted.",
            403,
        )
    rows = []
    for one in ids:
        doc = call.alive("instance", one)
        if doc is not None:
            doc.body["KeyPairName"] = key_pair
            call.docs.put(doc)
        rows.append(
            {
                "InstanceId": one,
                "Success": "true" if doc else "false",
                "Code": "200" if doc else "InvalidInstanceId.NotFound",
                "Message": "successful" if doc else f"There is no instance {one}.",
            }
        )
    failed = sum(row["Success"] == "false" for row in rows)
    return {
        "KeyPairName": name,
        "TotalCount": str(len(rows)),
        "FailCount": str(failed),
        "Results": {"Result": rows},
    }
