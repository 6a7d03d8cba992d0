"""homePages: where things are shown by the services that own them."""

import strawberry

from gateway.domain.home_pages import HomePages as Addresses
from gateway.schema.context import Info


@strawberry.type(
    description=(
        "Addresses of pages of other services about one thing, with places in braces for its names, each of "
        "which is to be percent-encoded. Each is null where this gateway's settings name no such page."
    )
)
class HomePages:
    """The addresses."""

    task: str | None = strawberry.field(
        description="A task in PanDA's monitor, with {id}, its `jediTaskId`; null where none is set."
    )
    dataset: str | None = strawberry.field(
        description="A dataset in Rucio, with {scope} and {name}, the parts of its DID; null likewise."
    )
    storage: str | None = strawberry.field(
        description="A storage in Rucio, with {name}; null where none is set."
    )
    site: str | None = strawberry.field(description="A site in CRIC, with {name}; null where none is set.")
    person: str | None = strawberry.field(
        description="A person in IAM, with {username}; null where none is set."
    )

    @classmethod
    def of(cls, pages: Addresses) -> "HomePages":
        """Show the addresses."""
        return cls(
            task=pages.task,
            dataset=pages.dataset,
            storage=pages.storage,
            site=pages.site,
            person=pages.person,
        )


@strawberry.type
class HomePageQueries:
    """The question."""

    @strawberry.field(description="Where things are shown by the services that own them.")
    async def home_pages(self, info: Info) -> HomePages:
        """Return the addresses."""
        return HomePages.of(info.context.services.home_pages)
