"""All that can be set about a server: by flag, environment or TOML file, each under one name."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from xephang.errors import InputError

PREFIX = "XEPHANG_"
_MOST = 1e9
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def _setting(default: Any, help: str, *, least: float | None = None, metavar: str = "") -> Any:
    return field(default=default, metadata={"help": help, "least": least, "metavar": metavar})


@dataclass(frozen=True)
class Settings:
    """How a server serves. Times are in seconds.

    A setting `max_wait` is the flag `--max-wait`, the environment variable `XEPHANG_MAX_WAIT` and the TOML key
    `max_wait`; a flag goes before the environment, the environment before the file.
    """

    model: str = _setting("giay", "A bundled model's name, a folder, or a Hugging Face Hub id.", metavar="MODEL")
    catalogue: str | None = _setting(
        None, "A search folder, to search; or a compiled catalogue, to rank its products by id.", metavar="FOLDER"
    )
    judgments: str | None = _setting(
        None, "A JSONL file that takes the grades staff give; without it, none are taken.", metavar="FILE"
    )
    engine: Literal["onnx", "precomputed", "torch"] | None = _setting(None, "Without it, what the model has.")
    precision: Literal["fp32", "int8"] | None = _setting(None, "Of the exported file; int8 before fp32.")
    host: str = _setting("127.0.0.1", "Address to listen on.", metavar="ADDRESS")
    port: int = _setting(8000, "Port to listen on; 0 takes a free one.", least=0, metavar="N")
    workers: int = _setting(1, "Processes that serve, each with its own threads.", least=1, metavar="N")
    threads: int | None = _setting(
        None, "CPU threads of each worker; without it, the machine's are shared out.", least=1, metavar="N"
    )
    keys_file: str | None = _setting(None, "API keys, one a line; read again when it changes.", metavar="FILE")
    allow_anonymous: bool = _setting(False, "Serve others than this machine without any key.")
    cors_origins: tuple[str, ...] = _setting((), "Origins whose pages may ask; none without it.", metavar="ORIGIN")
    max_body_mb: float = _setting(8.0, "A request's most megabytes (413).", least=0.001, metavar="MB")
    max_documents: int = _setting(1000, "A request's most documents.", least=1, metavar="N")
    max_characters: int = _setting(100_000, "A text's, or a product's, most characters.", least=1, metavar="N")
    max_tokens: int | None = _setting(None, "A product's tokens that are read; the model's most.", least=1, metavar="N")
    batch_tokens: int = _setting(2048, "Tokens that the model reads in one go.", least=1, metavar="N")
    max_waiting: int = _setting(256, "Requests that may wait; more are refused (429).", least=1, metavar="N")
    max_wait: float = _setting(
        5.0, "Seconds a request may have to wait; refused where more (429).", least=0, metavar="SECONDS"
    )
    deadline: float = _setting(30.0, "Seconds until a request is given up (504).", least=0.001, metavar="SECONDS")
    read_seconds: float = _setting(
        10.0, "Seconds that a request may take to arrive (408).", least=0.001, metavar="SECONDS"
    )
    max_connections: int = _setting(1000, "Connections of a worker; more are refused (503).", least=1, metavar="N")
    drain_seconds: float = _setting(
        1.0, "Seconds that it serves on, not ready, when told to end.", least=0, metavar="SECONDS"
    )
    shutdown_seconds: float = _setting(
        30.0, "Seconds that requests in flight then have to finish.", least=0, metavar="SECONDS"
    )
    refresh_seconds: float = _setting(
        5.0, "Seconds between looks for changes of the catalogue and the keys.", least=0.01, metavar="SECONDS"
    )
    cache_mb: float = _setting(
        64.0, "Megabytes of products' numbers to keep, for texts seen again.", least=0, metavar="MB"
    )
    score_cache: int = _setting(100_000, "Scores to keep, for pairs seen again.", least=0, metavar="N")
    document_strings: bool = _setting(False, "Give documents back as plain strings, as infinity does.")
    log_level: Literal["debug", "info", "warning", "error"] = _setting("info", "Of the log, JSON lines on stderr.")
    log_queries: bool = _setting(False, "Write the texts of queries into the log.")
    otlp_endpoint: str | None = _setting(None, "Where OpenTelemetry traces go; needs the otel extra.", metavar="URL")

    def __post_init__(self) -> None:
        """Check values, not types.

        :raises InputError: if one can not be.
        """
        for one in fields(self):
            least, value = one.metadata["least"], getattr(self, one.name)
            if least is not None and value is not None and not least <= value < _MOST:
                raise InputError(f"{one.name} is {value}; it must be at least {least}, and not more than {_MOST:g}")
        if self.port > 65535:
            raise InputError(f"port is {self.port}; ports end at 65535")
        if not (self.keys_file or self.allow_anonymous or _is_loopback(self.host)):
            raise InputError(
                f"host {self.host}: others than this machine could ask without a key; give --keys-file FILE, or say "
                "--allow-anonymous if that is meant"
            )

    @classmethod
    def read(cls, given: Mapping[str, Any], *, environment: Mapping[str, str], file: Path | None = None) -> "Settings":
        """Put settings together.

        :param given: goes before all else; None and [] count as not given.
        :param environment: such as `os.environ`; variables that name no setting are an error too.
        :param file: TOML.
        :raises InputError: if a name is unknown, or a value can not be one of its setting's.
        """
        kinds = get_type_hints(cls)
        found = _from_file(file, kinds) if file else {}
        for name, text in sorted(environment.items()):
            if name.startswith(PREFIX):
                key = name.removeprefix(PREFIX).lower()
                found[key] = _of_text(text, _kind(key, kinds, name), name)
        for name, value in given.items():
            if value is not None and value != []:
                found[name] = tuple(value) if isinstance(value, list) else value
        return cls(**found)

    def with_threads(self, available: int) -> "Settings":
        """Return settings that say how many threads each worker has."""
        return replace(self, threads=self.threads or max(1, available // self.workers))


def own_environment() -> dict[str, str]:
    """Return the variables of the process that are settings' ones."""
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}


