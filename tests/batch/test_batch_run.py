"""`xephang.batch.score`, in this process."""

import json
import shutil

import pyarrow.parquet as pq
import pytest
from batch_rows import PRODUCTS, ids_rows, pair_rows

from xephang import CompiledCatalogue, Product, Reranker
from xephang.batch import Report, score
from xephang.batch import run as running
from xephang.batch.outcome import file_path, record_path
from xephang.batch.output import Output
from xephang.batch.plan import Partition
from xephang.errors import InputError, ModelError, RowError
from xephang.files import sha256


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def score_pairs(pairs, out, tiny_apart):
    """Score ninety pairs in nine partitions."""
    return lambda **given: score(pairs, out, **{"model": tiny_apart, "threads": 1, "partition_rows": 10} | given)


def digests(folder):
    return {path.name: sha256(path) for path in sorted(folder.glob("part-*"))}


def test_a_file_of_pairs(score_pairs, pairs, out, reranker, rows_of, records):
    report = score_pairs()
    assert report == Report(out, "model", 90, 90, 0, 9, 0, report.seconds)
    expected = reranker.predict([(row["query"], row["document"]) for row in pair_rows(90)])
    found = rows_of(out)
    assert [row["score"] for row in found] == expected.tolist()
    assert [row["row"] for row in found] == list(range(1, 91))
    assert (out / "_SUCCESS").read_bytes() == b""
    said = records(out)
    assert (said["rows"], said["pairs"], said["rejected"], len(said["parts"])) == (90, 90, 0, 9)
    assert {part["file"]: part["sha256"] for part in said["parts"]} == digests(out)
    assert [part["first_row"] for part in said["parts"]] == list(range(1, 90, 10))


def test_what_is_left_in_the_folder(score_pairs, out):
    score_pairs(partition_rows=60)
    found = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    records = ["_score/.lock", "_score/part-00000.json", "_score/part-00001.json", "_score/plan.json"]
    assert found == ["_SUCCESS", "_manifest.json", *records, "part-00000.parquet", "part-00001.parquet"]


def test_candidates_of_a_compiled_catalogue(candidates, out, tiny_apart, shop, reranker, rows_of):
    report = score(candidates, out, model=tiny_apart, catalogue=shop, threads=1)
    wanted = [(row["query_id"], id) for row in ids_rows(12) for id in row["ids"]]
    found = rows_of(out)
    assert (report.rows, report.pairs) == (12, len(wanted))
    assert [(row["query_id"], row["id"]) for row in found] == wanted
    last = ids_rows(12)[7]
    ranked = reranker.rank(last["query"], ids=last["ids"], catalogue=CompiledCatalogue.open(shop))
    assert sorted(row["score"] for row in found if row["query_id"] == 7) == sorted(one["score"] for one in ranked)


def test_a_folder_of_files(parquet, tmp_path, out, tiny_apart, rows_of):
    for at, name in enumerate(("a", "b/c", "_left")):
        parquet(pair_rows(5, 5 * at), f"in/{name}.parquet")
    score(tmp_path / "in", out, model=tiny_apart, partition_rows=3)
    assert [(row["file"], row["row"]) for row in rows_of(out)] == [
        (name, row) for name in ("a.parquet", "b/c.parquet") for row in range(1, 6)
    ]


def test_products_in_the_rows_own_columns(parquet, out, tiny_apart, reranker, rows_of):
    path = parquet([{"query": "giày đỏ", "ten_sp": p["title"], "size": p["size"]} for p in PRODUCTS])
    score(path, out, model=tiny_apart, columns={"title": "ten_sp"})
    products = [Product(title=product["title"], size=product["size"]) for product in PRODUCTS]
    assert [row["score"] for row in rows_of(out)] == reranker.predict([("giày đỏ", p) for p in products]).tolist()


