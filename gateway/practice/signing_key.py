"""An RSA key made anew for a practice identity provider, and RS256 signatures with it.

For practice only: arithmetic of plain integers takes a time that depends on the key. It saves a cryptography
library where nothing is at stake.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

KEY_ID: Final = "practice1"
_EXPONENT: Final = 65_537
_BITS: Final = 2048
_SMALL_PRIMES: Final = tuple(n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2)))
# What PKCS #1 puts before a SHA-256 digest (RFC 8017, section 9.2, note 1).
_DIGEST_PREFIX: Final = bytes.fromhex("3031300d060960864801650304020105000420")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair; a new one for each process, so that no token outlives it."""

    modulus: int
    private: int = field(repr=False)

    def jwk(self) -> dict[str, str]:
        """The public half as a JSON web key."""
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": KEY_ID,
            "n": _base64(self.modulus.to_bytes(_BITS // 8, "big")),
            "e": _base64(_EXPONENT.to_bytes(3, "big")),
        }

    def signed(self, claims: Mapping[str, object]) -> str:
        """Return the claims as a compact JWT; like INDIGO IAM's, its header has no `typ`."""
        parts = ({"kid": KEY_ID, "alg": "RS256"}, claims)
        text = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        signature = pow(_padded(text.encode()), self.private, self.modulus)
        return f"{text}.{_base64(signature.to_bytes(_BITS // 8, 'big'))}"

    def has_signed(self, token: str) -> bool:
        """Whether the token's signature is this key's."""
        text, _dot, signature = token.rpartition(".")
        try:
            number = int.from_bytes(base64.urlsafe_b64decode(signature + "=="), "big")
        except ValueError:
            return False
        return pow(number, _EXPONENT, self.modulus) == _padded(text.encode())


def new_key() -> SigningKey:
    """Make a key; takes about a second."""
    while True:
        one, other = _prime(), _prime()
        modulus, order = one * other, (one - 1) * (other - 1)
        if modulus.bit_length() == _BITS and order % _EXPONENT:
            return SigningKey(modulus, pow(_EXPONENT, -1, order))


def _padded(text: bytes) -> int:
    digest = _DIGEST_PREFIX + sha256(text).digest()
    return int.from_bytes(b"\x00\x01" + b"\xff" * (_BITS // 8 - 3 - len(digest)) + b"\x00" + digest, "big")


def _prime() -> int:
    """A random number of half the bits, its two highest set, that is prime by 40 Miller-Rabin rounds."""
    half = _BITS // 2
    while True:
        number = secrets.randbits(half) | 3 << half - 2 | 1
        if all(number % small for small in _SMALL_PRIMES) and _is_prime(number):
            return number


def _is_prime(number: int) -> bool:
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_passes(number, odd, twos, secrets.randbelow(number - 3) + 2) for _round in range(40))


def _passes(number: int, odd: int, twos: int, witness: int) -> bool:
    power = pow(witness, odd, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
