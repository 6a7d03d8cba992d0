"""The repository's own rules: each a function from the files to sentences about what breaks it."""

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

# Anything larger is data or a build product, and stays in every clone for ever.
LARGEST_FILE_BYTES = 1_000_000

# Locks whose format writes down from which host each package came, with no way to leave that out.
ADDRESSED_LOCKS = {
    "Pipfile.lock",
    "pdm.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "pylock.toml",
    "uv.lock",
    "yarn.lock",
}

# What a package client reads, and what calls one. An index is a machine's own; a committed one breaks the
# others.
CONFIGURATION_NAMES = {"Makefile", "Dockerfile", "Containerfile", ".npmrc", "pip.conf", "uv.toml"}
CONFIGURATION_SUFFIXES = {".cfg", ".in", ".ini", ".lock", ".sh", ".toml", ".txt", ".yaml", ".yml"}
INDEX_OPTION = re.compile(
    r"--(?:extra-)?index(?:-url)?\b|--find-links\b|--trusted-host\b|--registry\b"
    r"|\b(?:PIP|UV)_[A-Z_]*(?:INDEX|FIND_LINKS)[A-Z_]*=|tool\.uv\.(?:index|sources)"
    r"|^\s*(?:(?:extra-)?index(?:-url)?|find-links|(?:@[\w-]+:)?registry)\s*=",
)

# Homes, and the folders that containers and build machines work in.
MACHINE_PATH = re.compile(r"(?<![\w./-])/(?:root|work|home|Users)/")

