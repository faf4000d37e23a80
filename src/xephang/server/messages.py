"""What the supervisor and its workers say to each other."""

from dataclasses import dataclass
from typing import Literal

Order = Literal["serve", "prepare", "retire", "ping", "reloaded", "count"]
Report = Literal["opened", "failed", "prepared", "unprepared", "pong", "reload"]


@dataclass(frozen=True, slots=True)
class Served:
    """What a worker has open.

    :param products: of the compiled catalogue; None without one.
    :param search: whether they can be searched.
    """

    model: str
    fingerprint: str
    engine: str
    activation: str
    products: int | None
    search: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said.

    :param generation: that it is about.
    :param problem: what went wrong; empty where nothing did.
    :param exit_code: of the problem.
    """

    kind: Order | Report
    generation: int = 0
    problem: str = ""
    exit_code: int = 1
    served: Served | None = None
