"""The folder that a scoring writes: what is refused, and what is cleared."""

from dataclasses import replace

import pytest

from xephang.batch.columns import Columns
from xephang.batch.inputs import Input
from xephang.batch.output import Output
from xephang.batch.plan import Plan
from xephang.errors import InputError, ModelError

PLAN = Plan((Input("a.parquet", 5, 1, 1, "f"),), Columns("text", "query", document="d"), 2, False, "m", "")


@pytest.fixture
def source(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def output(tmp_path):
    return Output(tmp_path / "out")


def begun(output, plan=PLAN):
    with output.held():
        return output.begin(plan, overwrite=False)


def names(output):
    return sorted(path.relative_to(output.path).as_posix() for path in output.path.rglob("*") if path.is_file())


def test_a_new_folder_is_made(output, source):
    output.check(source, resume=False, overwrite=False)
    assert begun(output) == PLAN
    assert names(output) == ["_score/.lock", "_score/plan.json"]


@pytest.mark.parametrize("options", [{}, {"resume": True}, {"overwrite": True}], ids=lambda options: "".join(options))
def test_a_folder_of_other_files_is_left_alone(output, source, options):
    output.path.mkdir()
    (output.path / "part-00000.parquet").write_bytes(b"mine")
    with pytest.raises(InputError, match="out: holds other files; name a folder of its own"):
        output.check(source, **{"resume": False, "overwrite": False} | options)
    assert names(output) == ["part-00000.parquet"]


@pytest.mark.parametrize("done", [True, False])
def test_what_is_there_is_not_replaced_unasked(output, source, done):
    begun(output)
    if done:
        (output.path / "_SUCCESS").touch()
    said = "holds scores already" if done else "holds a scoring that was interrupted"
    with pytest.raises(InputError, match=f"out: {said}; go on with it: --resume, or begin anew: --overwrite"):
        output.check(source, resume=False, overwrite=False)
    output.check(source, resume=True, overwrite=False)
    output.check(source, resume=False, overwrite=True)


def test_both_at_once_are_refused(output, source):
    with pytest.raises(InputError, match="--resume goes on with what is there, --overwrite replaces it; drop one"):
        output.check(source, resume=True, overwrite=True)


@pytest.mark.parametrize("place", ["in", "in/out", ".", "link"])
def test_what_is_read_is_not_written_into(source, tmp_path, place):
    (tmp_path / "link").symlink_to(source)
    with pytest.raises(InputError, match=r"is, or is in, what is read, .*; name another folder"):
        Output(tmp_path / place).check(source, resume=False, overwrite=True)


def test_a_folder_beside_a_file_is_written(tmp_path):
    file = tmp_path / "pairs.parquet"
    file.touch()
    Output(tmp_path / "out").check(file, resume=False, overwrite=False)
    with pytest.raises(InputError, match="is a file; name a folder"):
        Output(file).check(tmp_path / "other.parquet", resume=False, overwrite=False)


def test_one_driver_at_a_time(output):
    with output.held(), pytest.raises(InputError, match="another process is writing into it"), output.held():
        pass


def test_a_folder_that_can_not_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/out: can not be written"), Output(tmp_path / "file" / "out").held():
        pass


def test_another_plan_is_refused(output):
    begun(output)
    with pytest.raises(InputError, match="as the model changed"):
        begun(output, replace(PLAN, model="n"))


def test_overwriting_clears_what_scorings_write_and_nothing_else(output):
    begun(output)
    ours = ["_SUCCESS", "_manifest.json", "_rejects.jsonl", "part-00000.parquet", ".part-00001.parquet.0a.tmp"]
    for name in [*ours, "_score/part-00000.json", "notes.txt", "part-of-mine.txt", "_score/notes.txt"]:
        (output.path / name).write_text("x", encoding="utf-8")
    other = replace(PLAN, model="n")
    with output.held():
        assert output.begin(other, overwrite=True) == other
    assert names(output) == ["_score/.lock", "_score/notes.txt", "_score/plan.json", "notes.txt", "part-of-mine.txt"]


def test_what_is_missing_is_said_before_it_is_sealed(output):
    begun(output)
    assert [part.number for part in output.missing(PLAN)] == [0, 1, 2]
    with pytest.raises(ModelError, match=r"part-00000\.parquet: is missing or cut; go on with --resume"):
        output.outcomes(PLAN)
