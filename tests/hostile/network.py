"""A network between the gateway and PanDA that loses, delays and doubles what it carries, by a seeded die.

Only submissions and look-ups are treated so. What it did to each submission is kept by the submission's key,
so that a test can tell what the network made twice from what we sent twice.
"""

import asyncio
import contextlib
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

SUBMIT = b"POST /api/v1/task/submit"
LOOK_UP = b"GET /api/v1/task/get_tasks_detailed_info_since"
KEY = "spdSubmissionKey"
# A practice PanDA whose database fails says so, in its own way.
EMPTY = b'{"success": true, "message": "", "data": []}'
PAGE = b"<html><body>bad gateway</body></html>"
GARBLED = b"{'success': True, 'message': 'succeeded', 'data': 1}"

SUBMISSION_FAULTS = (
    "lose the request",
    "lose the answer",
    "cut the answer",
    "delay the request",
    "say nothing",
    "answer a page",
    "answer python",
    "refuse the connection",
)
LOOK_UP_FAULTS = ("lose the request", "lose the answer", "cut the answer", "answer nothing", "answer a page")


@dataclass
class Network:
    """What it does, how often, and what it has done."""

    port: int
    seed: int
    fault_rate: float = 0.5
    double_rate: float = 0.05
    # Delays end long before anything settles; only `hold` makes a request that comes too late.
    delay_s: float = 0.8
    hold: dict[str, float] = field(default_factory=dict)
    # Submissions whose next answer is lost, by key, and whether every look-up is told that there is nothing.
    lose: set[str] = field(default_factory=set)
    is_blind: bool = False
    url: str = ""
    carried: Counter[str] = field(default_factory=Counter)
    doubled: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    _die: random.Random = field(default_factory=random.Random)
    _later: set[asyncio.Task[None]] = field(default_factory=set)
    _carrying: set[asyncio.Task[object] | None] = field(default_factory=set)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one request: the clients under test open a connection for each.

        Once a client is killed, asyncio itself does not keep what carries its request to PanDA: it could be
        collected in the middle of it.
        """
        carrying = asyncio.current_task()
        self._carrying.add(carrying)
        try:
            await self._carry(reader, writer)
        finally:
            self._carrying.discard(carrying)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            request = await _message(reader)
            if request.startswith(SUBMIT):
                await self._submission(request, writer)
            elif request.startswith(LOOK_UP):
                await self._look_up(request, writer)
            elif request:
                await self._answer(writer, await self._forward(request))
        await _closed(writer)

    async def _submission(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        key = str(json.loads(request.partition(b"\r\n\r\n")[2])["task_parameters"].get(KEY))
        if key in self.hold:
            self._forward_later(request, key, self.hold.pop(key))
            return
        if key in self.lose:
            self.lose.discard(key)
            await self._carried(request, key)
            return
        fault = self._fault(SUBMISSION_FAULTS)
        is_doubled = self._die.random() < self.double_rate
        match fault:
            case "lose the request" | "refuse the connection":
                return
            case "say nothing":
                await asyncio.sleep(self.delay_s)
            case "delay the request":
                self._forward_later(request, key, self._die.uniform(0.1, self.delay_s))
                await asyncio.sleep(self.delay_s)
            case "answer a page":
                await self._answer(writer, _http(502, PAGE))
            case _:
                answer = await self._carried(request, key)
                if is_doubled:
                    self.doubled[key] += 1
                    await self._carried(request, key)
                match fault:
                    case "lose the answer":
                        return
                    case "cut the answer":
                        answer = answer[:-20]
                    case "answer python":
                        answer = _http(200, GARBLED)
                    case _:
                        pass
                await self._answer(writer, answer)

    async def _look_up(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        match "answer nothing" if self.is_blind else self._fault(LOOK_UP_FAULTS):
            case "lose the request":
                return
            case "answer nothing":
                await self._answer(writer, _http(200, EMPTY))
            case "answer a page":
                await self._answer(writer, _http(502, PAGE))
            case fault:
                answer = await self._forward(request)
                if fault != "lose the answer":
                    await self._answer(writer, answer[:-20] if fault == "cut the answer" else answer)

    def _fault(self, faults: tuple[str, ...]) -> str | None:
        fault = self._die.choice(faults) if self._die.random() < self.fault_rate else None
        if fault is not None:
            self.faults[fault] += 1
        return fault

    def _forward_later(self, request: bytes, key: str, after_s: float) -> None:
        async def later() -> None:
            await asyncio.sleep(after_s)
            await self._carried(request, key)

        task = asyncio.get_running_loop().create_task(later())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _carried(self, request: bytes, key: str) -> bytes:
        self.carried[key] += 1
        return await self._forward(request)

    async def _forward(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            return await _message(reader)
        finally:
            await _closed(writer)

    async def _answer(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        writer.write(answer)
        await writer.drain()


async def _closed(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.close()
        await writer.wait_closed()


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
        if line.startswith(b"transfer-encoding:") and b"chunked" in line:
            return head + await _chunks(reader)
    return head + await reader.readexactly(length)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """Read a body in chunks as it is on the wire; a real PanDA sends long lists so."""
    body = b""
    while True:
        size = await reader.readuntil(b"\r\n")
        body += size + await reader.readexactly(int(size, 16) + 2)
        if int(size, 16) == 0:
            return body


def _http(status: int, content: bytes) -> bytes:
    return b"HTTP/1.1 %d x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
        status,
        len(content),
        content,
    )


@contextlib.contextmanager
def hostile_network(port: int, *, seed: int, **how: float) -> Iterator[Network]:
    """Stand between the gateway and the PanDA on that port of loopback, in a thread of its own."""
    network = Network(port, seed, **how)  # type: ignore[arg-type]
    network._die.seed(seed)
    loop = asyncio.new_event_loop()
    started = threading.Event()
    stop: asyncio.Future[None] = loop.create_future()

    async def serve() -> None:
        async with await asyncio.start_server(network.carry, "127.0.0.1", 0) as server:
            network.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            started.set()
            await stop
            for task in list(network._later):
                task.cancel()

    async def end_all() -> None:
        # What is cancelled closes its connections first, which takes a busy machine its time.
        left = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=15)

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(end_all())
        loop.close()

    thread = threading.Thread(target=run, name="hostile network")
    thread.start()
    assert started.wait(20)
    try:
        yield network
    finally:
        loop.call_soon_threadsafe(stop.set_result, None)
        thread.join(30)
