"""CRIC that shows its lists only to clients whose certificate it knows."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gateway.errors import DeniedError, UnreachableError
from gateway.upstreams.cric.client import CricAddress
from gateway.upstreams.cric.upstream import CricUpstream
from tests.support.manners import QUICK
from tests.upstreams.reading import read_one

QUEUES = json.dumps({"JINR_SPD": {"status": "online"}}).encode()

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="there is no openssl to make certificates"
)


class _Cric(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(QUEUES)))
        self.end_headers()
        self.wfile.write(QUEUES)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: socket.socket, _client: object) -> None:
        """Read what a refused client still says, or a reset would overtake the alert."""
        with socket.socket(fileno=os.dup(request.fileno())) as rest:
            rest.settimeout(20)
            while rest.recv(65_536):
                pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for a server on 127.0.0.1, and one for a client, each signed by itself."""
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("server", "client"):
        command = [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-noenc",
                "-days",
                "2",
                "-subj",
                f"/CN={name}",
            ),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{name}.key", "-out", f"{name}.pem"),
        ]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "client.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    with _Server(("127.0.0.1", 0), _Cric) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


async def _queues(url: str, context: ssl.SSLContext) -> list[object]:
    cric = CricUpstream(CricAddress(url), verify=context, manners=QUICK)
    try:
        (feed,) = [one for one in cric.feeds if one.section == "queues"]
        return [record["name"] for record in await read_one(feed)]
    finally:
        await cric.close()


async def test_with_its_certificate_a_client_is_let_in(url: str, folder: Path) -> None:
    context = ssl.create_default_context(cafile=str(folder / "server.pem"))
    context.load_cert_chain(folder / "client.pem", folder / "client.key")

    assert await _queues(url, context) == ["JINR_SPD"]


async def test_without_one_it_is_not(url: str, folder: Path) -> None:
    context = ssl.create_default_context(cafile=str(folder / "server.pem"))

    with pytest.raises(DeniedError, match="cric wants a client certificate"):
        await _queues(url, context)


async def test_a_server_that_nobody_vouches_for_is_not_believed(url: str) -> None:
    with pytest.raises(UnreachableError, match="cric cannot be reached"):
        await _queues(url, ssl.create_default_context())
