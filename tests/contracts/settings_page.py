"""Makes docs/settings.md from the settings model: `python -m tests.contracts.settings_page`."""

from pathlib import Path

from gateway.settings import PREFIX, Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def settings_page(model: type[Settings]) -> str:
    """Return the page: one row per setting, in the model's order."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | `{_shown(field.default)}` | {field.description} |"
        for name, field in model.model_fields.items()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            "Read from the environment, once, at start; made from `gateway/settings.py` and compared with it",
            "in the tests. A wrong value stops the program with one line that names the variable; so does",
            "a variable with the prefix `GATEWAY_` that is no setting.",
            "",
            "| variable | without it | meaning |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _shown(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


if __name__ == "__main__":
    PAGE.write_text(settings_page(Settings))
