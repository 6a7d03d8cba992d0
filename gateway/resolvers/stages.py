"""The registry of stages, and the rule that each stage makes for the requests of a year."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import select

from gateway.domain.facts import RequestFacts, StageRule
from gateway.domain.names import RequestName, scope_of
from gateway.errors import NamingError
from gateway.store.registries import Stage
from gateway.store.rows import Rows

_SCOPE: Final = re.compile(r"MC[0-9]{4}_(?P<stage>.+)")


@dataclass(frozen=True, slots=True)
class Stages:
    """The registry of stages, from which the rules for a request follow."""

    limits: Mapping[str, tuple[Decimal | None, frozenset[str]]]

    def rule(self, request: RequestFacts) -> StageRule | None:
        """The rule of the request's stage in its year; None for a stage or year we cannot tell."""
        try:
            scope = scope_of(RequestName.parse(request.name).year, request.stage)
        except NamingError:
            return None
        if request.stage not in self.limits:
            return None
        energy_max_gev, required = self.limits[request.stage]
        others = frozenset(name for _, geometry in self.limits.values() for name in geometry)
        return StageRule(
            name=request.stage,
            scope=scope,
            energy_max_gev=energy_max_gev,
            required_geometry=required,
            forbidden_geometry=others - required,
        )

    def is_production_scope(self, scope: str) -> bool:
        """Whether a stage of some year writes there."""
        found = _SCOPE.fullmatch(scope)
        return found is not None and found["stage"] in self.limits


async def read_stages(rows: Rows) -> Stages:
    """Return the registry; a stage forbids the geometry that only the others require."""
    found = await rows(select(Stage.name, Stage.energy_max_mev, Stage.required_geometry))
    return Stages(
        {
            row.name: (
                None if row.energy_max_mev is None else Decimal(row.energy_max_mev) / 1000,
                frozenset(part.strip() for part in (row.required_geometry or "").split(",") if part.strip()),
            )
            for row in found
        }
    )
