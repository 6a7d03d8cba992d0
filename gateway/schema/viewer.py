"""The viewer in the schema: who the gateway takes the caller for, and what they may do."""

import strawberry

from gateway.auth.viewer import Viewer
from gateway.schema.enums import Right


@strawberry.type(name="Viewer", description="Who the gateway takes you for, and what you may do.")
class ViewerType:
    """The caller."""

    name: str = strawberry.field(description="Your name; 'anonymous' without a login.")
    rights: list[Right] = strawberry.field(description="Your rights; nothing else is allowed.")

    @classmethod
    def of(cls, viewer: Viewer) -> "ViewerType":
        """Show the viewer."""
        return cls(name=viewer.name, rights=sorted(viewer.rights))
