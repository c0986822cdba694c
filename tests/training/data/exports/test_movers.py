"""What other services and tools keep of labelled texts: Azure, Amazon Comprehend, SageMaker Ground Truth, Prodigy."""

import json
from pathlib import Path
from typing import Any

import pytest

from copydesk.model.errors import DataError
from copydesk.training.data.exports.formats import find_format
from copydesk.training.data.stories import read_labelled, read_stories

TEXT = "Ministers cut the duty on imported steel."
OTHER = "Police found heroin in a lorry."
Labels = tuple[set[str], set[str]]  # and those that are unsure


def write(path: Path, *rows: Any) -> str:  # Any: JSON
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def read(name: str) -> list[tuple[str, Labels]]:
    return [(story.text, (set(story.labels), set(story.unsure))) for story in read_stories([name])]


def write_project(folder: Path, *documents: Any, kind: str = "CustomMultiLabelClassification") -> str:  # Any: JSON
    (folder / "texts").mkdir()
    (folder / "texts" / "a.txt").write_text(TEXT, encoding="utf-8")
    (folder / "b.txt").write_text(OTHER, encoding="utf-8-sig")
    project = {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {"projectKind": kind, "projectName": "p", "language": "en-us"},
        "assets": {"projectKind": kind, "classes": [{"category": "trade"}], "documents": list(documents)},
    }
    (folder / "labels.json").write_text(json.dumps(project, indent=4), encoding="utf-8")
    return str(folder / "labels.json")


def document(location: str, *classes: str, **more: str) -> dict[str, Any]:  # Any: JSON
    return {"location": location, "language": "en-us", "classes": [{"category": name} for name in classes], **more}


def test_a_project_of_azure_is_read_with_the_texts_beside_it(tmp_path: Path) -> None:
    name = write_project(
        tmp_path, document("texts/a.txt", "trade", "security", dataset="Train"), document("b.txt", "x", dataset="Test")
    )
    first, second = read_stories([name])
    assert (first.text, set(first.labels), first.id, first.for_test) == (
        TEXT,
        {"trade", "security"},
        "texts/a.txt",
        None,
    )
    assert (second.text, set(second.labels), second.for_test) == (OTHER, {"x"}, True)


def test_a_project_of_azure_with_one_class_for_each_text_is_read(tmp_path: Path) -> None:
    name = write_project(
        tmp_path,
        {"location": "b.txt", "class": {"category": "drugs"}},
        kind="CustomSingleLabelClassification",
    )
    assert read(name) == [(OTHER, ({"drugs"}, set()))]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (document("c.txt", "x"), "location: no file 'c.txt' beside the labels file; download the container's"),
        (document("../x.txt", "x"), "location: '../x.txt' leads out of the folder of the labels file"),
        (document("/etc/hostname", "x"), "location: '/etc/hostname' leads out of the folder of the labels file"),
        (document("texts/a.txt"), "classes: nobody has labelled this text; label it in Language Studio, or"),
        ({"classes": []}, "location: expected the name of a text's file"),
        ({"location": "b.txt", "classes": ["trade"]}, "classes: expected a list of objects with a category"),
    ],
)  # fmt: skip
def test_a_document_of_azure_that_cannot_be_used_is_named(tmp_path: Path, wrong: Any, message: str) -> None:
    name = write_project(tmp_path, document("b.txt", "x"), wrong)
    read = read_labelled([name])
    assert [story.text for story in read.stories] == [OTHER]
    (fault,) = read.faults
    assert fault.startswith(f"{name}: assets.documents[1]: {message}")


def test_a_project_of_azure_without_documents_is_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text('{"projectFileVersion": "2022-05-01", "assets": {"documents": {}}}')
    with pytest.raises(DataError, match=r"labels.json: assets.documents is dict, expected a list; expected the labels"):
        read_stories([str(path)])
    path.write_text('{"projectFileVersion": "2022-05-01", "assets": {}}')
    with pytest.raises(DataError, match=r"labels.json: no assets.documents; expected the labels file that Language"):
        read_stories([str(path)])


def test_a_table_of_comprehend_is_read_from_its_first_row_on(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f'trade|security|the "south",{TEXT}\ndrugs,"{OTHER} In tiles, ""hidden""."\n')
    found = read_labelled([str(tmp_path / "a.csv")])
    assert [(story.text, set(story.labels)) for story in found.stories] == [
        (TEXT, {"trade", "security", 'the "south"'}),
        (f'{OTHER} In tiles, "hidden".', {"drugs"}),
    ]
    assert found.notes == [f"{tmp_path / 'a.csv'}: no header; its first column is read as labels, its second as text"]


def test_a_row_of_comprehend_that_does_not_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"trade,{TEXT}\ndrugs,a,b\n")
    assert read_labelled([str(tmp_path / "a.csv")]).faults == [
        f"{tmp_path / 'a.csv'}:2: 3 fields, the header has 2; quote cells that hold ','"
    ]


