from pathlib import Path

import pytest

from copydesk.model.errors import DataError
from copydesk.training.data.stories import read_stories, split_stories
from support.tiny import write_stories


def test_a_text_falls_on_the_same_side_of_every_split(tmp_path: Path) -> None:
    stories = read_stories([str(write_stories(tmp_path / "d.jsonl"))])
    _, out = split_stories(stories, 0.3)
    _, fewer = split_stories(stories[::2], 0.3)
    assert {s.text for s in fewer} == {s.text for s in out} & {s.text for s in stories[::2]}


def test_csv_and_parquet_rows_read_like_jsonl(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "a.csv").write_text('text,labels,title\n"It, rained.",trade;drugs,Rain\nNo.,,\n')
    pq.write_table(
        pa.table({"text": ["It, rained.", "No."], "labels": [["trade", "drugs"], []], "title": ["Rain", None]}),
        tmp_path / "a.parquet",
    )
    from_csv, from_parquet = (read_stories([str(tmp_path / name)]) for name in ("a.csv", "a.parquet"))
    assert [(s.text, s.title, s.labels) for s in from_csv] == [(s.text, s.title, s.labels) for s in from_parquet]


def test_a_file_in_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "It rained.", "labels": []}\n{"text": "M\xe4rz", "labels": []}\n')
    with pytest.raises(DataError, match=r"a\.jsonl:2: not UTF-8; convert the file"):
        read_stories([str(tmp_path / "a.jsonl")])
