"""Run with the Python of the real server's environment: makes a key and tokens as an IAM would sign them.

Arguments: issuer, subject, how many, and how many characters of groups the last one holds.
Prints JSON: the key's public half as a key set, and the tokens.
"""

import json
import sys
import time

from Cryptodome.PublicKey import RSA
from jwkest.jwk import RSAKey
from jwkest.jws import JWS

issuer, subject, count, padding = sys.argv[1:]
key = RSAKey(kid="practice", use="sig", alg="RS256", key=RSA.generate(2048))
tokens = []
for number in range(int(count)):
    claims = {
        "iss": issuer,
        "sub": subject,
        "aud": "rucio",
        "scope": "openid profile",
        "iat": int(time.time()),
        "nbf": int(time.time()),
        "exp": int(time.time()) + 3600,
        "jti": f"practice-{number}",
    }
    if number == int(count) - 1:
        claims["groups"] = ["g" * int(padding)]
    tokens.append(JWS(json.dumps(claims), alg="RS256").sign_compact([key]))
print(json.dumps({"jwks": {"keys": [key.serialize()]}, "tokens": tokens}))
