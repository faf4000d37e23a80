"""The application: version, help, and one place where errors become a sentence and an exit code."""

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated

import typer

from xephang.cli.console import complain
from xephang.errors import XephangError
from xephang.version import __version__

app = typer.Typer(
    name="xephang",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"xephang {__version__}")
        raise typer.Exit


@app.callback()
def xephang(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Rerank the products of a Vietnamese shop: train a model, rank with it, export it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a foreseen error ends in one sentence on stderr and its exit code.

    :param arguments: those of the process without it.
    :raises SystemExit: always, with the exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Whatever the locale: JSON is UTF-8, and a pipe on Windows could not hold đ.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app(args=arguments, prog_name="xephang")
    except XephangError as error:
        complain(str(error))
        raise SystemExit(error.exit_code) from error
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
        raise SystemExit(1) from error
