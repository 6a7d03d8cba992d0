"""Secrets at rest: sealed by AES-GCM with a key from the environment, which can be changed without a pause.

Each seal names its key and is bound to its purpose, so that one cannot be put in the place of another.
"""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import CredentialMissingError, SettingError

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_VERSION: Final = "v1"


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    cipher: AESGCM = field(repr=False)


class Sealer:
    """Seals with the first key and opens with any; a key may go when nothing is sealed with it any more."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._keys = {key.name: key for key in map(_named, keys)}
        self._first = _named(keys[0])

    def seal(self, secret: str, purpose: str) -> str:
        """Return the secret as text that tells nothing without the key; each time another."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._first.cipher.encrypt(nonce, secret.encode(), purpose.encode())
        return ".".join((_VERSION, self._first.name, base64.urlsafe_b64encode(nonce + sealed).decode()))

    def open(self, sealed: str, purpose: str) -> str:
        """Return the secret; raise CredentialMissingError for what was not sealed here for this purpose."""
        try:
            version, name, text = sealed.split(".")
            key = self._keys[name]
            content = base64.urlsafe_b64decode(text.encode("ascii"))
            opened = key.cipher.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], purpose.encode())
        except (KeyError, ValueError, binascii.Error, InvalidTag) as error:
            raise CredentialMissingError(
                "what the gateway keeps of your login cannot be read any more; log in again"
            ) from error
        if version != _VERSION:
            raise CredentialMissingError(
                "what the gateway keeps of your login is of another version; log in again"
            )
        return opened.decode()

    def is_current(self, sealed: str) -> bool:
        """Whether it is sealed with the first key."""
        return sealed.split(".")[1:2] == [self._first.name]


def new_key() -> str:
    """Return a new key as the setting takes it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def sealer_of(text: str, setting: str) -> Sealer:
    """Read keys from a setting, the one to seal with first; raise SettingError that shows none of them."""
    keys: list[bytes] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            key = base64.b64decode(part.encode("ascii"), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error) as error:
            raise SettingError(f"{setting}: a key is not base64; `gateway new-key` makes one") from error
        if len(key) != KEY_BYTES:
            raise SettingError(
                f"{setting}: a key has {len(key)} bytes, not {KEY_BYTES}; `gateway new-key` makes one"
            )
        keys.append(key)
    if not keys:
        raise SettingError(f"{setting} is empty; `gateway new-key` makes a key")
    return Sealer(tuple(keys))


def _named(key: bytes) -> _Key:
    return _Key(hashlib.sha256(b"gateway key name" + key).hexdigest()[:8], AESGCM(key))
