"""POST /predict, as text-embeddings-inference and Hugging Face's endpoints answer it, so that their clients work
unchanged. Whoever sends `parameters` is one of Hugging Face's, and gets a list of lists also for a string.

Two things differ on purpose: texts are read whole, and each label has a sigmoid of its own, because an article can be
about several topics. A list of strings is a batch (there, two strings are one pair of sequences).
"""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from typing_extensions import TypedDict

from copydesk.model.analysis import Document, Failure, Options, Result
from copydesk.model.boundary import is_ours
from copydesk.service.http.deadline import Answered, TimeoutHeader, analyze_documents
from copydesk.service.http.off_loop import run_off_loop
from copydesk.service.http.problems import Problem
from copydesk.service.http.requests import LongText
from copydesk.service.http.responses import render
from copydesk.service.settings import MAX_DOCUMENTS

_SCORE_BYTES = 50  # of an answer, for each label and text

_Batch = Annotated[list[LongText], Field(min_length=1, max_length=MAX_DOCUMENTS)]
_Sequence = Annotated[list[LongText], Field(min_length=1, max_length=2)]
_SequenceBatch = Annotated[list[_Sequence], Field(min_length=1, max_length=MAX_DOCUMENTS)]


Transform = Literal["sigmoid", "softmax", "none"]


class PredictParameters(BaseModel):
    """What Hugging Face's clients ask for; what else they may send is taken and ignored."""

    model_config = ConfigDict(strict=True, frozen=True)

    top_k: int | None = Field(default=None, ge=1, le=1_000_000, description="So many labels, the best ones.")
    function_to_apply: Transform | None = Field(
        default=None,
        description="How logits become scores; by default each by a sigmoid of its own. softmax: together.",
    )


class PredictRequest(BaseModel):
    """Texts to classify. A text may also stand as a list of one string, or of two that are read one after the other."""

    model_config = ConfigDict(strict=True, frozen=True)

    inputs: LongText | _Batch | _SequenceBatch
    raw_scores: bool = Field(default=False, description="Answer with logits: score = 1 / (1 + exp(-logit)).")
    truncate: bool | None = Field(default=False, description="Taken and ignored: texts are always read whole.")

    parameters: PredictParameters | None = Field(default=None, description="Hugging Face's.")

    @field_validator("inputs", mode="before")
    @classmethod
    def _has_texts(cls, value: object) -> object:
        """Said once, and not for each kind that `inputs` may be."""
        if value == []:
            raise ValueError("at least one text")
        if not isinstance(value, str | list):
            raise ValueError("expected a text, a list of texts, or a list of lists of one or two texts")  # noqa: TRY004 - for pydantic
        return value

    @property
    def texts(self) -> list[str]:
        """The texts, one for each answer."""
        inputs = [self.inputs] if isinstance(self.inputs, str) else self.inputs
        return [text if isinstance(text, str) else "\n\n".join(text) for text in inputs]

    @property
    def transform(self) -> Transform:
        """What makes scores of the logits."""
        asked = self.parameters.function_to_apply if self.parameters else None
        return asked or ("none" if self.raw_scores else "sigmoid")

    @property
    def is_single(self) -> bool:
        """Whether the answer is the list of one text, and not a list of such lists."""
        return isinstance(self.inputs, str) and self.parameters is None


class Prediction(TypedDict):
    """A label's score."""

    score: float
    label: str


PredictAnswer = list[Prediction] | list[list[Prediction]]


async def predict(body: PredictRequest, request: Request, timeout_ms: TimeoutHeader = None) -> Response:
    """Labels with their scores, best first: a list for a string, a list of lists for a batch or with `parameters`."""
    documents = [Document(text) for text in body.texts]
    answered = await analyze_documents(request, documents, Options(stories="whole"), timeout_ms)
    n_bytes = _SCORE_BYTES * len(answered.results) * len(answered.bundle.rules)
    content = await run_off_loop(n_bytes, _render, answered, body)
    return Response(content, media_type="application/json", headers=answered.headers)


def _render(answered: Answered, body: PredictRequest) -> bytes:
    top_k = body.parameters.top_k if body.parameters else None
    answers = [_predictions(i, result, body.transform)[:top_k] for i, result in enumerate(answered.results)]
    answer: PredictAnswer = answers[0] if body.is_single else answers
    return render(answer)


def _predictions(i: int, result: Result, transform: Transform) -> list[Prediction]:
    if isinstance(result, Failure):
        if is_ours(result):
            raise Problem(500, f"inputs[{i}]: {result.message}")
        raise Problem(422, f"inputs[{i}]: {result.message}")
    tags = sorted(result.story.tags, key=lambda tag: -tag.score)
    scores = _transform([tag.score for tag in tags], transform)
    return [{"score": score, "label": tag.label} for score, tag in zip(scores, tags, strict=True)]


def _transform(scores: Sequence[float], transform: Transform) -> Sequence[float]:
    """The scores in another form."""
    if transform == "sigmoid":
        return scores
    logits = [_logit(score) for score in scores]
    if transform == "none":
        return logits
    powers = [math.exp(logit - max(logits)) for logit in logits]
    return [power / sum(powers) for power in powers]


def _logit(score: float) -> float:
    """The inverse of the sigmoid, finite also where a score was rounded to 0 or 1."""
    score = min(max(score, 1e-300), 1 - 2**-53)
    return math.log(score) - math.log1p(-score)
