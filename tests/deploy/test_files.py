"""The files in deploy/ fit the program: every setting, command, address and port in them is one of ours."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from gateway import __version__, cli
from gateway.settings import PREFIX, Settings
from gateway.web.event_stream import KEEP_ALIVE_S
from tests.support.postgres import ROOT

DEPLOY = ROOT / "deploy"
HAPROXY = os.environ.get("GATEWAY_HAPROXY")
HELM = os.environ.get("GATEWAY_HELM")
SYSTEMD = shutil.which("systemd-analyze")
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PROGRAM = "/opt/spd-gateway/bin/gateway"
# What is checked on this machine when its program is there; CI has all but systemd.
needs_haproxy = pytest.mark.skipif(not HAPROXY, reason="no HAProxy: scripts/test.sh finds one")
needs_helm = pytest.mark.skipif(not HELM, reason="no Helm: scripts/test.sh finds one")
needs_systemd = pytest.mark.skipif(not SYSTEMD, reason="no systemd-analyze on this machine")
# Systemd's own figure, 0 for what may do nothing to 10 for what may do everything.
LARGEST_EXPOSURE = 20


def settings_in(text: str) -> set[str]:
    """The names with our prefix."""
    return set(re.findall(rf"\b{PREFIX}[A-Z0-9_]+", text))


def known_settings() -> set[str]:
    return {f"{PREFIX}{name}".upper() for name in Settings.model_fields}


def commands() -> set[str]:
    return set(get_command(cli.app).commands)  # type: ignore[attr-defined]


@cache
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return content


@cache
def rendered(**values: object) -> tuple[dict[str, Any], ...]:
    """The objects that Helm makes of the chart."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.deploy.charts", HELM or "", json.dumps(values)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert made.returncode == 0, made.stderr
    files = json.loads(made.stdout)
    return tuple(one for text in files.values() for one in yaml.safe_load_all(text) if one)


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for one in rendered():
        if one["kind"] in {"Deployment", "StatefulSet", "Job"}:
            yield one["kind"], one["spec"]["template"]["spec"]


def test_every_setting_in_a_file_is_one_of_ours() -> None:
    wrong = {
        path.name: names for path in FILES if (names := settings_in(path.read_text()) - known_settings())
    }

    # The chart says in a comment what Kubernetes would do to us.
    assert wrong == {}
    assert {"GATEWAY_DATABASE_URL", "GATEWAY_VAULT_KEYS"} <= settings_in(
        (DEPLOY / "helm" / "values.yaml").read_text()
    )


def test_a_setting_that_is_none_would_be_found() -> None:
    assert settings_in("GATEWAY_PORT=1 XGATEWAY_A GATEWAY_PROT: 2") - known_settings() == {"GATEWAY_PROT"}