@pytest.mark.parametrize("header", ["labels,text", "text,what it is about", "topic,body", f"id,label,{TEXT}"])
def test_a_table_with_a_header_is_none_of_comprehends(tmp_path: Path, header: str) -> None:
    n_cells = header.count(",") + 1
    (tmp_path / "a.csv").write_text(f"{header}\n{','.join(['trade'] * n_cells)}\n")
    try:
        stories = read_stories([str(tmp_path / "a.csv")])
    except DataError:
        return
    assert [story.text for story in stories] == ["trade"]


def line(text: str, **jobs: Any) -> dict[str, Any]:  # Any: JSON
    return {"source": text, **{key.replace("_", "-"): value for key, value in jobs.items()}}


KIND = "groundtruth/text-classification"
MANY = {"class-map": {"0": "trade", "2": "security"}, "human-annotated": "yes", "type": f"{KIND}-multilabel"}
ONE = {"class-name": "trade", "confidence": 0.6, "human-annotated": "yes", "type": KIND}


def test_a_manifest_is_read_by_the_names_of_its_classes(tmp_path: Path) -> None:
    rows = [line(TEXT, job=[0, 2], job_metadata=MANY), line(OTHER, job=0, job_metadata=ONE)]
    assert find_format(rows[0]).name == "SageMaker Ground Truth"
    assert read(write(tmp_path / "output.manifest", *rows)) == [
        (TEXT, ({"trade", "security"}, set())),
        (OTHER, ({"trade"}, set())),
    ]


def test_what_two_jobs_of_a_manifest_disagree_on_is_unsure(tmp_path: Path) -> None:
    row = line(TEXT, a=[0, 2], a_metadata=MANY, b=0, b_metadata=ONE, box={}, box_metadata={"type": "groundtruth/boxes"})
    assert read(write(tmp_path / "a.jsonl", row)) == [(TEXT, ({"trade"}, {"security"}))]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"source-ref": "s3://b/a.txt", "job-metadata": ONE}, "source-ref: the text stands in S3; download it"),
        (line(TEXT, job_metadata=ONE | {"human-annotated": "no"}), "job-metadata: labelled by a machine; have a"),
        (line(TEXT, job_metadata={"failure-reason": "x"}), "job-metadata: the job failed on this text"),
        (line(TEXT, job_metadata={"type": "groundtruth/boxes"}), "no labelling job for text-classification"),
        (line(TEXT, job_metadata={}), "job-metadata: neither class-name nor class-map"),
    ],
)  # fmt: skip
def test_a_line_of_a_manifest_that_cannot_be_used_is_named(tmp_path: Path, row: Any, message: str) -> None:
    name = write(tmp_path / "a.manifest", line(OTHER, job=0, job_metadata=ONE), row)
    (fault,) = read_labelled([name]).faults
    assert fault.startswith(f"{name}:2: {message}")
    assert TEXT not in fault


def shown(text: str, **more: Any) -> dict[str, Any]:  # Any: JSON
    return {"text": text, "meta": {"title": "Steel"}, "_input_hash": hash(text), "_task_hash": 1, **more}


def choice(text: str, *accepted: str, answer: str = "accept", by: str = "a") -> dict[str, Any]:  # Any: JSON
    options = [{"id": name, "text": name.title()} for name in ("trade", "security", "drugs")]
    return shown(text, options=options, accept=list(accepted), answer=answer, _session_id=by)


def test_choices_of_prodigy_are_read_and_several_people_of_a_text_together(tmp_path: Path) -> None:
    rows = [choice(TEXT, "trade", "security"), choice(OTHER), choice(TEXT, "trade", by="b")]
    assert find_format(rows[0]).name == "Prodigy"
    name = write(tmp_path / "a.jsonl", *rows)
    assert read(name) == [(TEXT, ({"trade"}, {"security"})), (OTHER, (set(), set()))]
    assert read_stories([name])[0].title == "Steel"


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_a_text_of_prodigy_that_nobody_has_labelled_is_named(tmp_path: Path, answer: str) -> None:
    binary = shown("Rain fell.", label="trade", answer="ignore")
    name = write(tmp_path / "a.jsonl", choice(TEXT, "trade"), choice(OTHER, "trade", answer=answer), binary)
    assert read_labelled([name]).faults == [
        f"{name}:{number}: nobody has labelled this text: its answer is {said!r}; finish it in the tool, "
        "or leave it out"
        for number, said in ((2, answer), (3, "ignore"))
    ]


def test_answers_of_prodigy_on_one_label_each_say_nothing_of_the_others(tmp_path: Path) -> None:
    def answer(text: str, label: str, said: str) -> dict[str, Any]:  # Any: JSON
        return shown(text, label=label, answer=said)

    rows = [
        answer(TEXT, "trade", "accept"), answer(TEXT, "drugs", "reject"), answer(OTHER, "drugs", "accept"),
        answer(TEXT, "security", "ignore"), answer(OTHER, "trade", "accept"), answer(OTHER, "trade", "reject"),
    ]  # fmt: skip
    name = write(tmp_path / "a.jsonl", *rows)
    assert read(name) == [(TEXT, ({"trade"}, {"security"})), (OTHER, ({"drugs"}, {"security", "trade"}))]
    assert read_labelled([name]).notes == [
        f"{name}: each answer is on one label; labels that nobody was asked about are unsure"
    ]
