"""deploy/kubernetes/."""

import re

import pytest
from artefacts import DEPLOY, KUBERNETES, SETTINGS, documents, environment_names, read, stopping, tool

from xephang.server.keys import Keys

FILES = sorted(KUBERNETES.glob("*.yaml"))
CUSTOM = {"kustomization.yaml", "servicemonitor.yaml"}
"""Of kinds that are no part of Kubernetes itself."""


def only(name, *path):
    (found,) = documents(KUBERNETES / f"{name}.yaml")
    for key in path:
        found = found[key]
    return found


POD = only("deployment", "spec", "template", "spec")
(CONTAINER,) = POD["containers"]


@pytest.mark.parametrize("path", [path for path in FILES if path.name not in CUSTOM], ids=lambda path: path.name)
def test_kubernetes_would_take_it(path):
    code, said = tool("kubernetes-validate", "--strict", path)
    assert code == 0, said


def test_the_validator_says_no_to_what_is_wrong(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(read(KUBERNETES / "deployment.yaml").replace("periodSeconds", "periodSecond"), encoding="utf-8")
    code, said = tool("kubernetes-validate", "--strict", wrong)
    assert code != 0 and "periodSecond" in said


def test_kustomize_takes_what_is_here_but_examples_and_extras():
    kustomization = only("kustomization")
    extras = {"kustomization.yaml", "servicemonitor.yaml", "secret.example.yaml"}
    assert set(kustomization["resources"]) == {path.name for path in FILES} - extras
    assert [image["name"] for image in kustomization["images"]] == [CONTAINER["image"]]


def test_what_is_selected_are_the_servers_pods():
    labels = only("deployment", "spec", "template", "metadata", "labels")
    assert only("deployment", "spec", "selector", "matchLabels") == labels
    assert only("service", "spec", "selector") == labels
    assert only("disruption", "spec", "selector", "matchLabels") == labels
    assert only("network", "spec", "podSelector", "matchLabels") == labels
    assert only("servicemonitor", "spec", "selector", "matchLabels") == only("service", "metadata", "labels")
    assert only("autoscaling", "spec", "scaleTargetRef", "name") == only("deployment", "metadata", "name")


def test_the_probes_ask_what_the_server_answers(server_paths):
    probes = {name: CONTAINER[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/ready",
        "readiness": "/ready",
        "liveness": "/health",
    }
    assert {probe["path"] for probe in probes.values()} <= server_paths
    assert {endpoint["path"] for endpoint in only("servicemonitor", "spec", "endpoints")} <= server_paths
    (port,) = CONTAINER["ports"]
    assert port["containerPort"] == SETTINGS["port"] and {probe["port"] for probe in probes.values()} == {port["name"]}


def test_a_pod_may_finish_what_it_has():
    sleep = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert POD["terminationGracePeriodSeconds"] > sleep + stopping() + 5


def test_pods_may_do_nothing_but_serve():
    pod, own = POD["securityContext"], CONTAINER["securityContext"]
    assert POD["automountServiceAccountToken"] is False
    assert pod["runAsNonRoot"] is True and pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert f"USER {pod['runAsUser']}:{pod['runAsGroup']}" in read(DEPLOY / "Dockerfile")
    assert own["readOnlyRootFilesystem"] is True and own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert set(CONTAINER["resources"]) == {"requests", "limits"}


def test_no_service_puts_variables_into_the_servers_settings():
    assert POD["enableServiceLinks"] is False
    assert {variable["name"].removeprefix("XEPHANG_").lower() for variable in CONTAINER["env"]} <= set(SETTINGS)
    assert environment_names(read(KUBERNETES / "catalogue" / "kustomization.yaml")) <= set(SETTINGS)


def test_the_secret_holds_what_is_mounted_and_monitored_and_the_server_can_read_it(tmp_path):
    secret = only("secret.example")
    volume = next(one["secret"] for one in POD["volumes"] if one["name"] == "keys")
    mount = next(one for one in CONTAINER["volumeMounts"] if one["name"] == "keys")
    assert volume["secretName"] == secret["metadata"]["name"] and "subPath" not in mount
    assert volume["defaultMode"] == 0o440
    (item,) = volume["items"]
    assert CONTAINER["env"][0]["value"] == f"{mount['mountPath']}/{item['path']}"
    (tmp_path / "keys").write_text(secret["stringData"][item["key"]], encoding="utf-8")
    keys = Keys(tmp_path / "keys")
    credentials = only("servicemonitor", "spec", "endpoints")[0]["authorization"]["credentials"]
    assert credentials["name"] == secret["metadata"]["name"]
    metrics = secret["stringData"][credentials["key"]]
    assert keys.allows(f"Bearer {metrics}", "metrics") and not keys.allows(f"Bearer {metrics}", "rerank")
    assert keys.allows("Bearer replace-this-key", "rerank") and keys.allows("Bearer replace-this-admin-key", "admin")


def test_the_catalogues_patch_adds_to_what_is_there():
    (patch,) = documents(KUBERNETES / "catalogue" / "kustomization.yaml")[0]["patches"]
    assert patch["target"] == {"kind": "Deployment", "name": only("deployment", "metadata", "name")}
    paths = re.findall(r"path: (\S+)", patch["patch"])[::1]
    known = {"containers/0/env", "containers/0/volumeMounts", "volumes"}
    assert {path.removeprefix("/spec/template/spec/").removesuffix("/-") for path in paths} == known
    assert all(key in CONTAINER for key in ("env", "volumeMounts")) and "volumes" in POD
