"""POST /v1/analyze."""

from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import JSONResponse

from copydesk.model.analysis import Document, Failure, Result
from copydesk.service.answers import to_answer
from copydesk.service.http.deadline import TimeoutHeader, analyze_documents
from copydesk.service.http.problems import Problem
from copydesk.service.http.requests import AnalyzeRequest, DocumentIn


async def analyze(body: AnalyzeRequest, request: Request, timeout_ms: TimeoutHeader = None) -> JSONResponse:
    """Tags, summary and evidence for every document; one bad document never fails its neighbours."""
    documents = [_to_document(document) for document in body.documents]
    answered = await analyze_documents(request, documents, body.to_options(), timeout_ms)
    _refuse_if_all_failed(answered.results)
    answers = [to_answer(result, body.include, body.offsets) for result in answered.results]
    model = {"name": answered.bundle.name, "digest": answered.bundle.digest}
    return JSONResponse({"model": model, "results": answers}, headers=answered.headers)


def _to_document(document: DocumentIn) -> Document:
    return Document(document.text or "", document.title, document.id, document.html)


def _refuse_if_all_failed(results: Sequence[Result]) -> None:
    failures = [result for result in results if isinstance(result, Failure)]
    if len(failures) < len(results):
        return
    errors = [{"field": f"documents[{i}]", "code": f.code, "message": f.message} for i, f in enumerate(failures)]
    raise Problem(422, f"documents[0]: {failures[0].message}", errors=errors)
