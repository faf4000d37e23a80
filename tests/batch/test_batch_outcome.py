"""A partition's file: whole or absent, once, however many write it."""

import errno
import json
import os
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xephang.batch import outcome as outcomes
from xephang.batch.columns import Columns
from xephang.batch.inputs import Input
from xephang.batch.outcome import Outcome, file_path, plan_path, record_path, write
from xephang.batch.plan import Partition, Plan
from xephang.errors import InputError, RowError
from xephang.files import sha256

PARTITION = Partition(17, "in.parquet", 34, 3)


def plan_of(model):
    return Plan((Input("in.parquet", 37, 1, 1, "f"),), Columns("text", "query", document="d"), 2, False, model, "")


PLAN, OTHER = plan_of("m"), plan_of("n")


@pytest.fixture
def folder(tmp_path):
    """A folder of a scoring that has begun."""
    (tmp_path / "điểm" / "_score").mkdir(parents=True)
    PLAN.write(plan_path(tmp_path / "điểm"))
    return tmp_path / "điểm"


def table(*scores):
    return pa.table({"query": ["giày"] * len(scores), "score": pa.array(scores, pa.float32())})


def put(folder, *scores, plan=PLAN, rejects=()):
    return write(folder, PARTITION, plan.id, table(*scores), rejects)


def standing(folder):
    return pq.read_table(file_path(folder, PARTITION))["score"].to_pylist()


def strays(folder):
    return [path.name for path in folder.glob(".*")]


def test_a_file_and_what_is_recorded_of_it(folder):
    rejects = (RowError("in.parquet", 36, "query", "is null"),)
    done = put(folder, 0.5, 0.25, rejects=rejects)
    path = folder / "part-00017.parquet"
    assert done == Outcome(PLAN.id, 17, 3, 2, path.stat().st_size, sha256(path), ((36, "query", "is null"),))
    assert Outcome.read(folder, PARTITION, PLAN.id) == done
    assert done.is_whole(folder, PARTITION, every_byte=True)
    assert standing(folder) == [0.5, 0.25]
    assert strays(folder) == []


def test_whoever_reads_a_folder_of_parquet_finds_the_scores_alone(folder):
    put(folder, 0.5)
    (folder / ".part-00018.parquet.abc.tmp").write_bytes(b"half")
    assert pq.read_table(folder)["score"].to_pylist() == [0.5]


def test_the_first_who_writes_wins(folder):
    first = put(folder, 0.5)
    assert put(folder, 0.75) == first
    assert standing(folder) == [0.5]
    assert strays(folder) == []


def test_a_file_of_another_scoring_is_replaced(folder):
    """A worker of a scoring that was given up may have written just when this one began."""
    put(folder, 0.5)
    OTHER.write(plan_path(folder))
    done = put(folder, 0.75, plan=OTHER)
    assert standing(folder) == [0.75]
    assert Outcome.read(folder, PARTITION, OTHER.id) == done
    assert Outcome.read(folder, PARTITION, PLAN.id) is None


@pytest.mark.parametrize("written", [True, False], ids=["after the new file", "before it"])
def test_a_scoring_that_was_given_up_writes_nothing(folder, written):
    OTHER.write(plan_path(folder))
    done = put(folder, 0.75, plan=OTHER) if written else None
    with pytest.raises(InputError, match="điểm: another scoring has been begun there meanwhile; nothing more of this"):
        put(folder, 0.5)
    assert Outcome.read(folder, PARTITION, OTHER.id) == done and strays(folder) == []
    assert [path.name for path in folder.glob("*.parquet")] == (["part-00017.parquet"] if written else [])
    assert not written or standing(folder) == [0.75]


def test_between_two_scorings_nothing_is_written(folder):
    """The folder is cleared before the new plan is there."""
    plan_path(folder).unlink()
    with pytest.raises(InputError, match="another scoring has been begun"):
        put(folder, 0.5)
    assert [path.name for path in folder.iterdir()] == ["_score"]


