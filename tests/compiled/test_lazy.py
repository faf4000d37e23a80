"""A catalogue of which nothing is computed ahead: as small as its products, and the same scores."""

import numpy as np
import pytest
from shops import held, shoe, shop

from xephang import CompiledCatalogue
from xephang.errors import InputError


@pytest.fixture
def lazy(model, tmp_path):
    return CompiledCatalogue.build(model, shop(40), tmp_path / "lazy", storage="lazy")


def test_scores_are_those_of_products_computed_ahead(model, lazy, tmp_path):
    ahead = CompiledCatalogue.build(model, shop(40), tmp_path / "ahead")
    ids = ahead.ids()
    assert lazy.ids() == ids
    for one, other in zip(lazy.stored(ids, model), ahead.stored(ids), strict=True):
        assert np.array_equal(one, other)
    asked = {"ids": ids, "activation": "identity"}
    assert model.rank("giày nam", catalogue=lazy, **asked) == model.rank("giày nam", catalogue=ahead, **asked)


def test_it_is_as_large_as_its_products(lazy, model, tmp_path):
    ahead = CompiledCatalogue.build(model, shop(40), tmp_path / "ahead")
    assert lazy.lazy and not ahead.lazy
    assert lazy.bytes < ahead.bytes / 2
    assert sum(file.bytes for part in lazy.manifest.parts for file in part.files if file.path.endswith(".bin")) == 0


def test_it_changes_as_others_do(lazy, model):
    assert lazy.update([shoe(3, 1), shoe(99)]) == 1
    lazy.delete(["p5"])
    opened = CompiledCatalogue.open(lazy.folder)
    opened.verify()
    expected = held(shop(40)) | held([shoe(3, 1), shoe(99)])
    del expected["p5"]
    assert held(opened.products(opened.ids())) == expected
    assert len(model.rank("giày", ids=opened.ids(), catalogue=opened)) == 40


def test_an_interrupted_build_goes_on(model, tmp_path, monkeypatch):
    monkeypatch.setattr("xephang.compiled.building.MOST_IN_A_PART", 64)

    def stop(done, _):
        if done > 150:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CompiledCatalogue.build(model, shop(300), tmp_path / "lazy", storage="lazy", progress=stop)
    compiled = CompiledCatalogue.build(model, shop(300), tmp_path / "lazy", storage="lazy", resume=True)
    assert len(compiled) == 300 and len(compiled.manifest.parts) > 3


def test_without_a_model_there_is_nothing_to_read(lazy):
    with pytest.raises(InputError, match="nothing was computed ahead"):
        CompiledCatalogue.open(lazy.folder).stored(["p1"])


def test_another_model_is_refused_all_the_same(lazy, tiny_apart, make_apart):
    from xephang import Reranker
    from xephang.compiling import export
    from xephang.errors import ModelError

    other = make_apart(layers=3)
    (other / "config.json").write_text(
        (other / "config.json").read_text().replace('"product_position": 16', '"product_position": 20')
    )
    export(other)
    with pytest.raises(ModelError, match="was compiled with"):
        Reranker.load(other).rank("giày", ids=["p1"], catalogue=lazy)


def test_an_update_leaves_the_large_parts_be(model, tmp_path, monkeypatch):
    """However few bytes their products come to: else each update would write all of them anew."""
    for module in ("building", "writing"):
        monkeypatch.setattr(f"xephang.compiled.{module}.MOST_IN_A_PART", 64)
    lazy = CompiledCatalogue.build(model, shop(64 * 18), tmp_path / "many", storage="lazy")
    before = {part.name for part in lazy.manifest.parts}
    assert len(before) == 18
    lazy.update([shoe(5000)])
    assert before < {part.name for part in lazy.manifest.parts}
    lazy.delete([f"p{number}" for number in range(40)])
    assert max(part.products for part in lazy.manifest.parts) <= 64
