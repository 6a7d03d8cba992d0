"""bulkUpdateRequests and undoBulkEdit: one edit of many requests, all or none, and back."""

import functools
from typing import Annotated

import strawberry

from gateway.errors import InputError
from gateway.resolvers.changes.bulk_edit import EditOf, PlannedEdit, bulk_edit, undo_bulk_edit
from gateway.resolvers.changes.change import Made
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.inputs import UpdateRequestInput, arguments_of
from gateway.schema.mutations.making import IdempotencyKey, make, shown_requests
from gateway.schema.mutations.results import Conflict, Invalid, Refused, camel_case, refusal_of
from gateway.schema.needs import mutation
from gateway.schema.scalars import BigInt
from gateway.schema.types.requests import Request


@strawberry.input(description="A request to edit, as it was when it was looked at.")
class EditOfInput:
    """One of the requests."""

    name: str = strawberry.field(description="Its name.")
    expected_version: BigInt = strawberry.field(
        description="The version that was looked at; another one now is a Conflict, and nothing is edited."
    )


@strawberry.type(description="The edit was made in every request.")
class RequestsEdited:
    """A bulk edit."""

    edit: BigInt = strawberry.field(description="The number of the edit; `undoBulkEdit` takes it.")
    requests: list[Request] = strawberry.field(description="The requests as they are now, by name.")
    is_repeated: bool = strawberry.field(
        description="True when it was made before under the same idempotency key, and not again."
    )


BulkEditResult = Annotated[
    RequestsEdited | Conflict | Invalid | Refused,
    strawberry.union("BulkEditResult", description="The edited requests, or why none was edited."),
]


@strawberry.type(description="A field that an edit would change, as texts; null where there is nothing.")
class FieldChange:
    """A field."""

    field: str = strawberry.field(description="The field, as it is called in the input.")
    before: str | None = strawberry.field(description="Its value now; null where it has none.")
    after: str | None = strawberry.field(description="Its value after the edit; null where it is taken away.")


@strawberry.type(description="What a bulk edit would do to one request; nothing is written.")
class PreviewedEdit:
    """One request of a preview."""

    name: str = strawberry.field(description="The request.")
    version: BigInt | None = strawberry.field(
        description="Its version now, for `expectedVersion`; null if there is no such request."
    )
    changes: list[FieldChange] = strawberry.field(
        description=(
            "The fields that would change. Seeds that would be taken anew are not among them: which are free "
            "is seen when the edit is made."
        )
    )
    problem: str | None = strawberry.field(
        description="Why this request cannot be edited so, which stops the whole edit; null if it can."
    )

    @classmethod
    def of(cls, edit: PlannedEdit) -> "PreviewedEdit":
        """Show a planned edit."""
        return cls(
            name=edit.name,
            version=None if edit.version is None else BigInt(edit.version),
            changes=[
                FieldChange(field=camel_case(each.field), before=each.before, after=each.after)
                for each in edit.differences
            ],
            problem=edit.problem,
        )


@strawberry.type
class BulkEdits:
    """The mutations."""

    @mutation(
        needs=Right.DEFINE,
        description=(
            "Apply the edit `input` to all `requests` named, each as it was when it was looked at: all are "
            "edited or none. `previewBulkEdit` shows what it does."
        ),
    )
    async def bulk_update_requests(
        self,
        info: Info,
        requests: list[EditOfInput],
        input: UpdateRequestInput,  # noqa: A002 - GraphQL's word
        idempotency_key: IdempotencyKey,
    ) -> BulkEditResult:
        """Edit the requests."""
        if input.seed_reuse_reason:
            words = "Seeds are used again for one request at a time: `updateRequest`."
            return Refused(code=InputError.code, message=words)
        try:
            patch = input.patch()
        except InputError as error:
            return refusal_of(error)
        edits = [EditOf(each.name, each.expected_version) for each in requests]
        made = await make(
            info,
            key=idempotency_key,
            arguments=arguments_of(requests=requests, input=input),
            work=functools.partial(bulk_edit, edits=edits, patch=patch),
        )
        return await _edited(info, made)

    @mutation(
        needs=Right.DEFINE,
        concerns="edit",
        description=(
            "Bring all requests of a bulk edit, with this `edit` number, back to what they were before, or "
            "none: one that was changed again since stops it."
        ),
    )
    async def undo_bulk_edit(
        self, info: Info, edit: BigInt, idempotency_key: IdempotencyKey
    ) -> BulkEditResult:
        """Undo the edit."""
        made = await make(
            info,
            key=idempotency_key,
            arguments=arguments_of(edit=edit),
            work=functools.partial(undo_bulk_edit, edit_id=edit),
        )
        return await _edited(info, made)


async def _edited(info: Info, made: Made | Refused | Conflict | Invalid) -> BulkEditResult:
    if not isinstance(made, Made):
        return made
    return RequestsEdited(
        edit=BigInt(int(made.text("edit"))),
        requests=await shown_requests(info, made.texts("requests")),
        is_repeated=made.is_repeated,
    )
