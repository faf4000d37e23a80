"""What sellers and shoppers write around the facts, from `phrases.toml`."""

import tomllib
from functools import cache
from importlib.resources import files


@cache
def phrases(of: str, kind: str) -> tuple[str, ...]:
    """Return one list of a table."""
    toml = (files("xephang.judgments.synthesis") / "phrases.toml").read_text(encoding="utf-8")
    listed = tomllib.loads(toml)[of][kind]
    return tuple(listed.split() if isinstance(listed, str) else listed)
