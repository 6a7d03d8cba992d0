"""A small client for notebooks, scripts and the command line; it needs nothing of the server.

    from gateway.client import Gateway

    gateway = Gateway()                       # GATEWAY_URL, or the gateway on this machine
    gateway.frame("{ tasks { nodes { jediTaskId name status } } }")

It imports httpx2 and this package's errors only; `frame` needs pandas, which the extra `client` brings.
"""

from gateway.client.asking import Gateway
from gateway.client.failures import AnswerError, UnansweredError, UncertainError
from gateway.client.files import FileUrls

__all__ = ["AnswerError", "FileUrls", "Gateway", "UnansweredError", "UncertainError"]