def reference() -> str:
    """Return a Markdown table of all settings."""
    lines = ["| flag | environment | TOML | default | |", "|---|---|---|---|---|"]
    for one in fields(Settings):
        shown = "" if one.default in (None, ()) else str(one.default).lower() if one.type is bool else str(one.default)
        flag = "MODEL" if one.name == "model" else f"`--{one.name.replace('_', '-')}`"
        text = one.metadata["help"].replace("|", "\\|")
        lines.append(f"| {flag} | `{PREFIX}{one.name.upper()}` | `{one.name}` | {shown and f'`{shown}`'} | {text} |")
    return "\n".join(lines) + "\n"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _from_file(path: Path, kinds: Mapping[str, Any]) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: can not be read as TOML ({error})") from error
    return {
        key: _of_value(value, _kind(key, kinds, f"{path}, {key}"), f"{path}, {key}") for key, value in table.items()
    }


def _kind(key: str, kinds: Mapping[str, Any], where: str) -> Any:
    if key not in kinds:
        raise InputError(f"{where}: there is no such setting; settings are {', '.join(kinds)}")
    return kinds[key]


def _choices(kind: Any) -> tuple[Any, ...]:
    """Return what a setting may be: types, or the values of a Literal."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    parts = get_args(kind) if get_origin(kind) is not tuple else ()
    return tuple(choice for part in parts for choice in _choices(part)) or (kind,)


def _of_value(value: Any, kind: Any, where: str) -> Any:
    """Check a TOML value."""
    choices = _choices(kind)
    if kind == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise InputError(f"{where}: expected a list of texts, got {value!r}")
    if isinstance(value, str) and value in choices:
        return value
    if float in choices and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value) in choices:
        return value
    names = [choice.__name__ if isinstance(choice, type) else f'"{choice}"' for choice in choices]
    raise InputError(f"{where}: expected {' or '.join(n for n in names if n != 'NoneType')}, got {value!r}")


def _of_text(text: str, kind: Any, where: str) -> Any:
    """Read an environment variable."""
    choices = _choices(kind)
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if bool in choices:
        if text.lower() not in _YES + _NO:
            raise InputError(f"{where}: expected true or false, got '{text}'")
        return text.lower() in _YES
    for number in (int, float):
        if number in choices:
            try:
                return number(text)
            except ValueError:
                raise InputError(f"{where}: expected a number, got '{text}'") from None
    return _of_value(text, kind, where)
