"""The examples for analysts run one after the other, as in a notebook, and print what is shown under them."""

import functools
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "for-analysts.md").read_text()
HERE = "http://127.0.0.1:8000"
_EXAMPLE = re.compile(r"^```python\n(?P<code>.*?)^```$(?:\n\n```text\n(?P<shown>.*?)^```$)?", re.M | re.S)

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)


def examples_in(page: str) -> list[tuple[str, str | None]]:
    return [(found["code"], found["shown"]) for found in _EXAMPLE.finditer(page)]


def test_every_example_runs_and_prints_what_is_shown(
    gateway_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("BEARER_TOKEN", "BEARER_TOKEN_FILE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GATEWAY_URL", gateway_url)
    printed = io.StringIO()
    # Not by redirecting: the gateway, which runs in a thread, logs.
    notebook: dict[str, object] = {"print": functools.partial(print, file=printed)}

    try:
        for code, shown in examples_in(PAGE):
            printed.seek(0)
            printed.truncate()
            exec(compile(code.replace(HERE, gateway_url), "for-analysts.md", "exec"), notebook)  # noqa: S102
            if shown is not None:
                assert printed.getvalue() == shown, code
    finally:
        # As the end of a notebook does.
        for left in ("changes", "gateway"):
            if left in notebook:
                notebook[left].close()  # type: ignore[attr-defined]


def test_there_are_ten_examples_and_most_show_what_they_print(database_maker: object) -> None:
    examples = examples_in(PAGE)

    assert len(examples) >= 11
    assert len([shown for _, shown in examples if shown is not None]) >= 8


def test_what_is_shown_belongs_to_the_code_before_it(database_maker: object) -> None:
    page = "```python\nprint(1)\n```\n\n```text\n1\n```\n\n```python\na = 1\n```\n"

    assert examples_in(page) == [("print(1)\n", "1\n"), ("a = 1\n", None)]
