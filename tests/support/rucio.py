"""A served Rucio that holds the practice world, files and all."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.practice.delivery import Delivery
from gateway.practice.faults import Faults
from gateway.practice.rucio_catalogue import RucioCatalogue, practice_catalogue
from gateway.practice.rucio_twin import create_rucio_twin
from gateway.practice.world import practice_snapshot
from tests.support.serving import served


@dataclass
class ServedRucio:
    """Where it is, and its strings."""

    url: str
    catalogue: RucioCatalogue
    faults: Faults


@contextlib.contextmanager
def served_rucio(now: dt.datetime) -> Iterator[ServedRucio]:
    """Lend one whose clock stands still."""
    snapshot: Any = practice_snapshot(now)
    catalogue, faults = practice_catalogue(snapshot["rucio"], lambda: now), Faults()
    catalogue.numbers = Delivery(catalogue).numbers
    with served(create_rucio_twin(catalogue, faults=faults), date_header=False) as url:
        yield ServedRucio(url, catalogue, faults)