def test_a_scoring_that_is_given_up_while_it_writes_records_nothing(folder, monkeypatch):
    link = os.link

    def beginning_anew(source, target):
        link(source, target)
        OTHER.write(plan_path(folder))

    monkeypatch.setattr(os, "link", beginning_anew)
    with pytest.raises(InputError, match="another scoring has been begun"):
        put(folder, 0.5)
    assert not record_path(folder, PARTITION).exists()
    monkeypatch.undo()
    done = put(folder, 0.75, plan=OTHER)
    assert standing(folder) == [0.75] and done.is_whole(folder, PARTITION, every_byte=True)


def test_a_file_that_is_no_parquet_is_replaced(folder):
    file_path(folder, PARTITION).write_bytes(b"half")
    put(folder, 0.75)
    assert standing(folder) == [0.75]


def test_many_at_once_leave_one_file_and_its_record(folder):
    barrier = threading.Barrier(8)

    def one(score):
        barrier.wait()
        put(folder, score)

    threads = [threading.Thread(target=one, args=(number / 8,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = Outcome.read(folder, PARTITION, PLAN.id)
    assert found is not None and found.is_whole(folder, PARTITION, every_byte=True)
    assert len(standing(folder)) == 1
    assert strays(folder) == []


def test_a_file_system_without_links_will_do(folder, monkeypatch):
    def link(source, target):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    done = put(folder, 0.5)
    assert done.is_whole(folder, PARTITION, every_byte=True)
    assert (standing(folder), strays(folder)) == ([0.5], [])


@pytest.mark.parametrize(
    "partition",
    [Partition(17, "in.parquet", 34, 4), Partition(18, "in.parquet", 34, 3)],
    ids=["other rows", "another number"],
)
def test_what_is_recorded_of_something_else_does_not_count(folder, partition):
    put(folder, 0.5)
    record_path(folder, PARTITION).rename(record_path(folder, partition)) if partition.number != 17 else None
    assert Outcome.read(folder, partition, PLAN.id) is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"rejects": 3}', '{"rejects": [[1]]}', '{"rejects": []}']
)
def test_a_record_that_can_not_be_read_does_not_count(folder, text):
    put(folder, 0.5)
    record_path(folder, PARTITION).write_text(text, encoding="utf-8")
    assert Outcome.read(folder, PARTITION, PLAN.id) is None


def test_a_file_without_a_record_does_not_count(folder):
    put(folder, 0.5)
    record_path(folder, PARTITION).unlink()
    assert Outcome.read(folder, PARTITION, PLAN.id) is None


def changed(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "noticed"),
    [
        (lambda path: path.unlink(), (True, True)),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), (True, True)),
        (changed, (False, True)),
    ],
    ids=["missing", "cut", "a byte"],
)
def test_damage_is_noticed(folder, damage, noticed):
    done = put(folder, 0.5)
    damage(file_path(folder, PARTITION))
    found = tuple(not done.is_whole(folder, PARTITION, every_byte=every) for every in (False, True))
    assert found == noticed


def test_a_record_is_plain_json(folder):
    put(folder, 0.5, rejects=[RowError("in.parquet", 36, "query", "là rỗng")])
    said = json.loads(record_path(folder, PARTITION).read_text(encoding="utf-8"))
    assert (said["plan"], said["rows"], said["pairs"], said["rejects"]) == (PLAN.id, 3, 1, [[36, "query", "là rỗng"]])


def test_a_folder_that_can_not_be_written_is_said(tmp_path):
    with pytest.raises(InputError, match=r"part-00017\.parquet: can not be written: No such file or directory"):
        put(tmp_path / "none", 0.5)


def test_a_full_disk_leaves_nothing(folder, monkeypatch):
    def write_table(table, stream, **options):
        stream.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(outcomes.pq, "write_table", write_table)
    with pytest.raises(InputError, match="can not be written: No space left on device"):
        put(folder, 0.5)
    assert [path.name for path in folder.iterdir()] == ["_score"]
