import getpass
import platform
import re
from pathlib import Path

from xephang import __version__
from xephang.evaluation.stamp import stamp


def test_it_says_when_on_what_and_with_which_versions():
    found = stamp()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", found["date"])
    assert re.search(r"\d+ logical CPUs$", found["processor"])
    assert (found["Python"], found["xephang"]) == (platform.python_version(), __version__)
    assert {"numpy", "onnxruntime", "ir-measures", "matplotlib"} <= set(found)


def test_it_does_not_say_whose_machine_it_is():
    text = " ".join(stamp().values())
    assert platform.node() not in text.split() and str(Path.home()) not in text
    assert not re.search(rf"\b{re.escape(getpass.getuser())}\b", text)
