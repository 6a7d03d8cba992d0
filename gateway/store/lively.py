"""How soon a silent connection to PostgreSQL is given up, so that nothing waits for it for ever."""

from typing import Final, TypedDict


class Lively(TypedDict):
    """Parameters of libpq; over a local socket they say nothing."""

    connect_timeout: int
    keepalives: int
    keepalives_idle: int
    keepalives_interval: int
    keepalives_count: int
    tcp_user_timeout: int


# A peer silent for 10 s is asked every 5 s and given up after three answers that did not come; what
# was sent and is not acknowledged within 25 s (in ms) is lost.
LIVELY: Final[Lively] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
