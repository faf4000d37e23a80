"""deploy/xephang.service and deploy/xephang.toml."""

import configparser
import re
import shutil
import subprocess
import sys

from artefacts import DEPLOY, SETTINGS, read, stopping

from xephang.errors import InputError
from xephang.settings import Settings

UNIT = read(DEPLOY / "xephang.service")
EXPOSURE = 20
"""The most that `systemd-analyze security` may find open, of 100."""


def said(name):
    """Everything that the unit says under a name."""
    return re.findall(rf"(?m)^{name}=(.*)$", UNIT)


def unit():
    """The unit's sections; of what is said more than once, the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(UNIT)
    return {name: dict(parser[name]) for name in parser.sections()}


def test_systemd_finds_nothing_wrong_where_there_is_systemd(tmp_path):
    """Its own word where it is installed; the tests below hold anywhere."""
    analyze = shutil.which("systemd-analyze")
    copy = tmp_path / "xephang.service"
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT), encoding="utf-8")
    for words in ([], ["security", "--offline=true", f"--threshold={EXPOSURE}"]) if analyze else ():
        command = [str(analyze), *(words or ["verify"]), str(copy)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert not done.stderr


def test_the_unit_is_hardened():
    service = unit()["Service"]
    asked = {
        "DynamicUser": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    }
    assert {name: service.get(name) for name in asked} == asked
    assert {"MemoryMax", "TasksMax", "SystemCallFilter"} <= set(service)


def test_it_stops_reloads_and_restarts_as_the_server_does():
    service = unit()["Service"]
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID" and service["KillMode"] == "mixed"
    assert int(service["TimeoutStopSec"]) > stopping() + 5
    assert service["Restart"] == "on-failure"
    assert int(service["RestartPreventExitStatus"]) == InputError.exit_code
    assert int(service["LimitNOFILE"]) > SETTINGS["max_connections"]


def test_the_keys_are_a_credential_that_the_server_is_told_of():
    service = unit()["Service"]
    name = service["LoadCredential"].split(":")[0]
    assert f"XEPHANG_KEYS_FILE=%d/{name}" in said("Environment")


def test_its_configuration_can_be_read_and_every_line_is_a_setting():
    config = unit()["Service"]["ExecStart"].split("--config ")[1]
    text = read(DEPLOY / "xephang.toml")
    assert text.startswith(f"# {config}:")
    settings = Settings.read({}, environment={"XEPHANG_KEYS_FILE": "keys"}, file=DEPLOY / "xephang.toml")
    assert settings.keys_file == "keys" and settings.port == SETTINGS["port"]
    assert set(re.findall(r"(?m)^#? ?(\w+) = ", text)) <= set(SETTINGS)