@pytest.mark.parametrize("rows", [1, 7, 40, 89, 90, 1000])
def test_scores_do_not_depend_on_how_rows_are_cut(score_pairs, out, rows_of, reranker, rows):
    assert score_pairs(partition_rows=rows).partitions == -(-90 // rows)
    expected = reranker.score([(row["query"], row["document"]) for row in pair_rows(90)]).logits
    assert [row["logit"] for row in rows_of(out)] == expected.tolist()


def test_the_same_scoring_writes_the_same_bytes(score_pairs, out, tmp_path):
    score_pairs()
    before = digests(out)
    out.rename(tmp_path / "before")
    score_pairs()
    assert digests(out) == before


def test_a_model_that_reads_pairs_together(pairs, out, tiny_exported, rows_of):
    score(pairs, out, model=tiny_exported, precision="fp32")
    expected = Reranker.load(tiny_exported, precision="fp32").predict(
        [(r["query"], r["document"]) for r in pair_rows(90)]
    )
    assert [row["score"] for row in rows_of(out)] == expected.tolist()


def test_a_model_of_several_labels(pairs, out, tiny_classes_exported, rows_of):
    score(pairs, out, model=tiny_classes_exported)
    assert all(0 <= row["score"] <= 2 for row in rows_of(out))


def test_a_model_without_exported_files(pairs, out, tiny, rows_of):
    score(pairs, out, model=tiny)
    expected = Reranker.load(tiny, engine="torch").predict([(r["query"], r["document"]) for r in pair_rows(90)])
    assert [row["score"] for row in rows_of(out)] == pytest.approx(expected.tolist(), abs=1e-5)


def refuse(*arguments, **options):
    raise AssertionError("scores again")


def test_a_scoring_that_is_done_is_not_done_again(score_pairs, out, monkeypatch):
    done = score_pairs()
    monkeypatch.setattr("xephang.batch.worker.score_partition", refuse)
    with pytest.raises(InputError, match="out: holds scores already"):
        score_pairs()
    again = score_pairs(resume=True)
    assert (again.pairs, again.partitions, again.resumed) == (done.pairs, 9, 9)
    assert (out / "_SUCCESS").exists()


def without_record(out, part):
    record_path(out, part).unlink()


def without_file(out, part):
    file_path(out, part).unlink()


def with_a_changed_byte(out, part):
    content = bytearray(file_path(out, part).read_bytes())
    content[100] ^= 1
    file_path(out, part).write_bytes(content)


def with_half_a_record(out, part):
    record_path(out, part).write_text('{"plan": ', encoding="utf-8")


def with_a_file_of_somebody_else(out, part):
    shutil.copyfile(out / "part-00000.parquet", file_path(out, part))


@pytest.mark.parametrize(
    "damage",
    [without_record, without_file, with_a_changed_byte, with_half_a_record, with_a_file_of_somebody_else],
    ids=lambda damage: damage.__name__.replace("_", " "),
)
def test_only_what_is_not_whole_is_scored_again(score_pairs, out, damage):
    score_pairs()
    before = digests(out)
    for number in (3, 8):
        damage(out, Partition(number, "pairs.parquet", 0, 10))
    assert score_pairs(resume=True).resumed == 7
    assert digests(out) == before


def test_damage_takes_the_mark_away_until_it_is_mended(score_pairs, out, monkeypatch):
    score_pairs()
    (out / "part-00004.parquet").unlink()
    with monkeypatch.context() as patch:
        patch.setattr("xephang.batch.worker.score_partition", refuse)
        with pytest.raises(AssertionError):
            score_pairs(resume=True)
    assert not (out / "_SUCCESS").exists()
    assert score_pairs(resume=True).resumed == 8
    assert (out / "_SUCCESS").exists()


def test_strays_of_killed_processes_are_swept(score_pairs, out):
    score_pairs()
    stray = out / ".part-00003.parquet.0a0a.tmp"
    stray.write_bytes(b"half")
    score_pairs(resume=True)
    assert not stray.exists()


def test_resume_begins_where_there_is_nothing(score_pairs):
    assert score_pairs(resume=True).resumed == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"precision": "fp32"}, "as the model changed"),
        ({"partition_rows": 11}, "as the rows of a partition"),
        ({"keep_going": True}, "as what is done with bad rows"),
        ({"columns": {"query": "document", "document": "query"}}, "as the columns that are read changed"),
    ],
    ids=lambda value: "".join(value) if isinstance(value, dict) else "",
)
def test_resume_refuses_what_would_write_something_else(score_pairs, out, changed, said):
    score_pairs()
    before = digests(out)
    with pytest.raises(InputError, match=f"can not be gone on with, {said}"):
        score_pairs(resume=True, **changed)
    assert digests(out) == before
    score_pairs(overwrite=True, **changed)


def test_resume_refuses_inputs_that_changed(score_pairs, parquet, out):
    score_pairs()
    parquet(pair_rows(90, first=1), group=40)
    with pytest.raises(InputError, match=r"as the inputs changed since it was begun: pairs\.parquet; put that back"):
        score_pairs(resume=True)


def test_resume_refuses_a_catalogue_that_changed(candidates, out, tiny_apart, shop, tmp_path):
    copy = shutil.copytree(shop, tmp_path / "shop")
    given = {"model": tiny_apart, "catalogue": copy, "threads": 1}
    score(candidates, out, **given)
    CompiledCatalogue.open(copy, model=Reranker.load(tiny_apart)).update([Product(id="SP-1", title="Dép mới")])
    with pytest.raises(InputError, match="as the catalogue changed since it was begun"):
        score(candidates, out, resume=True, **given)
    score(candidates, out, overwrite=True, **given)


