"""What an HTTP answer says: results, or what is wrong, with which documents."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import httpx2

from copydesk.client.answers import AnalyzeAnswer, FailureOut, ModelDescription, ResultOut
from copydesk.client.chunks import Chunk, Item
from copydesk.client.errors import ClientError, RefusedError

Results = list[ResultOut | FailureOut]
Problem = Mapping[str, Any]  # Any: JSON of whoever answers

_FIELD = re.compile(r"documents\[(\d+)\]\.?(.*)")


def read_model(response: httpx2.Response) -> ModelDescription:
    """The description of a model. Raises RefusedError, ClientError."""
    if response.is_error:
        raise refusal(response, "the model")
    found = _read(response)
    if "limits" not in found:
        raise _not_ours(response)
    return cast(ModelDescription, found)


def read_results(response: httpx2.Response, chunk: Chunk) -> Results:
    """One result for each document of the chunk. Raises ClientError."""
    results = cast(AnalyzeAnswer, _read(response)).get("results", [])
    if len(results) != len(chunk.items):
        raise _not_ours(response)
    return results


def read_failures(response: httpx2.Response, chunk: Chunk) -> dict[Item, FailureOut]:
    """The documents that the service names as what is wrong; none where something else is."""
    failures = {}
    for error in _errors(_read(response)):
        match = _FIELD.fullmatch(str(error.get("field")))
        if match is None or int(match[1]) >= len(chunk.items):
            return {}
        item, field = chunk.items[int(match[1])], f"{match[2]}: " if match[2] else ""
        failures[item] = item.fail(str(error.get("code", "invalid")), f"{field}{error.get('message', '')}")
    return failures


def names_codes(response: httpx2.Response) -> bool:
    """Whether the service says of each document why it failed: it has tried them all."""
    errors = list(_errors(_read(response)))
    return bool(errors) and all("code" in error for error in errors)


def refusal(response: httpx2.Response, what: str) -> RefusedError:
    """The error of an answer that another try would not better."""
    identity = response.headers.get("X-Request-Id")
    where = f" (X-Request-Id {identity})" if identity else ""
    return RefusedError(f"{what}: {describe(response)}{where}", response.status_code)


def describe(response: httpx2.Response) -> str:
    """An answer that is an error, for a person."""
    detail = _read(response).get("detail")
    return f"{response.status_code} {detail or response.reason_phrase}"


def _errors(problem: Problem) -> Iterator[Problem]:
    errors = problem.get("errors")
    yield from (error for error in errors if isinstance(error, dict)) if isinstance(errors, list) else ()


def _read(response: httpx2.Response) -> Problem:
    """The object in an answer; an empty one where a proxy has written something else."""
    try:
        content = json.loads(response.content)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _not_ours(response: httpx2.Response) -> ClientError:
    return ClientError(f"{response.url}: the answer is none of copydesk's; check the address")
