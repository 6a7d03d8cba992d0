"""Putting the units of a made-up world together."""

from gateway.practice.made_up.datasets import add_analysis_datasets, add_outputs
from gateway.practice.made_up.requests import STEPS, add_request
from gateway.practice.made_up.shape import ATTEMPTS_PER_STEP, UnitRows, patterns
from gateway.practice.made_up.tasks import add_task, add_test_tasks
from gateway.practice.made_up.unit import Unit, World


def build_units(world: World, first: int, last: int) -> UnitRows:
    """The rows of the units from `first` up to, not including, `last`; call it for all units in order."""
    rows = UnitRows()
    for number in range(first, last):
        _build(Unit(world, number, rows))
    return rows


def _build(unit: Unit) -> None:
    requests = [add_request(unit, index, physics) for index, physics in enumerate(patterns())]
    for request in requests:
        for kind in STEPS:
            for attempt in range(1, ATTEMPTS_PER_STEP + 1):
                add_outputs(unit, add_task(unit, request, kind, attempt))
    add_test_tasks(unit)
    add_analysis_datasets(unit, requests)
