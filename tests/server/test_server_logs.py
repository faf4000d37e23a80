import json
import logging
import subprocess
import sys
from datetime import datetime

from xephang.server.logs import JsonLines


def record(message="request", level=logging.INFO, exc_info=None, **extra):
    made = logging.LogRecord("xephang.server", level, __file__, 1, message, (), exc_info)
    vars(made).update(extra)
    return made


def test_a_record_is_one_line_of_json_with_its_fields():
    line = JsonLines().format(record(status=200, queries=["giày\n👟"], seconds=0.5))
    assert "\n" not in line
    assert line.isascii(), "whatever a terminal makes of letters"
    said = json.loads(line)
    assert datetime.fromisoformat(said.pop("time")).tzinfo is not None
    assert said.pop("process") > 0
    assert said == {"level": "info", "event": "request", "status": 200, "queries": ["giày\n👟"], "seconds": 0.5}


def test_what_json_has_no_word_for_is_written_as_text(tmp_path):
    said = json.loads(JsonLines().format(record(path=tmp_path, error=ValueError("no"), half="\ud83d")))
    assert (said["path"], said["error"], said["half"]) == (str(tmp_path), "no", "\ud83d")


def test_a_failure_has_its_traceback_in_the_line():
    try:
        raise RuntimeError("no memory")
    except RuntimeError:
        line = JsonLines().format(record("a batch failed", logging.ERROR, sys.exc_info()))
    assert "\n" not in line
    said = json.loads(line)
    assert said["level"] == "error"
    assert said["traceback"].endswith("RuntimeError: no memory")


SPEAKING = """
import logging, sys
from xephang.server.logs import set_up
for at in ("debug", "info", "warning", "error"):
    set_up(at)
    set_up(at)
    for name in ("xephang.server.service", "uvicorn.error", "uvicorn.access", "asyncio", "somebody"):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            logging.getLogger(name).log(level, "%s at %s", name, at)
"""


def test_ours_is_told_from_a_level_on_and_libraries_only_when_something_is_wrong():
    ran = subprocess.run([sys.executable, "-c", SPEAKING], capture_output=True, text=True, check=True)
    events = [json.loads(line)["event"] for line in ran.stderr.splitlines() if not line.startswith("somebody")]
    for level, count in (("debug", 4), ("info", 3), ("warning", 2), ("error", 1)):
        assert events.count(f"xephang.server.service at {level}") == count
        assert events.count(f"uvicorn.error at {level}") == events.count(f"asyncio at {level}") == 2
        assert f"uvicorn.access at {level}" not in events, "it would tell who asks what"
    assert ran.stdout == ""
