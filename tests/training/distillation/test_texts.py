import json
from pathlib import Path

import pytest

from copydesk.model.errors import DataError
from copydesk.training.distillation.texts import read_texts


def write(path: Path, *rows: object) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_a_text_is_read_once_from_whatever_column_holds_it(tmp_path: Path) -> None:
    news = write(tmp_path / "a.jsonl", *({"text": f"Story number {n}.", "title": f"T{n}"} for n in range(40)))
    others = write(tmp_path / "b.jsonl", {"article": "story NUMBER 3"}, {"article": "Another one.", "labels": ["x"]})
    texts = read_texts([news, others], 1000, 0.3)
    read = texts.train + texts.held_out
    assert len(read) == 41
    assert {text.title for text in read if text.text == "Another one."} == {None}
    assert not any(text.labels for text in read)
    again = read_texts([others, news], 1000, 0.3)
    assert {text.fingerprint for text in texts.held_out} == {text.fingerprint for text in again.held_out}


def test_only_the_first_texts_of_each_file_are_read(tmp_path: Path) -> None:
    files = [
        write(tmp_path / f"{name}.jsonl", *({"text": f"{name} {n} words."} for n in range(30))) for name in ("a", "b")
    ]
    texts = read_texts(files, 20, 0.3)
    assert len(texts.train) + len(texts.held_out) == 40


def test_a_row_without_a_text_is_named(tmp_path: Path) -> None:
    name = write(tmp_path / "a.jsonl", {"text": "One."}, {"body": "Two."})
    with pytest.raises(DataError, match=r"a.jsonl:2: no text; expected a column text or article"):
        read_texts([name], 10, 0.3)
    dashes = write(tmp_path / "b.jsonl", {"text": "One."}, {"text": "---- 12 ----"})
    with pytest.raises(DataError, match=r"b.jsonl:2: the text has no letters"):
        read_texts([dashes], 10, 0.3)


def test_too_few_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 texts are too few; name more with --data"):
        read_texts([write(tmp_path / "a.jsonl", {"text": "One."})], 10, 0.3)
    with pytest.raises(DataError, match="no file: 0 texts"):
        read_texts([], 10, 0.3)
