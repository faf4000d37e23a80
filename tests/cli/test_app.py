import os
import re
import signal
import subprocess

import pytest

from xephang import __version__
from xephang.cli import app

OPTIONS = {
    "rank": "--model --top-k --column --keep-going --rejects --format --sql --engine --precision --threads --explain "
    "--lexicon --json",
    "score": "--output --model --precision --catalogue --engine --address --workers --threads --partition-rows "
    "--resume --overwrite --column --keep-going --json",
    "index": "--output --model --lexicon --storage --update --delete --resume --overwrite --column --keep-going "
    "--rejects --format --sql --threads --json",
    "search": "--filter --price --ignore --sort --page --top-k --candidates --first-stage-only --explain --model "
    "--threads --json",
    "predict": "--model --column --format --engine --precision --threads --json",
    "train": "--output --base --resume --overwrite",
    "export": "--precision --pairs --tolerance --json",
    "card": "--write",
    "demo": "--model --top-k --threads --json",
}
COMMANDS = {command.callback.__name__ for command in app.registered_commands}
GROUPS = {group.typer_instance.info.name for group in app.registered_groups}


def test_version(xephang):
    assert xephang("--version").out == f"xephang {__version__}\n"


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_the_help_lists_every_command_with_its_whole_sentence(xephang, monkeypatch, flag):
    monkeypatch.setenv("COLUMNS", "80")
    ran = xephang(flag)
    listed = re.findall(r"^  (\w+) +([A-Z].*)$", ran.out.split("Commands:")[1], re.M)
    assert (ran.code, ran.err) == (0, "")
    assert {name for name, _ in listed} == COMMANDS | GROUPS >= set(OPTIONS)
    assert all(sentence.endswith(".") and not sentence.endswith("..") for _, sentence in listed)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_argument_and_option_is_explained(xephang, command):
    """Every argument and option has a sentence beside it, and none is a type's name in Python."""
    ran = xephang(command, "-h")
    assert (ran.code, ran.err) == (0, "")
    explained = re.findall(r"^  (?:-\w, )?(?:--[\w-]+.*?|[A-Z]+ <.*?>)(?:  +|\n +)(\S.*)$", ran.out, re.M)
    assert len(explained) == len(re.findall(r"^  (?:-\w, --|--|[A-Z]+ <)", ran.out, re.M)) > 0
    assert all(re.match("[A-Zf-]", sentence) for sentence in explained)
    assert "range>" not in ran.out


@pytest.mark.parametrize("command", OPTIONS)
def test_each_command_names_its_options(xephang, command):
    ran = xephang(command, "--help")
    named = re.findall(r"^ +(?:-\w, )?(--[\w-]+).*", ran.out, re.M)
    assert (ran.code, ran.err) == (0, "")
    assert named == [*OPTIONS[command].split(), "--help"]
    assert "\x1b" not in ran.out


def test_without_arguments_the_help_is_shown_as_wrong_usage(xephang):
    ran = xephang()
    assert ran.code == 2
    assert "rank" in ran.out + ran.err


WRONG_USAGE = [
    pytest.param(["rnak"], "rnak", id="unknown command"),
    pytest.param(["rank"], "QUERY", id="no query"),
    pytest.param(["rank", "giày"], "FILE", id="no file"),
    pytest.param(["rank", "giày", "a.csv", "--topk", "3"], "--topk", id="unknown option"),
    pytest.param(["rank", "giày", "a.csv", "-k", "0"], "--top-k", id="top-k below 1"),
    pytest.param(["rank", "giày", "a.csv", "-k", "many"], "--top-k", id="top-k no number"),
    pytest.param(["rank", "giày", "a.csv", "--threads", "0"], "--threads", id="no threads"),
    pytest.param(["rank", "giày", "a.csv", "--precision", "fp16"], "fp16", id="unknown precision"),
    pytest.param(["rank", "giày", "a.csv", "--engine", "tf"], "tf", id="unknown engine"),
    pytest.param(["rank", "giày", "a.csv", "--format", "xlsx"], "xlsx", id="unknown format"),
    pytest.param(["rank", "giày", "a.csv", "--column", "title"], "title=name", id="column without ="),
    pytest.param(["rank", "giày", "a.csv", "--column", "=name"], "OURS=THEIRS", id="column without ours"),
    pytest.param(["export", "folder", "--tolerance", "-1"], "--tolerance", id="negative tolerance"),
    pytest.param(["demo", "-k", "0"], "--top-k", id="demo: top-k below 1"),
]


