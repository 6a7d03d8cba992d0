"""What comes of asking for a replication rule."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleMade:
    """Rucio did it: the rule that was added or changed."""

    rule_id: str
    message: str = ""
