"""Commands for compiled catalogues, on a search folder."""

import json

import pytest
from stock import BY_ID, everything

from xephang.cli import main
from xephang.compiled.manifest import Manifest
from xephang.search import Shop


@pytest.fixture
def command(capsys):
    """Return a function that runs a command in this process: its exit code, what it wrote to stdout and to stderr."""

    def run(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def test_a_search_folder_is_ranked_as_a_compiled_catalogue(command, shop, built):
    code, out, _ = command("rank", "giày nữ", built, "--top-k", 5, "--json")
    assert code == 0
    results = json.loads(out)["results"]
    scores = [one["score"] for one in results]
    assert len(scores) == 5
    assert scores == sorted(scores, reverse=True)
    assert {one["id"] for one in results} <= set(shop.compiled.ids())


def test_a_search_folder_is_verified_as_a_compiled_catalogue(command, built):
    code, _, err = command("compile", "--output", built, "--verify")
    assert code == 0, err


@pytest.mark.parametrize("arguments", [["--update"], ["--delete", "H-MEN"]])
def test_compile_does_not_change_a_search_folder(command, folder, tiny_apart, tmp_path, arguments):
    (tmp_path / "mới.jsonl").write_text('{"id": "mới", "title": "Dép"}\n', encoding="utf-8")
    file = [tmp_path / "mới.jsonl"] if "--update" in arguments else []
    before = Manifest.read(folder)
    code, _, err = command("compile", *file, "--output", folder, "--model", tiny_apart, *arguments)
    assert code == 2
    assert "has a search index beside it" in err
    assert "xephang index" in err
    assert "Traceback" not in err
    assert Manifest.read(folder) == before
    assert set(everything(Shop.open(folder))) == set(BY_ID)
