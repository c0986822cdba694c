import re
import tomllib
from typing import Any

import pytest
import yaml

from copydesk.service.settings import Settings
from support.tiny import ROOT

CONTAINERFILE = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8").replace("\\\n", "")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))  # Any: YAML
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("copydesk")}


def test_what_the_build_copies_is_there() -> None:
    copied = [line.split()[1:-1] for line in re.findall(r"^COPY (?!--from).*$", CONTAINERFILE, re.MULTILINE)]
    assert [path for paths in copied for path in paths if not (ROOT / path).exists()] == []
    packed = {path.name for path in (ROOT / "copydesk").iterdir() if path.is_symlink()}
    assert packed <= {path for paths in copied for path in paths}


def test_the_container_runs_as_a_user_of_no_rights_and_downloads_nothing() -> None:
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", CONTAINERFILE, re.MULTILINE)
    assert "HF_HUB_OFFLINE=1" in CONTAINERFILE


@pytest.mark.parametrize("name", OURS)
def test_a_composed_service_is_hardened_and_knows_only_settings_that_there_are(name: str) -> None:
    service = OURS[name]
    assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"])
    variables = {f"COPYDESK_{field.upper()}" for field in Settings.model_fields}
    assert set(service["environment"]) <= variables
    extras = service["build"].get("args", {}).get("EXTRAS", "").split()
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras) <= set(known)


@pytest.mark.parametrize("name", SERVICES)
def test_a_composed_service_is_open_to_this_machine_alone_and_mounts_what_there_is(name: str) -> None:
    service = SERVICES[name]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    for source in (volume.partition(":")[0] for volume in service.get("volumes", ())):
        assert (ROOT / "deploy" / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
