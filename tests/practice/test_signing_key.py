"""The key of the practice identity provider."""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.practice.signing_key import SigningKey, new_key


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return new_key()


def test_a_token_is_known_again_and_a_changed_one_is_not(key: SigningKey) -> None:
    token = key.signed({"sub": "prodman"})
    header, payload, signature = token.split(".")
    changed = base64.urlsafe_b64encode(b'{"sub":"voadmin"}').rstrip(b"=").decode()

    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"kid": "practice1", "alg": "RS256"}
    assert key.has_signed(token)
    assert not key.has_signed(f"{header}.{changed}.{signature}")
    assert not key.has_signed(f"{header}.{payload}.")
    assert not key.has_signed(f"{header}.{payload}.{signature[:-4]}AAAA")


def test_two_keys_differ_and_know_only_their_own(key: SigningKey) -> None:
    other = new_key()

    assert other.jwk()["n"] != key.jwk()["n"]
    assert not other.has_signed(key.signed({}))


def test_the_secret_half_is_not_shown(key: SigningKey) -> None:
    assert set(key.jwk()) == {"kty", "use", "alg", "kid", "n", "e"}
    assert str(key.private) not in repr(key)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to compare with")
def test_openssl_takes_the_signature(key: SigningKey, tmp_path: Path) -> None:
    text, _dot, signature = key.signed({"sub": "prodman"}).rpartition(".")
    (tmp_path / "signature").write_bytes(base64.urlsafe_b64decode(signature + "=="))
    (tmp_path / "text").write_text(text)
    # The public key as openssl's own generator of ASN.1 writes it.
    (tmp_path / "key.conf").write_text(
        "asn1=SEQUENCE:spki\n[spki]\na=SEQUENCE:algorithm\nk=BITWRAP,SEQUENCE:rsa\n"
        "[algorithm]\no=OID:rsaEncryption\np=NULL\n"
        f"[rsa]\nn=INTEGER:0x{key.modulus:x}\ne=INTEGER:65537\n"
    )
    made = ["openssl", "asn1parse", "-genconf", "key.conf", "-noout", "-out", "key.der"]
    subprocess.run(made, cwd=tmp_path, check=True)

    check = [
        "openssl",
        "dgst",
        "-sha256",
        "-keyform",
        "DER",
        "-verify",
        "key.der",
        "-signature",
        "signature",
        "text",
    ]
    said = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert said.stdout.strip() == "Verified OK"
