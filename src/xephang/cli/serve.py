"""`xephang serve`."""

import inspect
import logging
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from xephang.cli.console import plain
from xephang.settings import Settings, own_environment
from xephang.version import __version__

if TYPE_CHECKING:
    from xephang.server.supervisor import Started

_CONFIG = typer.Option("--config", metavar="FILE", help="TOML of settings; flags and XEPHANG_… go before it.")


def serve(config: Path | None = None, **given: Any) -> None:
    """Serve a model over HTTP, in the formats of rerank clients."""
    settings = Settings.read(given, environment=own_environment(), file=config)
    from xephang.server import serve as run  # heavy, and needs an extra

    run(settings, started=show)


def show(started: "Started") -> None:
    """Say on stderr what is served where: as a table on a terminal, else as a line of the log."""
    settings, served = started.settings, started.served
    host = f"[{started.host}]" if ":" in started.host else started.host
    address = f"http://{host}:{started.port}"
    products = f"{served.products or 0:,} products" + (" to search, and by id" if served.search else " by id")
    keys = settings.keys_file or ("none: anybody who reaches the address may ask" if settings.allow_anonymous else "")
    formats = "/rerank /v1/rerank /v2/rerank (TEI, Cohere, Jina, infinity, vLLM), /score (vLLM)"
    lines = {
        "address": address,
        "page": f"{address}/" if served.search else "none: it needs a search folder, which xephang index makes",
        "model": f"{served.model} ({served.fingerprint[:12]}), engine {served.engine}, scores {served.activation}",
        "catalogue": f"{settings.catalogue}: {products}" if settings.catalogue else "none",
        "grades": settings.judgments or "none are taken: --judgments FILE takes them",
        "processes": f"{settings.workers}, each with {settings.threads} threads",
        "formats": f"{formats}, /v1/search" if served.search else formats,
        "limits": f"{settings.max_documents:,} documents, {settings.max_body_mb:g} MB and {settings.deadline:g} s a "
        f"request; {settings.max_waiting:,} may wait",
        "keys": keys or "none, as only this machine is listened to",
    }
    if not sys.stderr.isatty():  # where a program reads the log, this is a line of it
        logging.getLogger("xephang.server").info("serving", extra={"version": __version__, **lines})
        return
    table = Table.grid(padding=(0, 2))
    for name, said in lines.items():
        table.add_row(Text(name, style="bold"), Text(plain(said)))
    console = Console(file=sys.stderr, highlight=False)
    console.print(Text(f"xephang {__version__} serves", style="bold"))
    console.print(table)


def _options() -> list[inspect.Parameter]:
    """Return a command's parameter for each setting; what is not given stays None, and is looked for elsewhere."""
    kinds = get_type_hints(Settings)
    found = [
        inspect.Parameter("config", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotated(Path, _CONFIG))
    ]
    for one in fields(Settings):
        kind = list[str] if kinds[one.name] == tuple[str, ...] else kinds[one.name]
        shown = f" [{one.default:g}]" if type(one.default) in (int, float) else ""
        said = {"help": one.metadata["help"] + shown, "metavar": one.metadata["metavar"] or None}
        if one.name == "model":
            info: Any = typer.Argument(**said)
        elif kind is bool:
            info = typer.Option(f"--{_flag(one.name)}/--no-{_flag(one.name)}", help=said["help"])
        else:
            info = typer.Option(f"--{_flag(one.name)}", **said)
        found.append(
            inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotated(kind, info))
        )
    return found


def _annotated(kind: Any, info: Any) -> Any:
    return Annotated[kind | None, info]


def _flag(name: str) -> str:
    return name.replace("_", "-")


serve.__signature__ = inspect.Signature(_options())  # type: ignore[attr-defined]  # what Typer reads
