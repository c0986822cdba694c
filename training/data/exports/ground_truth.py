"""Lines of an augmented manifest, as SageMaker Ground Truth writes it and Amazon Comprehend learns from it."""

from typing import Any

from copydesk.model.errors import DataError
from copydesk.training.data.exports.agreement import Row, agree

_METADATA = "-metadata"
_KIND = "text-classification"


def is_line(row: Row) -> bool:
    """Whether it has a source, and what a labelling job says of it."""
    return bool({"source", "source-ref"} & set(row)) and any(str(key).endswith(_METADATA) for key in row)


def read_line(row: Row) -> Row:
    """The classes that the jobs agree on. Raises DataError for a text that is elsewhere, or that no person has read."""
    if "source" not in row:
        raise DataError(
            "source-ref: the text stands in S3; download it, and put it under source in place of source-ref"
        )
    jobs = {key: said for key, said in row.items() if key.endswith(_METADATA) and _is_classification(said)}
    if not jobs:
        raise DataError(f"no labelling job for {_KIND}; export the output manifest of one")
    answers = [_classes(key, said) for key, said in jobs.items()]
    return {"text": row["source"], "title": row.get("title"), "id": row.get("id"), **agree(answers)}


def _is_classification(said: Any) -> bool:  # Any: JSON
    return isinstance(said, dict) and _KIND in str(said.get("type", _KIND))


def _classes(key: str, said: dict[str, Any]) -> list[str]:  # Any: JSON
    """The names of the classes that a job gave the text."""
    if "failure-reason" in said:
        raise DataError(f"{key}: the job failed on this text; label it again, or leave it out")
    if said.get("human-annotated", "yes") != "yes":
        raise DataError(f"{key}: labelled by a machine; have a person check it, or leave it out")
    if "class-map" in said:
        return [str(name) for name in said["class-map"].values()]
    if "class-name" in said:
        return [str(said["class-name"])]
    raise DataError(f"{key}: neither class-name nor class-map; export the output manifest again")
