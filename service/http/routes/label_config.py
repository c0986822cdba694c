"""Label Studio's labelling configuration: which question a model can answer, and where its text stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from copydesk.service.http.problems import Problem

_TEXTS = ("Text", "HyperText")
_REMEDY = "give the project <Text> or <HyperText>, and <Choices> with the model's labels as choices"


@dataclass(frozen=True)
class Question:
    """A choice among labels.

    labels: the model's, each with the choice that stands for it. variable: the key of the text in a task's data.
    """

    name: str
    text_name: str
    variable: str
    is_html: bool
    is_single: bool
    labels: dict[str, str]


def find_question(config: str, labels: Sequence[str]) -> Question:
    """The first <Choices> on a text that has labels of the model among its choices. Raises Problem 422."""
    root = _parse(config)
    texts = {element.get("name"): element for tag in _TEXTS for element in root.iter(tag)}
    others: list[str] = []
    for choices in root.iter("Choices"):
        text = texts.get(choices.get("toName"))
        values = [choice.get("value", "") for choice in choices.iter("Choice")]
        known = {label: value for label in labels for value in values if value.casefold() == label.casefold()}
        if text is not None and known:
            return Question(
                name=choices.get("name", ""),
                text_name=text.get("name", ""),
                variable=text.get("value", "").removeprefix("$"),
                is_html=text.tag == "HyperText",
                is_single=choices.get("choice", "single") != "multiple",
                labels=known,
            )
        others += values
    found = (
        f"its choices are {', '.join(others[:20])}; the model's labels {', '.join(labels)}" if others else "no choices"
    )
    raise Problem(422, f"label_config: no question that the model answers ({found}); {_REMEDY}")


def _parse(config: str) -> etree._Element:
    """The configuration, without entities and files that it may name. Raises Problem 422."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        return etree.fromstring(config.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise Problem(422, f"label_config: not XML at line {error.lineno}; {_REMEDY}") from error
