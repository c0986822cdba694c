import json
import logging
import sys

from copydesk.service.logs import JsonFormatter, request_id


def make_record(exc_info: bool = False) -> logging.LogRecord:
    record = logging.LogRecord("service.x", logging.ERROR, __file__, 1, "failed: %s", ("KeyError",), None)
    if exc_info:
        record.exc_info = sys.exc_info()
    record.fields = {"status": 500}
    return record


def test_a_line_is_json_with_the_id_of_its_request() -> None:
    token = request_id.set("abc")
    line = json.loads(JsonFormatter().format(make_record()))
    request_id.reset(token)
    assert line.pop("time")
    assert line == {
        "level": "error",
        "logger": "service.x",
        "message": "failed: KeyError",
        "request_id": "abc",
        "status": 500,
    }


def test_a_traceback_is_logged_without_its_message() -> None:
    try:
        int("Xyzzyfruit")
    except ValueError:
        line = JsonFormatter().format(make_record(exc_info=True))
    assert "Xyzzyfruit" not in line
    assert json.loads(line)["error"] == "ValueError"
    assert "test_logs.py" in json.loads(line)["at"][0]
