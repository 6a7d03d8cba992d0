"""The catalogue lists every invariant once and every check there is."""

import importlib
import inspect
import pkgutil

from gateway.domain import checks
from gateway.domain.checks.catalogue import CATALOGUE, Held
from gateway.domain.findings import Finding


def test_nineteen_invariants_are_numbered_in_order() -> None:
    assert [invariant.number for invariant in CATALOGUE] == list(range(1, 20))


def test_every_public_check_is_listed_once() -> None:
    modules = [
        importlib.import_module(f"{checks.__name__}.{found.name}")
        for found in pkgutil.iter_modules(checks.__path__)
    ]
    written = [
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and inspect.signature(function).return_annotation == tuple[Finding, ...]
    ]

    listed = [check for invariant in CATALOGUE for check in invariant.checks]

    assert sorted(check.__name__ for check in written) == sorted(check.__name__ for check in listed)
    assert len(listed) == 41


def test_each_check_names_its_invariant_first() -> None:
    for invariant in CATALOGUE:
        for check in invariant.checks:
            assert (check.__doc__ or "").startswith(f"Invariant {invariant.number}: "), check.__name__


def test_it_says_where_an_invariant_is_enforced() -> None:
    seeds = CATALOGUE[0]

    assert seeds.held == {Held.DATABASE, Held.VALIDATION}
    assert seeds.enforced_at == (
        "a constraint of the database refuses the breach",
        "a change that breaks it is not accepted",
    )
