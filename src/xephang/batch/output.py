"""The folder that a scoring writes: begun, gone on with, and sealed once every row is counted."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xephang.batch.outcome import RECORDS, TEMPORARY, Outcome, file_path, plan_path, record_path
from xephang.batch.plan import Partition, Plan
from xephang.errors import InputError, ModelError
from xephang.files import check_folder, exclusive, replacing, write_text

SUCCESS = "_SUCCESS"
"""An empty file, written last: all that was asked for is there. Hadoop's and Spark's readers look for it."""
MANIFEST = "_manifest.json"
REJECTS = "_rejects.jsonl"
_OURS = (SUCCESS, MANIFEST, REJECTS, "part-*.parquet", TEMPORARY, f".{MANIFEST}.*.tmp", f".{REJECTS}.*.tmp")


@dataclass(frozen=True)
class Output:
    """One folder.

    :param path: of it; it need not be there.
    """

    path: Path

    @property
    def _plan(self) -> Path:
        return plan_path(self.path)

    def check(self, source: Path, *, resume: bool, overwrite: bool) -> None:
        """Check, before any work, that the folder may be written.

        :param source: what is read.
        :raises InputError: if it may not.
        """
        if resume and overwrite:
            raise InputError("--resume goes on with what is there, --overwrite replaces it; drop one")
        check_folder(self.path)
        real, read = Path(os.path.realpath(self.path)), Path(os.path.realpath(source))
        if real == read or read in real.parents or (read.is_dir() and real in read.parents):
            raise InputError(f"{self.path}: is, or is in, what is read, {source}; name another folder")
        if not self.path.is_dir() or not any(self.path.iterdir()):
            return
        if not (self.path / RECORDS).is_dir():
            raise InputError(f"{self.path}: holds other files; name a folder of its own")
        if self._plan.is_file() and not (resume or overwrite):
            done = "holds scores already" if (self.path / SUCCESS).exists() else "holds a scoring that was interrupted"
            raise InputError(f"{self.path}: {done}; go on with it: --resume, or begin anew: --overwrite")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other drivers out while the block runs.

        :raises InputError: if there is one already.
        """
        records = self.path / RECORDS
        try:
            records.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.path}: can not be written: {error.strerror or error}") from error
        with exclusive(records / ".lock"):
            yield

    def begin(self, plan: Plan, *, overwrite: bool) -> Plan:
        """Return the plan that the folder is to follow: its own where it has one, else the one that is given.

        :param overwrite: clear the folder first.
        :raises InputError: if its own would write something else.
        """
        if self._plan.is_file() and not overwrite:
            standing = Plan.read(self._plan)
            standing.check_same(plan, self.path)
            return standing
        self._clear()
        plan.write(self._plan)
        return plan

    def missing(self, plan: Plan) -> list[Partition]:
        """Return the partitions that are not whole, what there is of them removed; every byte is read for that."""
        found = []
        for partition in plan.partitions():
            outcome = Outcome.read(self.path, partition, plan.id)
            if outcome is None or not outcome.is_whole(self.path, partition, every_byte=True):
                (self.path / SUCCESS).unlink(missing_ok=True)
                record_path(self.path, partition).unlink(missing_ok=True)
                file_path(self.path, partition).unlink(missing_ok=True)
                found.append(partition)
        return found

    def outcomes(self, plan: Plan) -> list[Outcome]:
        """Return all partitions' outcomes.

        :raises ModelError: if one is missing.
        """
        found = []
        for partition in plan.partitions():
            outcome = Outcome.read(self.path, partition, plan.id)
            if outcome is None or not outcome.is_whole(self.path, partition, every_byte=False):
                raise ModelError(f"{file_path(self.path, partition)}: is missing or cut; go on with --resume")
            found.append(outcome)
        return found

    def seal(self, plan: Plan, outcomes: list[Outcome], model: str) -> None:
        """Write what came of it, and last that it is complete."""
        if plan.keep_going:
            self._write_rejects(plan, outcomes)
        parts = [
            {"file": file_path(self.path, part).name, "input": part.input, "first_row": part.first + 1}
            | {"rows": done.rows, "pairs": done.pairs, "rejected": len(done.rejects)}
            | {"bytes": done.bytes, "sha256": done.sha256}
            for part, done in zip(plan.partitions(), outcomes, strict=True)
        ]
        said = {
            "plan": plan.id,
            "model": model,
            "model_sha256": plan.model,
            "catalogue_sha256": plan.catalogue,
            "rows": sum(done.rows for done in outcomes),
            "pairs": sum(done.pairs for done in outcomes),
            "rejected": sum(len(done.rejects) for done in outcomes),
            "parts": parts,
        }
        write_text(self.path / MANIFEST, json.dumps(said, ensure_ascii=False, indent=1) + "\n")
        for stray in self.path.glob(TEMPORARY):
            stray.unlink(missing_ok=True)
        write_text(self.path / SUCCESS, "")

    def _write_rejects(self, plan: Plan, outcomes: list[Outcome]) -> None:
        path = self.path / REJECTS
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
            for part, done in zip(plan.partitions(), outcomes, strict=True):
                for row, field, problem in done.rejects:
                    record = {"file": part.input, "row": row, "field": field, "problem": problem}
                    stream.write(json.dumps(record, ensure_ascii=False) + "\n")

    def _clear(self) -> None:
        """Remove what scorings write, that it is complete first of all."""
        for pattern in _OURS:
            for path in self.path.glob(pattern):
                path.unlink(missing_ok=True)
        for path in (self.path / RECORDS).glob("*.json"):
            path.unlink()
