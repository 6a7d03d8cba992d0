"""The tag: which collisions, process, generator and software made the data, as one word of a name."""

import re
from dataclasses import dataclass
from typing import Final, Self

from gateway.domain.names.scan import Scanner, require
from gateway.domain.names.tokens import SOFTWARE

# Two lower-case letters, and a whole tag must still follow: a process may have two letters as well.
COLLISION: Final = re.compile(r"(?!pp-)[a-z]{2}-(?=[A-Za-z0-9_]+-[A-Za-z0-9_]+-[a-z]+[0-9]+(?:-[a-z]+)?$)")
WORD: Final = re.compile(r"[A-Za-z0-9_]+")
PROCESS: Final = re.compile(r"(?!pp\b)[A-Za-z0-9_]+")
COLLISION_TYPE: Final = re.compile(r"[a-z]{2}")


@dataclass(frozen=True, slots=True)
class Tag:
    """`minbias-P8-spdroot4172-dev`, or with a prefix for other beams, `dd-minbias-FTF-spdroot4171-dev`.

    `flags` holds what people typed behind a blank (" test"): it belongs to the partition, not to the tag, and
    never reaches a dataset name. `str()` prints the flags, `name` does not.
    """

    process: str
    generator: str
    software: str
    collision: str = "pp"
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what could not be printed and read again."""
        words = "Use Latin letters, digits and underscores; a dash separates the words of a tag."
        require("the process of a tag", self.process, PROCESS, words + " The type pp is not written.")
        require("the generator of a tag", self.generator, WORD, words)
        require("the software of a tag", self.software, SOFTWARE, "Write it like spdroot4172-dev.")
        require(
            "a collision type", self.collision, COLLISION_TYPE, "Write two lower-case letters, such as dd."
        )
        for flag in self.flags:
            require("a flag of a tag", flag, WORD, words)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a tag with any flags behind it; raises NamingError saying at which character it fails."""
        name, flags = split_flags(text)
        scanner = Scanner("a tag", name, "minbias-P8-spdroot4172-dev or dd-minbias-FTF-spdroot4171-dev")
        collision = (scanner.take_if(COLLISION) or "pp").removesuffix("-")
        process = scanner.take(PROCESS, "the process (the collision type pp is not written)")
        scanner.literal("-")
        generator = scanner.take(WORD, "the generator")
        scanner.literal("-")
        software = scanner.take(SOFTWARE, "the software token, such as spdroot4172-dev,")
        scanner.end()
        return cls(process, generator, software, collision, flags)

    @property
    def name(self) -> str:
        """The tag as dataset names and script paths carry it: without flags."""
        prefix = "" if self.collision == "pp" else f"{self.collision}-"
        return f"{prefix}{self.process}-{self.generator}-{self.software}"

    def __str__(self) -> str:
        return " ".join((self.name, *self.flags))


def split_flags(text: str) -> tuple[str, tuple[str, ...]]:
    """The tag proper and the words behind it.

    Never fails, so that a tag outside the grammar can still be compared.
    """
    name, *flags = text.split() or [""]
    return name, tuple(flags)
