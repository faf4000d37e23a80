"""What a process opens to score, and how it knows that it is the right one."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from batch_rows import pair_rows

from xephang import CompiledCatalogue, Product, Reranker
from xephang.batch.job import Job, Opened
from xephang.batch.plan import Partition, plan
from xephang.batch.worker import Worker
from xephang.errors import InputError, ModelError
from xephang.fingerprint import fingerprint


@pytest.fixture
def job(tiny_apart, pairs, tmp_path):
    (tmp_path / "out" / "_score").mkdir(parents=True)
    return Job(pairs, tmp_path / "out", str(tiny_apart), threads=1)


def planned(job, opened):
    prints = {"model": opened.model_print, "catalogue": opened.catalogue_print}
    return plan(job.source, wanted={}, partition_rows=10, keep_going=False, **prints)


def test_paths_hold_in_another_folder(tiny_apart, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny_apart, "own")
    one = Job(Path("in"), Path("out"), "own", catalogue=Path("shop"), threads=2).absolute()
    assert one == Job(tmp_path / "in", tmp_path / "out", str(tmp_path / "own"), None, tmp_path / "shop", 2)


@pytest.mark.parametrize("name", ["giay", "giay-two", "somebody/model"])
def test_names_stay_names(tmp_path, monkeypatch, name):
    """A bundled model lies elsewhere on each machine, and a Hub's id is no path; a folder may have either's name."""
    monkeypatch.chdir(tmp_path)
    if "/" not in name:
        (tmp_path / name).mkdir()
    assert Job(Path("in"), Path("out"), name).absolute().model == name


def copy_of(folder, tmp_path):
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_a_copy_has_the_same_fingerprint(tiny_apart, tmp_path):
    copy = copy_of(tiny_apart, tmp_path)
    assert fingerprint(Reranker.load(copy)) == fingerprint(Reranker.load(tiny_apart))


def test_each_precision_has_its_own(tiny_exported):
    prints = {fingerprint(Reranker.load(tiny_exported, precision=one)) for one in ("fp32", "int8")}
    assert len(prints) == 2
    assert fingerprint(Reranker.load(tiny_exported)) in prints


def test_a_tokenizer_is_in_it(tiny_apart, tmp_path):
    copy = copy_of(tiny_apart, tmp_path)
    before = fingerprint(Reranker.load(copy))
    path = copy / "tokenizer.json"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert fingerprint(Reranker.load(copy)) != before


def test_a_calibration_is_in_it(tiny_apart, tmp_path):
    from xephang.calibration import Calibration

    copy = copy_of(tiny_apart, tmp_path)
    reranker = Reranker.load(copy)
    before = fingerprint(reranker)
    found = Calibration.from_dict(json.loads(giay_manifest().read_text(encoding="utf-8"))["calibration"])
    reranker.folder.with_calibration(found)
    assert fingerprint(Reranker.load(copy)) != before


def giay_manifest():
    return Reranker.load("giay").folder.path / "xephang.json"


def test_a_catalogues_state_has_a_fingerprint(tiny_apart, shop, tmp_path, pairs):
    copy = Path(shutil.copytree(shop, tmp_path / "shop"))
    job = Job(pairs, tmp_path / "out", str(tiny_apart), catalogue=copy, threads=1)
    before = Opened(job).catalogue_print
    CompiledCatalogue.open(copy, model=Reranker.load(tiny_apart)).update([Product(id="SP-1", title="Dép mới")])
    assert Opened(job).catalogue_print != before


def test_a_worker_scores_what_it_is_told(job):
    opened = Opened(job)
    one = planned(job, opened)
    one.write(job.output / "_score" / "plan.json")
    done = Worker(job, one).score(list(one.partitions())[3])
    assert (done.number, done.rows, done.pairs) == (3, 10, 10)
    assert Worker(job, one, opened).score(list(one.partitions())[3]) == done


@pytest.mark.parametrize(
    "change", [{"model": "n"}, {"catalogue": "c"}, {"xephang": "0.0.9"}], ids=lambda one: "".join(one)
)
def test_a_worker_does_not_score_with_something_else(job, change):
    one = replace(planned(job, Opened(job)), **change)
    with pytest.raises(ModelError, match="is not what the scoring was begun with; put that back on every machine"):
        Worker(job, one)


def test_a_worker_does_not_read_something_else(job, parquet):
    one = planned(job, Opened(job))
    worker = Worker(job, one)
    parquet(pair_rows(90, first=1), group=40)
    with pytest.raises(InputError, match=r"pairs\.parquet: is not what the scoring was begun with"):
        worker.score(Partition(0, "pairs.parquet", 0, 10))


def test_an_input_that_is_gone_is_said(job):
    one = planned(job, Opened(job))
    worker = Worker(job, one)
    job.source.unlink()
    with pytest.raises(InputError, match=r"pairs\.parquet: can not be read as Parquet"):
        worker.score(Partition(0, "pairs.parquet", 0, 10))
