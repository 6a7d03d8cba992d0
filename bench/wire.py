"""A client that costs little beside the server it measures: plain sockets, and every body is looked at."""

import json
import selectors
import socket
import time
from collections.abc import Mapping, Sequence

from bench.questions import Question

# Different variables that are asked with in turn.
TURNS = 64
TIMEOUT_S = 120.0
_PIECE = 1 << 18


class Connection:
    """One connection kept open, with at most one question under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pieces: list[bytes] = []
        self._size = 0
        self._whole = -1

    def ask(self, request: bytes) -> int:
        """Return the size of the answer's body, once it is there."""
        self.socket.sendall(request)
        while (size := self.take()) is None:
            pass
        return size

    def take(self) -> int | None:
        """Take what has come; return the size of the body when it is whole."""
        piece = self.socket.recv(_PIECE)
        if not piece:
            raise RuntimeError("the server closed the connection")
        self._pieces.append(piece)
        self._size += len(piece)
        if self._whole < 0:
            self._read_head()
        is_whole = self._size == self._whole if self._whole else piece.endswith(b"0\r\n\r\n")
        if not is_whole:
            return None
        content = b"".join(self._pieces)
        head, _, body = content.partition(b"\r\n\r\n")
        # A fast wrong answer is no answer.
        if b" 200 " not in head[:16] or b'"errors"' in body[:200] or b'"data"' not in body[:200]:
            raise RuntimeError(f"no answer: {content[:400]!r}")
        self._pieces, self._size, self._whole = [], 0, -1
        return len(body)

    def _read_head(self) -> None:
        """Find how long the whole answer is; 0 for one that comes in chunks and says its end itself."""
        head, end, _ = b"".join(self._pieces).partition(b"\r\n\r\n")
        if not end:
            return
        self._whole = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                self._whole = len(head) + 4 + int(line.partition(b":")[2])


def requests_of(question: Question, headers: Mapping[str, str]) -> Sequence[bytes]:
    """Return the requests that ask a question, one for each turn."""
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    found = []
    for turn in range(TURNS):
        body = json.dumps({"query": question.document, "variables": question.variables(turn)}).encode()
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Accept: application/json\r\n{said}Content-Length: {len(body)}\r\n\r\n"
        )
        found.append(head.encode() + body)
    return found


def answers_of_many(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> float:
    """Ask over several connections at once for a while; return the answers per second."""
    chosen = selectors.DefaultSelector()
    opened = [Connection(port) for _ in range(connections)]
    for number, connection in enumerate(opened):
        chosen.register(connection.socket, selectors.EVENT_READ, connection)
        connection.socket.sendall(requests[number % len(requests)])
    began = time.perf_counter()
    ends, turn, answers = began + seconds, connections, 0
    while (now := time.perf_counter()) < ends:
        for key, _events in chosen.select(TIMEOUT_S):
            connection = key.data
            if connection.take() is not None:
                answers += 1
                turn += 1
                connection.socket.sendall(requests[turn % len(requests)])
    for connection in opened:
        connection.socket.close()
    return answers / (now - began)
