"""The image and the compose file against the tree and the settings: all that can be checked without an engine."""

import fnmatch
import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from pydantic import AliasChoices, BaseModel

from zilliance.devstack.parts.temporal import TUNING
from zilliance.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
DOCUMENT: dict[str, Any] = yaml.safe_load(COMPOSE)
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}

VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<how>[-?])(?P<text>[^}]*))?\}")

# Settings that the compose file leaves out, and why.
NOT_FOR_COMPOSE = {
    "ZILLIANCE_EGRESS_MAP": "for development alone",
    "ZILLIANCE_AI__STAND_IN_URL": "for development alone",
    "ZILLIANCE_TEMPORAL__TLS": "Temporal is on the inner network",
    "ZILLIANCE_TEMPORAL__API_KEY": "Temporal is on the inner network",
    "SUPABASE_URL": "another name of ZILLIANCE_PUBLIC_URL",
}


def test_our_processes_are_one_image() -> None:
    assert OURS.keys() == {"migrate", "api", "worker", "media-worker"}
    assert {(service["image"], service["build"]) for service in OURS.values()} == {("zilliance", ".")}


def test_every_setting_in_compose_is_a_setting_of_ours() -> None:
    assert names_in(*OURS.values()) <= setting_names()
    prefixed = {match["name"] for match in VARIABLE.finditer(COMPOSE) if match["name"].startswith("ZILLIANCE_")}
    assert prefixed <= setting_names()


def test_every_setting_of_ours_can_be_set_in_compose() -> None:
    stack = {name for name in setting_names() if name.startswith("ZILLIANCE_STACK__")}
    assert names_in(*OURS.values()) == setting_names() - stack - NOT_FOR_COMPOSE.keys()


@pytest.mark.parametrize("name", OURS)
def test_our_processes_accept_what_compose_hands_them(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # no .env of this checkout
    for key, value in environment_of(OURS[name]).items():
        if value is not None:
            monkeypatch.setenv(key, resolved(value))
    settings = Settings.load()
    assert settings.environment == "production"
    assert settings.database.host in SERVICES
    assert settings.temporal.address.partition(":")[0] in SERVICES
    assert settings.mail.host in SERVICES
    assert settings.storage.endpoint == "http://s3:8333"
    assert bool(settings.database.admin_password.get_secret_value()) is (name == "migrate")


def test_every_secret_must_be_set_and_none_has_a_default() -> None:
    for service in SERVICES.values():
        for key, value in environment_of(service).items():
            if value is not None and re.search(r"SECRET|PASSWORD|PWD|ACCESS_KEY", key):
                match = VARIABLE.fullmatch(value)
                assert match is not None, key
                assert match["how"] == "?", key
                assert "in .env" in match["text"], f"{key}: the message says what to set and where"


def test_every_variable_is_documented_in_the_example() -> None:
    example = ROOT / ".env.example"
    documented = set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", example.read_text(), re.MULTILINE))
    passed_on = {key for service in OURS.values() for key, value in environment_of(service).items() if value is None}
    assert {match["name"] for match in VARIABLE.finditer(COMPOSE)} | passed_on <= documented


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_ours_is_a_module_that_runs(name: str) -> None:
    python, option, module = OURS[name]["command"]
    assert (python, option) == ("python", "-m")
    spec = importlib.util.find_spec(module)
    assert spec is not None, f"{module} does not exist"
    if spec.submodule_search_locations is not None:
        assert importlib.util.find_spec(f"{module}.__main__") is not None, f"{module} has no __main__.py"
    assert module.partition(".")[0] in packages()


def test_every_dependency_exists_and_can_come_true() -> None:
    for name, service in SERVICES.items():
        for target, dependency in cast("dict[str, dict[str, str]]", service.get("depends_on", {})).items():
            of_target = SERVICES[target]
            if dependency["condition"] == "service_healthy":
                assert "test" in of_target["healthcheck"], f"{name} waits for {target}, which has no health check"
            else:
                assert dependency["condition"] == "service_completed_successfully", name
                assert str(of_target["restart"]).startswith("on-failure"), f"{target} would never be completed"


def test_every_process_that_stays_has_a_health_check() -> None:
    stays = {name for name, service in SERVICES.items() if service["restart"] == "unless-stopped"}
    watched = {name for name, service in SERVICES.items() if "test" in service.get("healthcheck", {})}
    assert stays - watched == {"temporal-ui"}  # nothing waits for it


def test_every_health_check_of_ours_asks_for_a_path_that_is_served() -> None:
    checks = {"api/routers/health.py": [str(OURS["api"]["healthcheck"]["test"]), DOCKERFILE]}
    checks["worker/health.py"] = [str(OURS[name]["healthcheck"]["test"]) for name in ("worker", "media-worker")]
    for module, texts in checks.items():
        served = (ROOT / module).read_text()
        for text in texts:
            (path,) = re.findall(r"http://127\.0\.0\.1:\d+(/\w*)", text)
            assert f'"{path}"' in served, f"{module} does not serve {path}"


def test_only_the_api_and_the_web_ui_are_published_and_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"api", "temporal-ui"}
    for ports in published.values():
        assert all(resolved(port).startswith("127.0.0.1:") for port in ports)
    assert published["temporal-ui"][0].startswith("127.0.0.1:"), "the web UI has no login: no setting may publish it"


