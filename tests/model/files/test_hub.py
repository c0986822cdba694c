import datasets
import pytest

from copydesk.model.errors import DataError
from copydesk.model.files.hub import HUB_NAME, HubDataset, find_dataset
from copydesk.model.files.rows import read_rows
from copydesk.model.files.sources import Source

SOURCE = Source("owner/name", hub=HubDataset("owner/name", None, "train", "abc"))


@pytest.fixture
def dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = datasets.ClassLabel(names=["drugs", "trade"])
    features = datasets.Features({"text": datasets.Value("string"), "label": kind, "labels": datasets.List(kind)})
    rows = {"text": ["a", "b", "c"], "label": [1, 0, -1], "labels": [[0, 1], [], [1]]}
    data = datasets.Dataset.from_dict(rows, features=features).to_iterable_dataset()
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: data)


@pytest.mark.usefixtures("dataset")
def test_a_class_is_read_as_its_name_and_none_as_none() -> None:
    rows = list(read_rows(SOURCE, ["text"]))
    assert [(row.values["label"], row.values["labels"]) for row in rows] == [
        ("trade", ["drugs", "trade"]),
        ("drugs", []),
        (None, ["trade"]),
    ]
    assert (rows[1].file, rows[1].where) == ("owner/name", "owner/name: row 2")


def test_a_split_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError('Unknown split "train".\nmore')

    monkeypatch.setattr(datasets, "load_dataset", fail)
    with pytest.raises(DataError, match=r"owner/name: the hub does not give split 'train': Unknown split \"train\"\.$"):
        list(read_rows(SOURCE, ["text"]))


@pytest.mark.parametrize(
    ("name", "config", "split"),
    [("o/n", None, "train"), ("o/n:test", None, "test"), ("o/n:en:test", "en", "test")],
)
def test_a_name_tells_configuration_and_split(
    name: str, config: str | None, split: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Api:
        def dataset_info(self, name: str) -> object:
            return type("Info", (), {"sha": f"sha of {name}"})

    monkeypatch.setattr("huggingface_hub.HfApi", Api)
    assert find_dataset(name) == HubDataset("o/n", config, split, "sha of o/n")


def test_a_hub_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Api:
        def dataset_info(self, name: str) -> object:
            raise RuntimeError("a client's own error")

    monkeypatch.setattr("huggingface_hub.HfApi", Api)
    with pytest.raises(DataError, match="o/n: no such file, and the hub does not give a dataset of this name"):
        find_dataset("o/n")


@pytest.mark.parametrize("name", ["word", "a/b/c", "/a/b", "o/n:a:b:c", "o/n "])
def test_another_name_is_none_of_the_hub(name: str) -> None:
    assert find_dataset(name) is None
    assert not HUB_NAME.fullmatch(name)
