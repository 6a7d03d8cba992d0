"""Roles from IAM groups: the rules of a setting, read once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.auth.permissions import Role
from gateway.errors import SettingError


@dataclass(frozen=True, slots=True)
class RoleRules:
    """Which roles the members of a group have, and which a client of its own (a program) has."""

    by_group: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    by_client: Mapping[str, frozenset[Role]] = field(default_factory=dict)

    def of_person(self, groups: Iterable[str]) -> frozenset[Role]:
        """Return the roles of somebody in these groups; a subgroup gives nothing but what is its own."""
        return frozenset().union(*(self.by_group.get(group, frozenset()) for group in groups))

    def of_client(self, client_id: str) -> frozenset[Role]:
        """Return the roles of a program; one that the settings do not name has none."""
        return self.by_client.get(client_id, frozenset())


def full_path(group: str) -> str:
    """Return a group's path as we write it: WLCG's profile has a slash in front, IAM's own has none."""
    return group.removeprefix("/")


def parse_roles(text: str, setting: str) -> dict[str, frozenset[Role]]:
    """Read "role=name,name; role=name" and return the roles by name.

    Raises SettingError naming the setting for anything else and for a role that is none.
    """
    found: dict[str, frozenset[Role]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        role_name, equals, names = part.partition("=")
        try:
            role = Role(role_name.strip())
        except ValueError as error:
            raise SettingError(
                f"{setting}: {role_name.strip()!r} is no role; the roles are {', '.join(Role)}"
            ) from error
        listed = [full_path(name.strip()) for name in names.split(",") if name.strip()]
        if not equals or not listed:
            raise SettingError(
                f"{setting}: write {role.value}=name,name and a semicolon before the next role"
            )
        for name in listed:
            found[name] = found.get(name, frozenset()) | {role}
    return found