def test_the_networks_of_the_back_ends_lead_nowhere() -> None:
    networks: dict[str, Any] = DOCUMENT["networks"]
    open_networks = {name for name, options in networks.items() if not (options or {}).get("internal")}
    assert open_networks == {"outside"}
    assert {name for name, service in SERVICES.items() if "outside" in service["networks"]} == {
        "api",
        "worker",
        "temporal-ui",
    }
    assert {network for service in SERVICES.values() for network in service["networks"]} == networks.keys()


def test_every_foreign_image_is_pinned() -> None:
    for name, service in SERVICES.items():
        if name not in OURS:
            assert re.search(r":v?\d+\.\d+", service["image"]), f"{name}: {service['image']} has no exact tag"


def test_every_volume_is_declared_and_every_mounted_folder_is_in_the_tree() -> None:
    mounts = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    folders = {mount for mount in mounts if mount.startswith("./")}
    assert set(mounts) - folders == DOCUMENT["volumes"].keys()
    assert all((ROOT / folder).is_dir() for folder in folders)


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").rglob("*.sh")), ids=lambda path: path.name)
def test_every_script_is_valid_shell(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)
    assert script.read_text().startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in script.read_text()


def test_every_script_and_file_that_compose_names_is_mounted() -> None:
    assert (ROOT / "deploy/temporal/schema.sh").is_file()
    assert (ROOT / "deploy/temporal/namespace.sh").is_file()
    dynamic = SERVICES["temporal"]["environment"]["DYNAMIC_CONFIG_FILE_PATH"]
    config = yaml.safe_load((ROOT / "deploy/temporal/dynamicconfig" / Path(dynamic).name).read_text())
    assert all(entry.keys() == {"value"} for entries in config.values() for entry in entries)


def test_temporal_is_tuned_alike_in_both_stacks() -> None:
    config = yaml.safe_load((ROOT / "deploy/temporal/dynamicconfig/zilliance.yaml").read_text())
    assert {name: value for name, [value] in config.items()} == {
        name: {"value": yaml.safe_load(value)} for name, value in TUNING.items()
    }


def test_the_image_copies_every_package_and_nothing_that_is_not_there() -> None:
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {source for line in copies for source in line.split()}
    assert all((ROOT / source).exists() for source in sources)
    assert sources == packages() | {"pyproject.toml", "uv.lock", "README.md"}
    *_, kept = (ROOT / ".dockerignore").read_text().partition("\n*\n")
    assert set(re.findall(r"^!(.+)$", kept, re.MULTILINE)) == sources
    assert not any(fnmatch.fnmatch(".env", line) for line in re.findall(r"^!(.+)$", kept, re.MULTILINE))


def test_the_image_is_locked_small_and_runs_as_nobody_in_particular() -> None:
    syncs = re.findall(r"^RUN uv sync (.+)$", DOCKERFILE, re.MULTILINE)
    assert len(syncs) == 2
    assert all({"--frozen", "--no-cache", "--no-dev"} <= set(sync.split()) for sync in syncs)
    assert "--extra" not in DOCKERFILE
    final_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", final_stage, re.MULTILINE)
    assert 'CMD ["python", "-m", "api"]' in final_stage
    assert "HEALTHCHECK" in final_stage


def packages() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])


def setting_names() -> set[str]:
    names: set[str] = set()
    for field, info in Settings.model_fields.items():
        group, alias = info.annotation, info.validation_alias
        if isinstance(group, type) and issubclass(group, BaseModel):
            names |= {f"ZILLIANCE_{field}__{member}".upper() for member in group.model_fields}
        elif isinstance(alias, AliasChoices):
            names |= {str(choice) for choice in alias.choices}
        else:
            names.add(str(alias or f"ZILLIANCE_{field.upper()}"))
    return names


def names_in(*services: dict[str, Any]) -> set[str]:
    return {name for service in services for name in environment_of(service)}


def environment_of(service: dict[str, Any]) -> dict[str, str | None]:
    return service.get("environment", {})


def resolved(text: str) -> str:
    """What compose makes of a value when the required variables are set and the others are not."""
    return VARIABLE.sub(lambda match: match["text"] if match["how"] == "-" else "x" * 32, text)
