"""What a process needs to know to score partitions, and the model and catalogue that it opens for that."""

from dataclasses import dataclass, replace
from pathlib import Path

from xephang.batch.plan import Plan
from xephang.compiled import CompiledCatalogue
from xephang.compiled.manifest import MANIFEST
from xephang.errors import ModelError
from xephang.files import sha256
from xephang.fingerprint import fingerprint
from xephang.folder import absolute
from xephang.reranker import Reranker
from xephang.version import __version__


@dataclass(frozen=True)
class Job:
    """Where things are; the same paths have to hold on every machine.

    :param model: a bundled model's name, a folder or a Hub id.
    :param threads: CPU threads of each process; all without it.
    """

    source: Path
    output: Path
    model: str
    precision: str | None = None
    catalogue: Path | None = None
    threads: int | None = None

    def absolute(self) -> "Job":
        """Return the same for a process that stands in another folder."""
        catalogue = self.catalogue.resolve() if self.catalogue else None
        return replace(
            self,
            source=self.source.resolve(),
            output=self.output.resolve(),
            model=absolute(self.model),
            catalogue=catalogue,
        )


class Opened:
    """A job's model and catalogue, open in this process."""

    def __init__(self, job: Job) -> None:
        """Open them.

        :raises XephangError: if one can not be opened, or the catalogue is another model's.
        """
        self.reranker = Reranker.load(job.model, precision=job.precision, threads=job.threads)  # type: ignore[arg-type]
        self.catalogue: CompiledCatalogue | None = None
        self.catalogue_print = ""
        if job.catalogue:
            self.catalogue = CompiledCatalogue.open(job.catalogue)
            self.catalogue.check(self.reranker)
            self.catalogue_print = sha256(job.catalogue / MANIFEST)
        self.model_print = fingerprint(self.reranker)

    def check(self, plan: Plan, job: Job) -> None:
        """Check that these are what a plan was made with.

        :raises ModelError: if not.
        """
        for found, planned, what in (
            (self.model_print, plan.model, job.model),
            (self.catalogue_print, plan.catalogue, job.catalogue),
            (__version__, plan.xephang, f"xephang {__version__}"),
        ):
            if found != planned:
                raise ModelError(f"{what}: is not what the scoring was begun with; put that back on every machine")
