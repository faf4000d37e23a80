"""What scores partitions, one after the other, in whatever process it stands."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from xephang.batch import inputs
from xephang.batch.job import Job, Opened
from xephang.batch.outcome import Outcome, write
from xephang.batch.plan import Partition, Plan
from xephang.batch.reading import read_partition
from xephang.batch.scoring import score_partition
from xephang.errors import InputError

Drive = Callable[[Job, Plan, Iterable[Partition]], Iterator[Outcome]]
"""Has partitions scored, and yields what came of each, in any order."""


class Worker:
    """Score partitions of one job.

    :param opened: its model and catalogue; opened without it, and compared with the plan's.
    """

    def __init__(self, job: Job, plan: Plan, opened: Opened | None = None) -> None:
        """Open what is missing.

        :raises XephangError: if it can not be opened, or is not what the plan was made with.
        """
        self._job, self._plan = job, plan
        self._opened = opened or Opened(job)
        self._opened.check(plan, job)
        self._checked: set[str] = set()

    def score(self, partition: Partition) -> Outcome:
        """Read a partition, score it, and put its file in place.

        :raises XephangError: if it can not be read, scored or written.
        """
        plan, path = self._plan, self._path(partition.input)
        table = read_partition(path, partition, plan.columns)
        scored = score_partition(
            table, plan.columns, self._opened, file=partition.input, first=partition.first, keep_going=plan.keep_going
        )
        return write(self._job.output, partition, plan.id, scored.table, scored.rejects)

    def _path(self, name: str) -> Path:
        """Return an input's path; that it is the planned one is looked at once."""
        source = self._job.source
        path = source / name if source.is_dir() else source
        if name not in self._checked:
            planned = next(one for one in self._plan.inputs if one.name == name)
            if inputs.describe(name, path) != planned:
                raise InputError(f"{path}: is not what the scoring was begun with; put that back on every machine")
            self._checked.add(name)
        return path