# Each could hold anything, so in the end each does. The one declarative base keeps SQLAlchemy's word for it.
EMPTY_NAMES = {"base", "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
NAMES_ALLOWED = {PurePosixPath("gateway/store/base.py")}

# Modules that may import late: where a heavy import would slow every command, or is not there for everybody.
# The line above the import says so.
LATE_IMPORTS_ALLOWED = {PurePosixPath("gateway/cli.py"), PurePosixPath("gateway/client/asking.py")}

DECISION_SECTIONS = ("Context", "Decision", "Rejected", "Consequences")


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder and the files in it that count."""

    root: Path
    files: tuple[PurePosixPath, ...]

    @classmethod
    def of_checkout(cls, root: Path) -> "Tree":
        """What git tracks, or would take with the next `add`."""
        # A checkout mounted into a container belongs to someone else there, and git refuses to read such.
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        names = (PurePosixPath(name) for name in listed.stdout.split("\0") if name)
        return cls(root, tuple(sorted(name for name in set(names) if (root / name).is_file())))

    def text(self, path: PurePosixPath) -> str:
        """The file's text; bytes that are no text are replaced, since no rule looks for them."""
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def lines(self, path: PurePosixPath) -> Iterator[tuple[int, str]]:
        """The file's lines with their numbers from 1."""
        return enumerate(self.text(path).splitlines(), start=1)

    def python(self, *folders: str) -> Iterator[PurePosixPath]:
        """The Python modules in these folders."""
        return (path for path in self.files if path.suffix == ".py" and path.parts[0] in folders)

    def decisions(self) -> list[PurePosixPath]:
        """The decision records, without their index."""
        folder = PurePosixPath("docs/adr")
        return [path for path in self.files if path.parent == folder and path.name != "README.md"]


Rule = Callable[[Tree], list[str]]


def no_lock_that_names_hosts(tree: Tree) -> list[str]:
    return [
        f"{path}: this format names package hosts; use requirements*.lock (make lock)"
        for path in tree.files
        if path.name in ADDRESSED_LOCKS or re.fullmatch(r"pylock\..+\.toml", path.name)
    ]


def no_address_in_locks(tree: Tree) -> list[str]:
    broken = [
        f"{path}:{number}: an address in a lock"
        for path in tree.files
        if path.suffix == ".lock"
        for number, line in tree.lines(path)
        if "://" in line
    ]
    for path in tree.files:
        if path.name == "package-lock.json":
            broken += [f"{path}: {found}" for found in addresses_in(json.loads(tree.text(path)), "")]
    return broken


def addresses_in(value: object, key: str) -> Iterator[str]:
    """Where a package-lock holds an address: of what it locks, or of whom to thank (npm writes both)."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "resolved":
                yield f"{key} is resolved to an address"
            else:
                yield from addresses_in(inner, f"{key}/{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from addresses_in(inner, key)
    elif isinstance(value, str) and "://" in value:
        yield f"{key} holds an address"


def no_index_in_configuration(tree: Tree) -> list[str]:
    return [
        f"{path}:{number}: chooses a package index; that is each machine's own setting"
        for path in tree.files
        if path.name in CONFIGURATION_NAMES or path.suffix in CONFIGURATION_SUFFIXES or path.parts[0] == ".ci"
        for number, line in tree.lines(path)
        if INDEX_OPTION.search(line)
    ]


def no_path_of_one_machine(tree: Tree) -> list[str]:
    return [
        f"{path}:{number}: a path that only one machine has"
        for path in tree.files
        for number, line in tree.lines(path)
        if MACHINE_PATH.search(line)
    ]


def no_large_file(tree: Tree) -> list[str]:
    sizes = ((path, (tree.root / path).stat().st_size) for path in tree.files)
    return [f"{path}: {size} bytes" for path, size in sizes if size > LARGEST_FILE_BYTES]


def integration_runs_the_command_people_type(tree: Tree) -> list[str]:
    path = PurePosixPath(".ci/run")
    calls = path in tree.files and any(
        re.match(r"\s*(?:exec\s+)?make test\b", line) for _, line in tree.lines(path)
    )
    return [] if calls else [f"{path}: does not call `make test`"]


def scripts_are_executable(tree: Tree) -> list[str]:
    return [
        f"{path}: cannot be executed (chmod +x)"
        for path in tree.files
        if (path.suffix == ".sh" or path == PurePosixPath(".ci/run"))
        and not (tree.root / path).stat().st_mode & 0o100
    ]


def modules_say_what_they_are(tree: Tree) -> list[str]:
    return [
        f"{path}:1: no module docstring"
        for path in tree.python("gateway")
        if not ast.get_docstring(ast.parse(tree.text(path)))
    ]


def no_empty_names(tree: Tree) -> list[str]:
    return [
        f"{path}: `{word}` says nothing about what is in it"
        for path in tree.python("gateway", "tests", "bench", "scripts")
        if path not in NAMES_ALLOWED
        for word in [*path.parent.parts, path.stem]
        if word in EMPTY_NAMES
    ]


def imports_stand_at_the_top(tree: Tree) -> list[str]:
    return [
        f"{path}:{line}: an import inside a function"
        for path in tree.python("gateway", "tests", "bench")
        for line in late_imports(tree.text(path), may_be_explained=path in LATE_IMPORTS_ALLOWED)
    ]


def late_imports(code: str, *, may_be_explained: bool) -> list[int]:
    """The lines of imports inside functions, except those with a comment above where that is allowed."""
    lines = code.splitlines()
    found = {
        node.lineno
        for function in ast.walk(ast.parse(code))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    return sorted(
        line for line in found if not (may_be_explained and lines[line - 2].lstrip().startswith("#"))
    )


def decisions_are_numbered_and_whole(tree: Tree) -> list[str]:
    broken = []
    index = PurePosixPath("docs/adr/README.md")
    listed = tree.text(index) if index in tree.files else ""
    for expected, path in enumerate(tree.decisions(), start=1):
        text = tree.text(path)
        if not path.name.startswith(f"{expected:04}-") or not text.startswith(f"# {expected}. "):
            broken.append(f"{path}: decision {expected} is expected here, in the file's name and its title")
        missing = [section for section in DECISION_SECTIONS if f"\n## {section}\n" not in text]
        broken += [f"{path}: no section `{section}`" for section in missing]
        if f"({path.name})" not in listed:
            broken.append(f"{path}: not in {index}")
    return broken


def locks_agree(tree: Tree) -> list[str]:
    """What is tested is what is run, and both have what the project asks for."""
    runtime, development = (pins(tree, f"requirements{kind}.lock") for kind in ("", "-dev"))
    project = tomllib.loads(tree.text(PurePosixPath("pyproject.toml")))["project"]
    asked = [re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in project["dependencies"]]
    return [
        *(f"requirements.lock: {name} is missing (make lock)" for name in asked if name not in runtime),
        *(
            f"requirements-dev.lock: {name} is not {version} as in requirements.lock (make lock)"
            for name, version in runtime.items()
            if development.get(name) != version
        ),
    ]


def pins(tree: Tree, name: str) -> dict[str, str]:
    """The packages of a lock with their versions and markers."""
    text = tree.text(PurePosixPath(name))
    return dict(re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\\\n]*?) *\\?$", text, flags=re.MULTILINE))