@pytest.mark.parametrize("path", [DEPLOY / "gateway.env.example"], ids=lambda path: path.name)
def test_the_example_of_an_environment_is_read_without_complaint(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            monkeypatch.setenv(*line.split("=", 1))

    settings = Settings.read()

    assert settings.panda_url == "https://panda.example.org"


def test_the_same_services_are_named_for_containers_and_for_kubernetes() -> None:
    lines = (DEPLOY / "gateway.env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    values = yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text())

    assert values["settings"] == {name: value for name, value in example.items() if value}


def test_compose_runs_two_of_each_kind_after_one_migration() -> None:
    services = compose()["services"]
    ran = {name: one["command"][0] for name, one in services.items() if "command" in one}

    assert ran == {
        "migrate": "migrate",
        "web-1": "serve",
        "web-2": "serve",
        "worker-1": "sync",
        "worker-2": "sync",
    }
    assert set(ran.values()) <= commands()
    for name in ("web-1", "web-2", "worker-1", "worker-2"):
        assert services[name]["environment"]["GATEWAY_EXECUTOR"] == name
        assert services[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
        assert services[name]["read_only"] is True


def test_the_balancer_of_compose_leads_to_its_web_processes() -> None:
    balancer = compose()["services"]["balancer"]
    port = re.findall(r"^EXPOSE (\d+)$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)

    assert port == [str(Settings.model_fields["port"].default)]
    assert [balancer["environment"][name] for name in ("WEB_1", "WEB_2")] == [
        f"web-1:{port[0]}",
        f"web-2:{port[0]}",
    ]
    assert balancer["volumes"][0].startswith("./haproxy.cfg:")


def test_the_image_is_run_by_nobody_special_and_starts_our_command() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    last = text[text.rindex("\nFROM ") :]

    assert re.findall(r"^USER (\d+)$", last, re.MULTILINE) == ["10001"]
    assert json.loads(re.findall(r"^ENTRYPOINT (.*)$", last, re.MULTILINE)[0]) == ["gateway"]
    assert set(json.loads(re.findall(r"^CMD (.*)$", last, re.MULTILINE)[0])) <= commands()
    assert re.search(r"^HEALTHCHECK .*\\\n.*/health", last, re.MULTILINE)


def test_what_the_image_is_built_from_is_in_the_checkout() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
        for source in line.split()[:-1]
    ]

    assert copied
    assert [source for source in copied if not (ROOT / source).exists()] == []


@needs_haproxy
def test_the_balancers_file_is_one_without_a_warning() -> None:
    checked = subprocess.run(
        [HAPROXY or "", "-c", "-q", "-f", str(DEPLOY / "haproxy.cfg")],
        capture_output=True,
        text=True,
        check=False,
        env={},
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_no_balancer_takes_a_quiet_event_stream_for_a_dead_one() -> None:
    limits = [
        *re.findall(r"timeout (?:client|server) +(\d+)s", (DEPLOY / "haproxy.cfg").read_text()),
        *re.findall(r'read-timeout: "(\d+)"', (DEPLOY / "helm" / "templates" / "ingress.yaml").read_text()),
    ]

    assert len(limits) == 3
    assert min(map(int, limits)) > 2 * KEEP_ALIVE_S


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_of_ours(unit: Path) -> None:
    [line] = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
    program, command, *arguments = shlex.split(line)

    assert program == PROGRAM
    assert command in commands()
    assert arguments == (["--port", "%i"] if command == "serve" else [])


@needs_systemd
def test_systemd_takes_the_units_and_finds_them_well_closed(tmp_path: Path) -> None:
    instances = []
    for unit in UNITS:
        text = unit.read_text()
        # The program need not be installed where the tests run.
        (tmp_path / unit.name).write_text(text.replace(PROGRAM, sys.executable))
        instances.append(str(tmp_path / unit.name.replace("@.", "@8001.")))

    taken = subprocess.run([SYSTEMD or "", "verify", *instances], capture_output=True, text=True, check=False)
    closed = subprocess.run(
        [SYSTEMD or "", "security", "--offline=true", f"--threshold={LARGEST_EXPOSURE}", "--no-pager"]
        + [str(tmp_path / unit.name) for unit in UNITS],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (taken.returncode, taken.stderr) == (0, "")
    assert closed.returncode == 0, closed.stdout[-500:]


@needs_systemd
def test_systemd_would_find_a_directive_that_is_none(tmp_path: Path) -> None:
    unit = tmp_path / UNITS[0].name
    unit.write_text(UNITS[0].read_text().replace(PROGRAM, sys.executable).replace("UMask", "Umask"))

    taken = subprocess.run([SYSTEMD or "", "verify", str(unit)], capture_output=True, text=True, check=False)

    assert "Umask" in taken.stderr


@needs_helm
def test_the_chart_makes_what_a_deployment_needs() -> None:
    kinds = sorted((one["kind"], one["metadata"]["name"]) for one in rendered())

    assert kinds == [
        ("ConfigMap", "gateway-settings"),
        ("Deployment", "gateway-web"),
        ("Job", "gateway-migrate"),
        ("PodDisruptionBudget", "gateway-web"),
        ("PodDisruptionBudget", "gateway-worker"),
        ("Service", "gateway"),
        ("StatefulSet", "gateway-worker"),
    ]


@needs_helm
def test_each_pod_of_the_chart_runs_a_command_of_ours_and_may_do_little() -> None:
    ran = {}
    for kind, pod in pods():
        [container] = pod["containers"]
        ran[kind] = container["args"]
        assert container["image"] == f"spd-gateway:{__version__}"
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False

    assert ran == {"Deployment": ["serve"], "StatefulSet": ["sync"], "Job": ["migrate"]}
    assert {args[0] for args in ran.values()} <= commands()


@needs_helm
def test_kubernetes_puts_no_variables_of_its_services_among_our_settings() -> None:
    # With a service named gateway it would set GATEWAY_PORT=tcp://..., and no process would start.
    assert [pod["enableServiceLinks"] for _, pod in pods()] == [False, False, False]


@needs_helm
def test_the_settings_of_the_chart_are_read_without_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    [settings] = [one["data"] for one in rendered() if one["kind"] == "ConfigMap"]
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    assert Settings.read().rucio_token_file == "/run/gateway/rucio"


@needs_helm
def test_secrets_of_the_chart_are_names_of_secrets() -> None:
    for _, pod in pods():
        [container] = pod["containers"]
        assert {"secretRef": {"name": "spd-gateway"}} in container["envFrom"]
        assert [one["secret"]["secretName"] for one in pod["volumes"] if "secret" in one] == [
            "spd-gateway-files"
        ]
    assert not [one for one in rendered() if one["kind"] == "Secret"]


@needs_helm
def test_probes_ask_the_addresses_that_are_for_them() -> None:
    [web] = [pod["containers"][0] for kind, pod in pods() if kind == "Deployment"]

    assert {name: web[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe")} == {
        "startupProbe": "/health",
        "livenessProbe": "/health",
    }
    assert web["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert web["ports"] == [{"name": "http", "containerPort": Settings.model_fields["port"].default}]


@needs_helm
def test_what_selects_pods_finds_them() -> None:
    labels = [
        one["spec"]["template"]["metadata"]["labels"]
        for one in rendered()
        if one["kind"] in {"Deployment", "StatefulSet"}
    ]
    selectors = [
        one["spec"]["selector"].get("matchLabels", one["spec"]["selector"])
        for one in rendered()
        if one["kind"] in {"PodDisruptionBudget", "Service", "Deployment", "StatefulSet"}
    ]

    assert len(selectors) == 5
    for selector in selectors:
        assert sum(selector.items() <= each.items() for each in labels) == 1


def test_the_chart_is_of_the_program_it_is_with() -> None:
    chart = yaml.safe_load((DEPLOY / "helm" / "Chart.yaml").read_text())

    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)
