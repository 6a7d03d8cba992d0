"""An ASGI application served by a real uvicorn on loopback, for clients that are not Python."""

import contextlib
import threading
import time
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

START_TIMEOUT_S = 60


@contextlib.contextmanager
def served(app: ASGIApp, *, date_header: bool = True, has_lifespan: bool = False) -> Iterator[str]:
    """Serve an application on a free port of loopback, in a thread with its own loop; yield its URL.

    An application that dates its answers itself is served without `date_header`. With a lifespan it is told
    of its start and its end.
    """
    # HTTP as in production; no WebSocket library is loaded, and nothing is logged twice.
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        ws="none",
        log_config=None,
        lifespan="on" if has_lifespan else "off",
        date_header=date_header,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="uvicorn")
    thread.start()
    try:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline_s:
                raise RuntimeError("uvicorn did not start")
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(START_TIMEOUT_S)
