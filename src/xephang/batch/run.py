"""`score`: plan, drive, seal."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from xephang.batch.job import Job, Opened
from xephang.batch.on_ray import OnRay, check_installed
from xephang.batch.outcome import Outcome
from xephang.batch.output import Output
from xephang.batch.plan import Partition, Plan, plan
from xephang.batch.report import Report
from xephang.batch.worker import Drive, Worker
from xephang.errors import InputError
from xephang.progress import progress_bar


def score(
    source: str | Path,
    output: str | Path,
    *,
    model: str | Path = "giay",
    precision: Literal["fp32", "int8"] | None = None,
    catalogue: str | Path | None = None,
    engine: Literal["local", "ray"] = "local",
    address: str | None = None,
    workers: int | None = None,
    threads: int | None = None,
    columns: Mapping[str, str] | None = None,
    partition_rows: int | None = None,
    keep_going: bool = False,
    resume: bool = False,
    overwrite: bool = False,
    show_progress: bool = False,
) -> Report:
    """Score a Parquet file, or a folder of them, into a folder of Parquet files, a partition each.

    Rows hold `query` and one of: `document`, a text or a record; a product's own columns; with a catalogue, `ids`, a
    list, or `id`. `query_id` is copied.

    :param catalogue: a compiled catalogue's folder, or a search folder.
    :param engine: "local" scores in this process, "ray" on a cluster's.
    :param address: of the cluster; one is started on this machine without it.
    :param workers: processes at once; as many as the cluster has CPUs for, without it.
    :param threads: CPU threads of each process; all here, one on a cluster, without it.
    :param columns: the source's names by ours.
    :param partition_rows: rows that are scored together; as many as make some 50,000 pairs without it.
    :param keep_going: leave bad rows out, and write them to `_rejects.jsonl`.
    :param resume: go on with what is there; partitions that are whole are not scored again.
    :param overwrite: clear the folder first.
    :param show_progress: draw a bar on stderr, where that is a terminal.
    :raises InputError: if the source, a row of it, or the folder can not be used.
    :raises ModelError: if the model can not be opened, or the catalogue is another model's.
    """
    began = time.perf_counter()
    _check_counts(workers=workers, threads=threads, partition_rows=partition_rows)
    drive = _driver(engine, address, workers)
    threads = 1 if threads is None and drive else threads
    place = Path(catalogue) if catalogue is not None else None
    job = Job(Path(source), Path(output), str(model), precision, place, threads).absolute()
    how = _How(dict(columns or {}), partition_rows, keep_going, resume, overwrite, show_progress)
    return how.run(job, Output(Path(output)), drive, began)


@dataclass(frozen=True)
class _How:
    """What `score` was told beside what is scored where."""

    columns: Mapping[str, str]
    partition_rows: int | None
    keep_going: bool
    resume: bool
    overwrite: bool
    show_progress: bool

    def run(self, job: Job, folder: Output, drive: Drive | None, began: float) -> Report:
        """Plan, drive, seal.

        :param drive: has partitions scored elsewhere; this process does, without it.
        :param began: when, as `time.perf_counter` says it.
        """
        self._check(folder, job)
        opened = Opened(job)
        planned = plan(
            job.source,
            wanted=self.columns,
            partition_rows=self.partition_rows,
            keep_going=self.keep_going,
            model=opened.model_print,
            catalogue=opened.catalogue_print,
        )
        with folder.held():
            self._check(folder, job)  # another process may have written in the meantime
            planned = folder.begin(planned, overwrite=self.overwrite)
            missing = folder.missing(planned)
            _drive(drive or _here(opened), job, planned, missing, self.show_progress)
            outcomes = folder.outcomes(planned)
            folder.seal(planned, outcomes, opened.reranker.folder.name)
        name, resumed = opened.reranker.folder.name, len(outcomes) - len(missing)
        pairs, left = sum(one.pairs for one in outcomes), sum(len(one.rejects) for one in outcomes)
        seconds = time.perf_counter() - began
        return Report(folder.path, name, planned.rows, pairs, left, len(outcomes), resumed, seconds)

    def _check(self, folder: Output, job: Job) -> None:
        folder.check(job.source, resume=self.resume, overwrite=self.overwrite)


def _check_counts(**counts: int | None) -> None:
    for name, value in counts.items():
        if value is not None and value < 1:
            raise InputError(f"{name} is {value}; it must be at least 1")


def _driver(engine: str, address: str | None, workers: int | None) -> Drive | None:
    """Return what drives a scoring elsewhere; None for this process.

    :raises InputError: if the arguments do not fit together.
    """
    if engine not in ("local", "ray"):
        raise InputError(f"engine '{engine}' is not known; engines are local, ray")
    if engine == "ray":
        check_installed()
        return OnRay(address, workers)
    if address is not None or workers is not None:
        raise InputError("address and workers are of a cluster; say engine ray too, or drop them")
    return None


def _here(opened: Opened) -> Drive:
    def drive(job: Job, planned: Plan, partitions: Iterable[Partition]) -> Iterator[Outcome]:
        worker = Worker(job, planned, opened)
        return map(worker.score, partitions)

    return drive


def _drive(drive: Drive, job: Job, planned: Plan, missing: list[Partition], show: bool) -> None:
    if not missing:
        return
    with progress_bar("scoring", planned.rows, show=show) as advance:
        advance = advance or (lambda _: None)
        advance(planned.rows - sum(one.rows for one in missing))
        for outcome in drive(job, planned, missing):
            advance(outcome.rows)
