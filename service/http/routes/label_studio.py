"""/labelstudio: an ML backend of Label Studio, which asks it for predictions and shows them to annotators.

Source: label_studio/ml/api_connector.py of Label Studio 1.23, which sends these requests.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import FastAPI, Request, params
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from copydesk.model.analysis import Document, Failure, Options, Result, Tag
from copydesk.model.bundles.manifest import Bundle
from copydesk.service.http.deadline import TimeoutHeader, analyze_documents
from copydesk.service.http.problems import Problem
from copydesk.service.http.requests import MAX_CHARACTERS
from copydesk.service.http.routes.label_config import Question, find_question
from copydesk.service.settings import MAX_DOCUMENTS

_Config = Annotated[str, Field(max_length=1_000_000)]
_Data = dict[str, Any]  # Any: a task of anybody's project


class _Request(BaseModel):
    """What else Label Studio sends, an access token too, is taken and ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


class SetupRequest(_Request):
    """A project that wants to be answered."""

    schema_: _Config = Field(alias="schema")


class Task(_Request):
    """A text to be labelled, under the key that the configuration names."""

    data: _Data


class TasksRequest(_Request):
    """Tasks, and the configuration of their project."""

    tasks: list[Task] = Field(min_length=1, max_length=MAX_DOCUMENTS)
    label_config: _Config


class WebhookRequest(_Request):
    """Something that happened in the project."""

    action: str = Field("", max_length=100)


class Prediction(TypedDict):
    """The answer to a task; `score` is how sure the model is of the label it is least sure of."""

    model_version: str
    score: float
    result: list[dict[str, Any]]  # Any: as Label Studio has it


class Predictions(TypedDict):
    """One prediction for each task, in order."""

    results: list[Prediction]


def add_label_studio(app: FastAPI, dependencies: Sequence[params.Security]) -> None:
    """Serve the backend. Its routes are Label Studio's contract, and no part of ours."""
    for path, route in (("setup", set_up), ("predict", predict_tasks), ("webhook", take_event)):
        app.post(f"/labelstudio/{path}", include_in_schema=False, dependencies=dependencies)(route)
    app.get("/labelstudio/health", include_in_schema=False, dependencies=dependencies)(health)


async def health() -> dict[str, str]:
    """The backend answers."""
    return {"status": "UP", "model_class": "copydesk"}


async def set_up(body: SetupRequest, request: Request) -> dict[str, str]:
    """The version that will answer, where the model answers any question of the project."""
    bundle: Bundle = request.app.state.scheduler.analyzer.bundle
    find_question(body.schema_, [rule.label for rule in bundle.rules])
    return {"model_version": _version(bundle)}


async def predict_tasks(body: TasksRequest, request: Request, timeout_ms: TimeoutHeader = None) -> Predictions:
    """The labels that each text deserves, as choices; a text that cannot be analysed has none, and a score of 0."""
    bundle: Bundle = request.app.state.scheduler.analyzer.bundle
    question = find_question(body.label_config, [rule.label for rule in bundle.rules])
    documents = [_document(i, task.data, question) for i, task in enumerate(body.tasks)]
    results: list[Prediction] = []
    n_each = request.app.state.settings.max_documents
    for some in (documents[start : start + n_each] for start in range(0, len(documents), n_each)):
        answered = await analyze_documents(request, some, Options(stories="whole"), timeout_ms)
        results += [_prediction(result, question, _version(answered.bundle)) for result in answered.results]
    return {"results": results}


async def take_event(body: WebhookRequest) -> dict[str, str]:
    """Judgements stay in Label Studio until somebody exports them; so does the wish to train."""
    if body.action == "START_TRAINING":
        raise Problem(409, "training is not begun from here; export the project, and run copydesk train --data FILE")
    return {"status": "ok"}


def _document(i: int, data: _Data, question: Question) -> Document:
    text = data.get(question.variable)
    if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
        raise Problem(
            422, f"tasks[{i}].data.{question.variable}: expected a text of at most {MAX_CHARACTERS} characters"
        )
    return Document("", html=text) if question.is_html else Document(text)


def _prediction(result: Result, question: Question, model_version: str) -> Prediction:
    if isinstance(result, Failure):
        return {"model_version": model_version, "score": 0.0, "result": []}
    tags = [tag for tag in result.story.tags if tag.label in question.labels]
    sureness = min(max(tag.score, 1 - tag.score) for tag in tags)
    chosen = sorted((tag for tag in tags if tag.assigned), key=lambda tag: -tag.score)
    shown = [_choices(chosen[:1] if question.is_single else chosen, question)] if chosen else []
    return {"model_version": model_version, "score": sureness, "result": shown}


def _choices(tags: Sequence[Tag], question: Question) -> dict[str, Any]:  # Any: as Label Studio has it
    return {
        "from_name": question.name,
        "to_name": question.text_name,
        "type": "choices",
        "value": {"choices": [question.labels[tag.label] for tag in tags]},
        "score": min(tag.score for tag in tags),
    }


def _version(bundle: Bundle) -> str:
    return f"{bundle.name} {bundle.digest[:12]}"
