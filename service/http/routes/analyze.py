"""POST /v1/analyze."""

from collections.abc import Sequence

from fastapi import Request, Response

from copydesk.client.answers import AnalyzeAnswer
from copydesk.model.analysis import Document, Failure, Result
from copydesk.model.boundary import is_ours
from copydesk.service.answers import to_answer
from copydesk.service.http.deadline import Answered, TimeoutHeader, analyze_documents
from copydesk.service.http.off_loop import run_off_loop
from copydesk.service.http.problems import Problem
from copydesk.service.http.requests import AnalyzeRequest, DocumentIn
from copydesk.service.http.responses import render


async def analyze(body: AnalyzeRequest, request: Request, timeout_ms: TimeoutHeader = None) -> Response:
    """Tags, summary and evidence for every document; one bad document never fails its neighbours."""
    documents = [_to_document(document) for document in body.documents]
    answered = await analyze_documents(request, documents, body.to_options(), timeout_ms)
    _refuse_if_all_failed(answered.results)
    n_characters = sum(len(document.html or document.text) for document in documents)
    content = await run_off_loop(n_characters, _render, answered, body)
    return Response(content, media_type="application/json", headers=answered.headers)


def _render(answered: Answered, body: AnalyzeRequest) -> bytes:
    results = [to_answer(result, body.include, body.offsets) for result in answered.results]
    answer: AnalyzeAnswer = {
        "model": {"name": answered.bundle.name, "digest": answered.bundle.digest},
        "results": results,
    }
    return render(answer)


def _to_document(document: DocumentIn) -> Document:
    return Document(document.text or "", document.title, document.id, document.html)


def _refuse_if_all_failed(results: Sequence[Result]) -> None:
    failures = [result for result in results if isinstance(result, Failure)]
    if len(failures) < len(results):
        return
    errors = [{"field": f"documents[{i}]", "code": f.code, "message": f.message} for i, f in enumerate(failures)]
    ours = next((failure for failure in failures if is_ours(failure)), None)
    if ours is not None:
        raise Problem(500, ours.message, errors=errors)
    raise Problem(422, f"documents[0]: {failures[0].message}", errors=errors)
