"""The table of roles and rights, cell by cell, and that every mutation asks it."""

import pytest
import strawberry

from gateway.auth.permissions import RIGHTS, Right, Role, rights_of
from gateway.auth.viewer import Viewer
from gateway.errors import RefusedError, SetupError
from gateway.schema.build import build_schema
from gateway.schema.context import Info
from gateway.schema.needs import check_rights, mutation, rights_of_mutations

V, A, P, O, D, S = (  # noqa: E741 - one letter a column
    Role.VIEWER,
    Role.ANALYST,
    Role.PRODUCTION_MANAGER,
    Role.OPERATOR,
    Role.ADMINISTRATOR,
    Role.SERVICE,
)
# Written a second time on purpose, the other way round: which roles have a right.
HOLDERS = {
    Right.READ: {V, A, P, O, D, S},
    Right.READ_FILES: {V, A, P, O, D, S},
    Right.INTROSPECT: {V, A, P, O, D, S},
    Right.OWN_TOKENS: {V, A, P, O, D},
    Right.READ_QUOTAS: {P, O, D},
    Right.READ_PERSONAL: {D},
    Right.COMMENT: {A, P, O, D},
    Right.DEFINE: {A, P},
    Right.APPROVE: {P},
    Right.ACCEPT: {P},
    Right.SUBMIT: {P},
    Right.STEER: {P, O},
    Right.MANAGE_RULES: {P, O},
    Right.REPAIR: {P, O},
    Right.ACKNOWLEDGE: {P, O, D},
    Right.MANAGE_REGISTRIES: {P, D},
    Right.OPERATE: {P, O, D},
    Right.READ_AUDIT: {D},
    Right.ADMINISTER: {D},
}


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("role", Role)
def test_a_role_has_the_rights_of_the_table_and_no_other(role: Role, right: Right) -> None:
    assert (right in RIGHTS[role]) is (role in HOLDERS[right])


def test_several_roles_have_the_rights_of_each() -> None:
    assert rights_of({Role.SERVICE, Role.ANALYST}) == RIGHTS[Role.SERVICE] | RIGHTS[Role.ANALYST]
    assert rights_of(()) == frozenset()


def test_a_missing_right_is_named() -> None:
    analyst = Viewer("Analyst", RIGHTS[Role.ANALYST])

    with pytest.raises(RefusedError, match="Analyst may not do this: the right 'submit' is needed"):
        analyst.require(Right.SUBMIT)


def test_every_mutation_of_the_schema_declares_its_right() -> None:
    rights = rights_of_mutations(build_schema())

    assert rights["syncNow"] is Right.OPERATE
    assert all(isinstance(right, Right) for right in rights.values())
    # Reading is what everybody may: a mutation that asks for no more has forgotten to ask.
    assert not {Right.READ, Right.READ_FILES, Right.INTROSPECT} & set(rights.values())


def test_a_mutation_that_forgot_to_ask_stops_the_schema() -> None:
    @strawberry.type
    class Query:
        nothing: str = ""

    @strawberry.type
    class Careless:
        @mutation(needs=Right.COMMENT, description="Careful.")
        async def careful(self, _info: Info) -> str:
            return ""

        @strawberry.mutation
        async def forgotten(self) -> str:
            return ""

    with pytest.raises(SetupError, match="mutations that ask for no right: forgotten"):
        check_rights(strawberry.Schema(query=Query, mutation=Careless))