def test_a_failed_overwrite_keeps_what_was_there(score_pairs, out):
    score_pairs()
    before = digests(out)
    with pytest.raises(InputError, match="has no column 'q'"):
        score_pairs(overwrite=True, columns={"query": "q"})
    with pytest.raises(ModelError, match="no such folder"):
        score_pairs(overwrite=True, model="none")
    assert digests(out) == before and (out / "_SUCCESS").exists()


def test_overwriting_leaves_nothing_of_the_one_before(score_pairs, out, records):
    score_pairs()
    score_pairs(overwrite=True, partition_rows=50)
    assert list(digests(out)) == ["part-00000.parquet", "part-00001.parquet"]
    assert len(records(out)["parts"]) == 2


@pytest.fixture
def with_bad_rows(parquet):
    rows = pair_rows(30)
    rows[4]["query"], rows[13]["document"], rows[29]["query"] = None, "", "giày " * 3000
    return parquet(rows, "bad.parquet", group=7)


def test_a_bad_row_is_named(with_bad_rows, out, tiny_apart):
    with pytest.raises(RowError, match=r"bad\.parquet, row 5, field 'query': is null; give a query"):
        score(with_bad_rows, out, model=tiny_apart, partition_rows=5)
    assert not (out / "_SUCCESS").exists()


def test_bad_rows_are_left_out_when_asked(with_bad_rows, out, tiny_apart, rows_of, records):
    report = score(with_bad_rows, out, model=tiny_apart, partition_rows=5, keep_going=True)
    assert (report.rows, report.pairs, report.rejected) == (30, 27, 3)
    assert [row["row"] for row in rows_of(out)] == [row for row in range(1, 31) if row not in (5, 14, 30)]
    lines = (out / "_rejects.jsonl").read_text(encoding="utf-8").splitlines()
    said = [json.loads(line) for line in lines]
    assert [(one["file"], one["row"], one["field"]) for one in said] == [
        ("bad.parquet", 5, "query"),
        ("bad.parquet", 14, "document"),
        ("bad.parquet", 30, "query"),
    ]
    assert records(out)["rejected"] == 3


def test_no_bad_rows_are_an_empty_file_when_asked(score_pairs, out):
    score_pairs(keep_going=True)
    assert (out / "_rejects.jsonl").read_bytes() == b""


def test_rejects_outlive_an_interruption(with_bad_rows, out, tiny_apart):
    given = {"model": tiny_apart, "partition_rows": 5, "keep_going": True}
    score(with_bad_rows, out, **given)
    before = (out / "_rejects.jsonl").read_bytes()
    for name in ("_SUCCESS", "_rejects.jsonl", "part-00005.parquet"):
        (out / name).unlink()
    assert score(with_bad_rows, out, resume=True, **given).rejected == 3
    assert (out / "_rejects.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"engine": "spark"}, "engine 'spark' is not known; engines are local, ray"),
        ({"workers": 2}, "address and workers are of a cluster; say engine ray too"),
        ({"address": "auto"}, "address and workers are of a cluster"),
        ({"engine": "ray", "workers": 0}, "workers is 0; it must be at least 1"),
        ({"threads": 0}, "threads is 0; it must be at least 1"),
        ({"partition_rows": 0}, "partition_rows is 0; it must be at least 1"),
        ({"resume": True, "overwrite": True}, "drop one"),
        ({"columns": {"nghĩa": "query"}}, "columns: 'nghĩa' is not one of query"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_wrong_arguments_are_said(score_pairs, out, given, said):
    with pytest.raises(InputError, match=said):
        score_pairs(**given)
    assert not out.exists()


def test_a_catalogue_of_another_model_is_refused(candidates, out, shop):
    with pytest.raises(ModelError, match="was compiled with 'model'"):
        score(candidates, out, model="giay-two", catalogue=shop)


def test_two_drivers_do_not_write_into_one_folder(score_pairs, out):
    with Output(out).held(), pytest.raises(InputError, match="another process is writing into it"):
        score_pairs()


def test_an_input_that_changes_meanwhile_is_noticed(score_pairs, parquet, monkeypatch):
    def late(*arguments, **options):
        made = plan(*arguments, **options)
        parquet(pair_rows(90, first=1), group=40)
        return made

    plan = running.plan
    monkeypatch.setattr(running, "plan", late)
    with pytest.raises(InputError, match=r"pairs\.parquet: is not what the scoring was begun with"):
        score_pairs()


def test_a_report_can_be_read_and_written(score_pairs, out):
    report = score_pairs()
    assert str(report).startswith(f"{out}: 90 scores of 90 rows, in 9 files; model 'model', ")
    assert json.loads(json.dumps(report.to_dict())) == report.to_dict()
    assert ", 9 of them before; model" in str(score_pairs(resume=True))


def test_files_can_be_read_one_by_one(score_pairs, out):
    score_pairs()
    assert [pq.read_table(path).num_rows for path in sorted(out.glob("*.parquet"))] == [10] * 9