@pytest.mark.parametrize(("arguments", "named"), WRONG_USAGE)
def test_wrong_usage_names_what_is_wrong_and_exits_2(xephang, arguments, named):
    ran = xephang(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert named in ran.err


WRONG_INPUT = [
    pytest.param(["rank", "giày", "none.csv"], 2, "none.csv: there is no such file", id="rank: file"),
    pytest.param(["predict", "none.csv"], 2, "none.csv: there is no such file", id="predict: file"),
    pytest.param(["predict", "."], 2, "is a folder", id="predict: a folder"),
    pytest.param(["predict", "words.docx"], 2, "suffix", id="predict: a file of no format"),
    pytest.param(["train", "none.toml"], 2, "none.toml: can not be read", id="train: recipe"),
    pytest.param(["demo", "--model", "khong-co"], 1, "'khong-co': no such folder", id="demo: model"),
    pytest.param(["card", "khong-co"], 1, "'khong-co': no such folder", id="card: model"),
    pytest.param(["card", "."], 1, "no config.json", id="card: a folder that is no model"),
    pytest.param(["export", "khong-co"], 1, "khong-co: no config.json", id="export: model"),
    pytest.param(["rank", "giày", "none\x1b[2J\n.csv"], 2, "none [2J .csv", id="a name to clear the terminal with"),
    pytest.param(["demo", "--model", "caf\udce9"], 1, "caf\ufffd", id="a name that is no UTF-8"),
]


@pytest.mark.parametrize(("arguments", "code", "says"), WRONG_INPUT)
def test_a_foreseen_error_is_one_line_on_stderr(xephang, tmp_path, monkeypatch, arguments, code, says):
    (tmp_path / "words.docx").write_bytes(b"PK")
    monkeypatch.chdir(tmp_path)
    ran = xephang(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("xephang: ")
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1
    assert "\x1b" not in ran.err


def test_a_hub_model_that_can_not_be_had_exits_1(process, tmp_path):
    ran = process("demo", "--model", "khong-co/khong-co", env={"HF_HOME": str(tmp_path)})
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("xephang: 'khong-co/khong-co': ") and "can not be had from " in ran.err


def test_a_file_that_can_not_be_written_is_named(xephang, trained, copy_of):
    folder = copy_of(trained)
    (folder / "README.md").unlink()
    (folder / "README.md").mkdir()
    ran = xephang("card", folder, "--write")
    assert ran.code == 2
    assert "README.md" in ran.err and len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("command", [["export", "a"], ["train", "a.toml"]], ids=lambda command: command[0])
def test_what_needs_an_extra_says_which(process, command):
    without_torch = "import sys; sys.modules['torch'] = None; from xephang.cli import main; main()"
    ran = process(*command, python=("-c", without_torch))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("xephang: ") and "pip install 'xephang[train]'" in ran.err


def test_ranking_imports_no_training_library(process, tiny_exported, shop):
    heavy = ("torch", "transformers", "sentence_transformers", "datasets", "onnx", "pyarrow")
    program = (
        "import sys\nfrom xephang.cli import main\ntry:\n    main()\n"
        f"finally:\n    print([name for name in {heavy} if name in sys.modules])"
    )
    catalogue = shop({"title": "Giày chạy bộ"})
    ran = process("rank", "giày", catalogue, "--model", tiny_exported, "--json", python=("-c", program))
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[-1] == "[]"


def test_python_m_xephang_is_the_command_line(process):
    assert process("--version").out == f"xephang {__version__}\n"
    assert process("rank").code == 2
    assert process("demo", "--model", "khong-co").code == 1


def test_ctrl_c_ends_quietly_with_130(start, tiny_exported):
    with start("demo", *["giày"] * 500, "--model", tiny_exported, stdout=subprocess.DEVNULL) as child:
        first = child.stderr.readline()
        child.send_signal(signal.SIGINT)
        rest = child.stderr.read()
    assert b"1,200 products" in first
    assert (child.returncode, rest) == (130, b"")


@pytest.mark.parametrize(
    "command", [["--version"], ["rank", "--help"], ["rank"], ["predict"], ["predict", "--json"]], ids=" ".join
)
def test_a_reader_that_goes_away_is_no_crash(start, tiny_exported, seed_pairs, shop, command):
    """What `xephang … | head -0` does: the pipe's other end is closed before anything is written."""
    files = {"rank": ["giày", shop({"title": "Giày"})], "predict": [seed_pairs]}
    given = [] if command[-1].endswith(("version", "help")) else [*files[command[0]], "--model", tiny_exported]
    reader, writer = os.pipe()
    os.close(reader)
    with start(*command, *given, stdout=writer) as child:
        os.close(writer)
        _, err = child.communicate(timeout=120)
    assert child.returncode == 1
    assert b"Traceback" not in err and b"BrokenPipe" not in err


def test_stdout_is_utf_8_whatever_the_locale(process, tiny_exported, shop):
    catalogue = shop({"title": "Giày đế êm", "price": 268000})
    ran = process(
        "rank", "đế êm", catalogue, "--model", tiny_exported, env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    )
    assert ran.code == 0, ran.err
    assert "Giày đế êm" in ran.out and "268.000đ" in ran.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_given_a_completion_script(process, shell):
    ran = process("--show-completion", env={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"})
    assert ran.code == 2
    ran = process("--show-completion", shell, env={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"})
    assert ran.code == 0
    assert "_XEPHANG_COMPLETE" in ran.out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param("xephang ", COMMANDS | GROUPS, id="commands"),
        pytest.param("xephang pr", {"predict"}, id="a command begun"),
        pytest.param("xephang rank --pre", {"--precision"}, id="an option begun"),
        pytest.param("xephang rank giày a.csv --engine ", {"onnx", "precomputed", "torch"}, id="an option's values"),
    ],
)
def test_bash_completes(process, words, offered):
    cursor = str(len(words.split(" ")) - 1)
    env = {"_XEPHANG_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": cursor}
    ran = process(env=env)
    assert set(ran.out.split()) == offered
