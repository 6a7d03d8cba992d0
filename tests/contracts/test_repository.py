"""The repository keeps its own rules, and each rule would say so if it did not."""

import subprocess
from pathlib import Path, PurePosixPath

import pytest

from tests.contracts import rules
from tests.contracts.rules import Rule, Tree
from tests.support.postgres import ROOT

DECISION = "# {number}. Title\n\n## Context\n\n## Decision\n\n## Rejected\n\n## Consequences\n"
PROJECT = '[project]\ndependencies = ["orjson>=3", "uvicorn[standard]>=0.5"]\n'

# A rule, a made-up tree that breaks it beside files that do not, and what the rule must say.
BROKEN: list[tuple[Rule, dict[str, str], list[str]]] = [
    (
        rules.no_lock_that_names_hosts,
        {"uv.lock": "", "pylock.dev.toml": "", "requirements.lock": ""},
        [
            "pylock.dev.toml: this format names package hosts; use requirements*.lock (make lock)",
            "uv.lock: this format names package hosts; use requirements*.lock (make lock)",
        ],
    ),
    (
        rules.no_address_in_locks,
        {
            "requirements.lock": "orjson==3.1 \\\n    --hash=sha256:00\nx @ https://packages.test/x.whl\n",
            "web/package-lock.json": '{"packages": {"a": {"resolved": "https://packages.test/a.tgz"}, '
            '"b": {"funding": {"url": "https://thanks.test"}}, "c": {"from": ["git://code.test/c"]}}}',
        },
        [
            "requirements.lock:3: an address in a lock",
            "web/package-lock.json: /packages/a is resolved to an address",
            "web/package-lock.json: /packages/b/funding/url holds an address",
            "web/package-lock.json: /packages/c/from holds an address",
        ],
    ),
    (
        rules.no_index_in_configuration,
        {
            "Makefile": "run:\n\tpip install --index-url $(HERE) x\n",
            "pip.conf": "[global]\nextra-index-url = here\n",
            "pyproject.toml": '[project]\nurl = "https://spd.test"\n[[tool.uv.index]]\n',
            "requirements-dev.lock": "--find-links /wheels\n",
            "scripts/run.sh": "PIP_EXTRA_INDEX_URL=here pip install x\n",
            "web/.npmrc": "omit-lockfile-registry-resolved=true\nregistry=here\n",
        },
        [
            "Makefile:2: chooses a package index; that is each machine's own setting",
            "pip.conf:2: chooses a package index; that is each machine's own setting",
            "pyproject.toml:3: chooses a package index; that is each machine's own setting",
            "requirements-dev.lock:1: chooses a package index; that is each machine's own setting",
            "scripts/run.sh:1: chooses a package index; that is each machine's own setting",
            "web/.npmrc:2: chooses a package index; that is each machine's own setting",
        ],
    ),
    (
        rules.no_path_of_one_machine,
        {"a.py": "ONE = '/{}/me/x'\n".format("home"), "b.md": "See https://spd.test/home/x and ./work/y.\n"},
        ["a.py:1: a path that only one machine has"],
    ),
    (
        rules.no_large_file,
        {"data.json": "x" * 1_000_001, "small.json": "x" * 1_000_000},
        ["data.json: 1000001 bytes"],
    ),
    (
        rules.integration_runs_the_command_people_type,
        {".ci/run": "#!/bin/sh\n# make test\npytest\n"},
        [".ci/run: does not call `make test`"],
    ),
    (
        rules.scripts_are_executable,
        {"scripts/a.sh": "", "scripts/notes.md": ""},
        ["scripts/a.sh: cannot be executed (chmod +x)"],
    ),
    (
        rules.modules_say_what_they_are,
        {"gateway/a.py": "X = 1\n", "gateway/b.py": '"""Sites."""\n', "tests/c.py": ""},
        ["gateway/a.py:1: no module docstring"],
    ),
    (
        rules.no_empty_names,
        {
            "gateway/utils.py": "",
            "gateway/common/sites.py": "",
            "gateway/store/base.py": "",
            "bench/base.py": "",
        },
        [
            "bench/base.py: `base` says nothing about what is in it",
            "gateway/common/sites.py: `common` says nothing about what is in it",
            "gateway/utils.py: `utils` says nothing about what is in it",
        ],
    ),
    (
        rules.imports_stand_at_the_top,
        {
            "gateway/a.py": "import json\n\nasync def a():\n    def b():\n        from os import path\n",
            "gateway/cli.py": "def a():\n    # slow\n    import alembic\n\ndef b():\n    import alembic\n",
        },
        [
            "gateway/a.py:5: an import inside a function",
            "gateway/cli.py:6: an import inside a function",
        ],
    ),
    (
        rules.decisions_are_numbered_and_whole,
        {
            "docs/adr/README.md": "[One](0001-one.md), [Three](0003-three.md)",
            "docs/adr/0001-one.md": DECISION.format(number=1),
            "docs/adr/0003-three.md": DECISION.format(number=3),
            "docs/adr/0004-four.md": "# 3. Four\n\n## Context\n\n## Decision\n\n## Consequences\n",
        },
        [
            "docs/adr/0003-three.md: decision 2 is expected here, in the file's name and its title",
            "docs/adr/0004-four.md: decision 3 is expected here, in the file's name and its title",
            "docs/adr/0004-four.md: no section `Rejected`",
            "docs/adr/0004-four.md: not in docs/adr/README.md",
        ],
    ),
    (
        rules.locks_agree,
        {
            "pyproject.toml": PROJECT,
            "requirements.lock": "orjson==3.1 \\\n    --hash=sha256:00\nidna==3.20 \\\n",
            "requirements-dev.lock": "orjson==3.0 \\\n    --hash=sha256:00\nidna==3.20 \\\n",
        },
        [
            "requirements.lock: uvicorn is missing (make lock)",
            "requirements-dev.lock: orjson is not 3.1 as in requirements.lock (make lock)",
        ],
    ),
]


def name_of(value: object) -> str:
    return getattr(value, "__name__", "")


@pytest.fixture(scope="module")
def checkout() -> Tree:
    return Tree.of_checkout(ROOT)


def made_up(root: Path, files: dict[str, str]) -> Tree:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Tree(root, tuple(sorted(PurePosixPath(name) for name in files)))


@pytest.mark.parametrize("rule", [rule for rule, _, _ in BROKEN], ids=name_of)
def test_the_repository_keeps_the_rule(rule: Rule, checkout: Tree) -> None:
    assert rule(checkout) == []


@pytest.mark.parametrize(("rule", "files", "said"), BROKEN, ids=name_of)
def test_the_rule_says_what_breaks_it(
    rule: Rule, files: dict[str, str], said: list[str], tmp_path: Path
) -> None:
    assert rule(made_up(tmp_path, files)) == said


def test_the_checkout_is_what_git_tracks_or_would_take_next(tmp_path: Path) -> None:
    made_up(tmp_path, {".gitignore": "*.log\n", "kept.py": "", "removed.py": "", "run.log": ""})
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    made_up(tmp_path, {"new.py": ""})
    (tmp_path / "removed.py").unlink()

    tree = Tree.of_checkout(tmp_path)

    assert [str(path) for path in tree.files] == [".gitignore", "kept.py", "new.py"]
