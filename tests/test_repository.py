"""Habits that hold for every file of the project."""

import ast
import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("src", "tests", "scripts", "recipes", "docs", "benchmarks", "deploy")
TEXT = {".py", ".md", ".toml", ".txt", ".json", ".jsonl", ".cfg", ".yml", ".yaml", ".csv", ""}
MACHINE = re.compile(r"(?<![\w.:/-])/(?:root|work|tmp/w|home/\w+|Users/\w+|opt)/")
"""Absolute paths of whoever's machine this was made on; a URL's path follows its host and is none."""


def text_files():
    loose = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".coverage")]
    inside = [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file()]
    return sorted(path for path in loose + inside if path.suffix in TEXT and "__pycache__" not in path.parts)


def python_files(*rooms):
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def length(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def definitions(path, *kinds):
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, kinds)]


def functions(path):
    return definitions(path, ast.FunctionDef, ast.AsyncFunctionDef)


def lines_of(function):
    return function.end_lineno - function.lineno + 1


OURS = python_files("src", "scripts", "benchmarks")


def test_the_helpers_find_the_project():
    assert len(OURS) > 60
    assert {"README.md", "pyproject.toml", "recipes/seed.toml", "tests/test_repository.py"} <= set(
        map(name_of, text_files())
    )


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_a_file_is_one_idea(path):
    assert length(path) <= 400


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_a_function_fits_a_screen(path):
    assert [f"{f.name}: {lines_of(f)} lines" for f in functions(path) if lines_of(f) > 60] == []


def test_most_files_and_functions_are_short():
    source = python_files("src")
    assert statistics.median(map(length, source)) < 100
    lengths = [lines_of(function) for path in source for function in functions(path)]
    assert statistics.quantiles(lengths, n=10)[-1] < 35


def public(node):
    """The public functions and classes directly in a module or class, and those in its public classes."""
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from public(child)


def is_overload(node):
    return any("overload" in ast.unparse(decorator) for decorator in node.decorator_list)


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_what_is_public_says_what_it_does(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = [node.name for node in public(tree) if not ast.get_docstring(node) and not is_overload(node)]
    assert silent == []
    assert not path.read_text(encoding="utf-8") or ast.get_docstring(tree)


def called_names(path):
    return {ast.unparse(call.func) for call in definitions(path, ast.Call)}


@pytest.mark.parametrize("path", python_files("src"), ids=name_of)
def test_nothing_prints_or_exits_outside_the_command_line(path):
    if "cli" not in path.parts:
        assert not called_names(path) & {"print", "exit", "quit", "sys.exit", "sys.stdout.write", "breakpoint"}


@pytest.mark.parametrize("path", text_files(), ids=name_of)
def test_no_text_names_a_path_of_somebodys_machine(path):
    assert MACHINE.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("see " + "/".join(["", "root", "x"]), True, id="a home"),
        pytest.param('"' + "/".join(["", "work", "main"]) + '"', True, id="quoted"),
        pytest.param("file://" + "/".join(["", "home", "ai", "x"]), False, id="a file URL, which is not looked for"),
        pytest.param("https://example.com/work/x and a/root/b", False, id="parts of other paths"),
        pytest.param("path/to/this-model", False, id="relative"),
    ],
)
def test_paths_of_a_machine_are_told_from_others(text, found):
    assert bool(MACHINE.search(text)) == found


@pytest.mark.parametrize("path", [*OURS, *python_files("tests")], ids=name_of)
def test_nothing_is_left_to_be_done(path):
    """The words are put together here, so that this file does not find itself."""
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK")
    assert [mark for mark in marks if mark in path.read_text(encoding="utf-8")] == []


def test_no_test_is_left_out():
    """A test that is skipped, or expected to fail, proves nothing."""
    words = re.compile(r"mark\.(?:sk" + r"ip|xf" + r"ail)|pytest\.(?:sk" + r"ip|xf" + r"ail|importor)")
    assert [name_of(path) for path in python_files("tests") if words.search(path.read_text(encoding="utf-8"))] == []


def test_test_files_have_names_of_their_own():
    names = [path.name for path in python_files("tests") if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))


def test_tests_outnumber_the_source():
    assert sum(map(length, python_files("tests"))) > 1.2 * sum(map(length, python_files("src")))


def test_text_files_end_with_one_line_end_and_have_no_tabs_at_line_starts():
    for path in text_files():
        text = path.read_bytes()
        assert b"\r\n" not in text, path
        if path.suffix in (".py", ".md", ".toml"):
            assert not text or (text.endswith(b"\n") and not text.endswith(b"\n\n")), path
