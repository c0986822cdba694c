"""Requests generated from the service's own schema: those that fit it and those that do not."""

from collections import Counter
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance


def send_generated(app: object, n_cases: int) -> Counter[int]:
    """How often each status came of about `n_cases` requests.

    Raises at the first server error, or answer that is not as the schema says, with the request that made it.
    """
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    statuses: Counter[int] = Counter()
    with_body = [operation for operation in operations if list(operation.body)]
    for operation in operations:
        if operation not in with_body:  # without parameters nothing can be wrong, and one request is all
            _run_operation(operation.as_strategy(), 1, statuses)
            continue
        for mode in GenerationMode:
            _run_operation(operation.as_strategy(generation_mode=mode), n_cases // len(with_body) // 2, statuses)
    return statuses


def _run_operation(cases: SearchStrategy[Any], n_cases: int, statuses: Counter[int]) -> None:
    @settings(
        max_examples=n_cases,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def check(case: Any) -> None:  # Any: schemathesis.Case
        # A request that fits the schema may hold no words, 422, or ask for its answer within a millisecond, 504.
        response = case.call_and_validate(excluded_checks=[positive_data_acceptance, not_a_server_error])
        assert response.status_code < 500 or (response.status_code == 504 and "X-Request-Timeout-Ms" in case.headers)
        statuses[response.status_code] += 1

    check()
