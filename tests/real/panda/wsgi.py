"""PanDA's WSGI application on loopback, beside the identity provider that its tests need.

httpd writes the whole path into SCRIPT_NAME, other servers write it into PATH_INFO. The key lives as long as
the process; whoever reaches the port may have any token signed, which is why it listens on loopback only.
"""

import base64
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))

import jwt
import stand_ins
from cryptography.hazmat.primitives.asymmetric import rsa

stand_ins.install()

from pandaserver.server.panda import application as panda  # noqa: E402 - after the stand-ins

ISSUER = os.environ["PRACTICE_ISSUER"]
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def application(environ, start_response):
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    if path.startswith(("/api/", "/server/")):
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = path, ""
        environ["CONTENT_LENGTH"] = environ.get("CONTENT_LENGTH") or "0"
        return panda(environ, start_response)
    if path == "/sign":
        content = _sign(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))).encode()
    elif path == "/jwks":
        content = json.dumps(_keys()).encode()
    else:
        content = json.dumps({"issuer": ISSUER, "jwks_uri": f"{ISSUER}jwks"}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
    return [content]


def _sign(claims):
    now = int(time.time())
    whole = {"iss": ISSUER, "aud": "panda", "iat": now, "nbf": now, "exp": now + 3600, **claims}
    return jwt.encode(whole, KEY, algorithm="RS256", headers={"kid": "practice"})


def _keys():
    public = KEY.public_key().public_numbers()
    return {
        "keys": [{"kty": "RSA", "kid": "practice", "alg": "RS256", "n": _b64(public.n), "e": _b64(public.e)}]
    }


def _b64(number):
    content = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
