"""The application as a Ray Serve deployment: each replica opens its own model. Needs the `ray` extra too."""

import os
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from xephang.errors import InputError, MissingExtraError, ModelError
from xephang.folder import absolute
from xephang.server.app import create_app
from xephang.settings import PREFIX, Settings

if find_spec("ray") is None:
    raise MissingExtraError("xephang.server.on_ray", "ray")

from ray import serve

_OWN = ("replicas", "cpus", "name")


def deployment(
    settings: Settings, *, replicas: int = 1, cpus: int | None = None, name: str = "xephang", **options: Any
) -> serve.Application:
    """Return what `serve.run` and `serve deploy` take.

    Paths have to hold on every machine. Who listens where, and in how many processes, is Ray's: `host`, `port`,
    `workers` and what a connection may take are not read.

    :param cpus: of a replica, and its threads; those that the settings say, or one, without it.
    :param options: of `serve.deployment`, such as `autoscaling_config`, which takes the place of `replicas`.
    :raises InputError: if there would be no replica, or neither keys nor the word that none are meant.
    """
    threads = cpus or settings.threads or 1
    if replicas < 1 or threads < 1:
        raise InputError(f"replicas is {replicas} and cpus {threads}; both must be at least 1")
    if not (settings.keys_file or settings.allow_anonymous):
        raise InputError("Ray says who can reach it: give keys_file, or say allow_anonymous if that is meant")
    settings = _absolute(replace(settings, threads=threads))

    def build() -> FastAPI:
        os.environ["RAYON_NUM_THREADS"] = str(threads)  # the tokenizer's threads
        return create_app(settings, reload=_refuse_reload)

    @serve.ingress(build)
    class Replica:
        """The application, and whether it can go on."""

        def check_health(self) -> None:
            """Raise where the thread that owns the model has ended: Ray then starts another replica."""
            if not self.app.state.service.scorer.alive:  # type: ignore[attr-defined]  # Serve's ingress has it
                raise RuntimeError("the scorer has ended")

    usual: dict[str, Any] = {
        "name": name,
        "ray_actor_options": {"num_cpus": threads},
        # The application has its own queue, which it needs to batch and to refuse by: Ray's limits lie beyond it.
        "max_ongoing_requests": settings.max_connections,
        "max_queued_requests": settings.max_connections,
        "graceful_shutdown_timeout_s": settings.drain_seconds + settings.shutdown_seconds,
    }
    if "autoscaling_config" not in options:
        usual["num_replicas"] = replicas
    return serve.deployment(**(usual | options))(Replica).bind()


def build(arguments: Mapping[str, Any]) -> serve.Application:
    """Return the deployment for arguments as `serve run xephang.server.on_ray:build model=giay` or a file gives them.

    :param arguments: settings by their names, `replicas`, `cpus` and `name`; an `autoscaling_config` goes through.
    :raises InputError: if one is unknown, or can not be what it says.
    """
    table = dict(arguments)
    through = {key: table.pop(key) for key in ("autoscaling_config",) if key in table}
    own = {key: table.pop(key) for key in _OWN if key in table}
    for key in ("replicas", "cpus"):
        if key in own:
            own[key] = _whole(key, own[key])
    settings = Settings.read({}, environment={f"{PREFIX}{key.upper()}": _text(table[key]) for key in table})
    return deployment(settings, **own, **through)


async def _refuse_reload() -> None:
    raise ModelError("one replica can not reload alone; deploy again, and Ray replaces all of them in turn")


def _absolute(settings: Settings) -> Settings:
    """Return settings for a process that stands in another folder."""
    files = {name: getattr(settings, name) for name in ("catalogue", "judgments", "keys_file")}
    paths: dict[str, Any] = {name: str(Path(one).resolve()) for name, one in files.items() if one}
    return replace(settings, model=absolute(settings.model), **paths)


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _whole(name: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise InputError(f"{name}: expected a whole number, got {value!r}") from None
