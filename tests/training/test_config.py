from pathlib import Path

import pytest

from copydesk.model.errors import ConfigError
from copydesk.training.config import read_config
from support.tiny import ROOT


def test_a_config_that_ships_is_found_by_its_name_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_config(Path("few_shot")) == read_config(ROOT / "configs" / "few_shot.toml")


def test_the_stories_of_a_config_that_ships_are_found_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (files,) = read_config(Path("corpus")).tags.files
    assert len(list(Path(files).parent.glob(Path(files).name))) == 10


def test_a_file_of_ones_own_goes_before_the_one_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("few_shot").write_text('name = "mine"\n')
    assert read_config(Path("few_shot")).name == "mine"


def test_a_name_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(Path("few_shots"))
    ships = "corpus, fast, fast_tags, few_shot, smoke, topics, train"
    assert str(caught.value) == f"few_shots: not found; name a TOML file, or one that ships: {ships}"


def test_languages_are_codes(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('languages = ["de", "fr"]\n')
    assert read_config(path).languages == ("de", "fr")
    path.write_text('languages = ["German"]\n')
    with pytest.raises(ConfigError, match="'German'"):
        read_config(path)
