"""How patient a client in a test is: a loaded machine must not look like a service that hangs."""

from gateway.practice.faults import Fault
from gateway.upstreams.http import Manners

# No waiting for a turn, and all the patience that the program has: whatever should succeed asks with these.
QUICK = Manners(per_second=10_000, burst=10_000)
# Only for an answer that never ends: the sooner it is given up, the better.
HASTY = Manners(per_second=10_000, burst=10_000, read_s=0.4, deadline_s=1)


def manners_under(fault: Fault) -> Manners:
    """Return how long to wait for an answer that has this fault."""
    return HASTY if fault in (Fault.HANG, Fault.DRIP) else QUICK
