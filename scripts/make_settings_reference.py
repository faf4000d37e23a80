"""Write docs/settings.md: all that can be set about a server, as the code has it."""

from pathlib import Path

from xephang.settings import reference

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
HEAD = """# Settings of the server

`make docs` writes this page from the code. Each setting has one name: as a flag of `xephang serve`, as an environment
variable, and as a key of the TOML file that `--config` names. A flag goes before the environment, the environment
before the file, the file before the default. A name that is no setting, and a value that can not be one, are errors.

"""


def page() -> str:
    """Return the page."""
    return HEAD + reference()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE}")
