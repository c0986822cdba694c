import os
from pathlib import Path

import pytest

from copydesk.model.errors import ConfigError, DataError
from copydesk.model.files.sources import find_source
from copydesk.service.bulk.target import check_target, leave_out_outputs


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")


@pytest.mark.parametrize("link", [None, os.symlink, os.link])
@pytest.mark.parametrize("overwrite", [False, True])
def test_an_output_that_is_the_input_is_refused_by_whatever_name(tmp_path: Path, link: object, overwrite: bool) -> None:
    touch(tmp_path, "a.jsonl")
    target = tmp_path / "a.jsonl"
    if callable(link):
        link(target, tmp_path / "b.jsonl")
        target = tmp_path / "b.jsonl"
    with pytest.raises(ConfigError, match=r"\.jsonl: is INPUT too, and would be replaced by answers; name another"):
        check_target(find_source(str(tmp_path / "a.jsonl")), target, overwrite=overwrite)


def test_the_errors_of_an_output_are_no_input_of_it(tmp_path: Path) -> None:
    touch(tmp_path, "out.jsonl.errors.jsonl")
    source = find_source(str(tmp_path / "out.jsonl.errors.jsonl"))
    with pytest.raises(ConfigError, match=r"out\.jsonl\.errors\.jsonl: is INPUT too"):
        check_target(source, tmp_path / "out.jsonl", overwrite=True)


def test_an_output_that_exists_is_replaced_only_when_that_is_asked_for(tmp_path: Path) -> None:
    touch(tmp_path, "a.jsonl", "out.jsonl")
    source = find_source(str(tmp_path / "a.jsonl"))
    with pytest.raises(ConfigError, match=r"out\.jsonl: exists; .* or replace it with --overwrite"):
        check_target(source, tmp_path / "out.jsonl", overwrite=False)
    check_target(source, tmp_path / "out.jsonl", overwrite=True)
    with pytest.raises(ConfigError, match="is a folder; name a file in it"):
        check_target(source, tmp_path, overwrite=True)


@pytest.mark.parametrize("pattern", ["", "*", "**/*"])
def test_outputs_and_what_belongs_to_them_are_no_input_of_a_folder_or_glob(tmp_path: Path, pattern: str) -> None:
    touch(
        tmp_path,
        "a.jsonl",
        "b.csv",
        "out.jsonl",
        "out.jsonl.errors.jsonl",
        "out.jsonl.parts/000000.jsonl",
        "other.csv.gz.errors.jsonl",
        "other.csv.gz.parts/000000.jsonl",
        "spare.parts/c.jsonl",
        "errors.jsonl",
    )
    found = leave_out_outputs(find_source(str(tmp_path / pattern)), tmp_path / "out.jsonl")
    nested = {"c.jsonl"} if pattern == "**/*" else set()
    assert {path.name for path in found.files} == {"a.jsonl", "b.csv", "errors.jsonl"} | nested


def test_a_file_by_name_is_read_whatever_it_is(tmp_path: Path) -> None:
    touch(tmp_path, "x.jsonl.errors.jsonl")
    source = find_source(str(tmp_path / "x.jsonl.errors.jsonl"))
    assert leave_out_outputs(source, tmp_path / "out.jsonl") == source


def test_a_folder_of_nothing_but_outputs_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "out.jsonl", "out.jsonl.errors.jsonl")
    with pytest.raises(DataError, match="holds nothing but outputs of jobs; name the files to read"):
        leave_out_outputs(find_source(str(tmp_path)), tmp_path / "out.jsonl")
