"""The tools, asked by the protocol's own client in each of the ways it has."""

import asyncio
import os
import sys
from collections.abc import Iterator

import pytest

pytest.importorskip("mcp")

from mcp import Client, StdioServerParameters
from mcp.server import MCPServer

from copydesk.client import AsyncClient
from copydesk.model.analysis import Document, Options, SummaryOptions
from copydesk.model.analyzer import Analyzer
from copydesk.service.http.app import make_app
from copydesk.service.mcp.server import make_server
from copydesk.service.settings import Settings
from support.served import serve_app
from support.tiny import LABELS, ROOT, STORY


@pytest.fixture(scope="module")
def address(analyzer: Analyzer) -> Iterator[str]:
    with serve_app(make_app(Settings(), lambda: analyzer)) as address:
        yield address


async def use(server: "MCPServer[None] | StdioServerParameters | str", analyzer: Analyzer) -> None:
    """Both tools say what the analyzer does, and what is wrong with a text."""
    async with Client(server) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == {"analyze_text", "search_labels"}
        found = (await client.call_tool("search_labels", {"query": "taiwanese"})).structured_content
        assert found is not None
        assert [label["label"] for label in found["labels"]] == ["taiwan"]
        read = (await client.call_tool("analyze_text", {"text": STORY, "sentences": 1})).structured_content
        wrong = await client.call_tool("analyze_text", {"text": "12 34"})
    story = analyzer.analyze(Document(STORY), Options(summary=SummaryOptions(sentences=1))).story
    assert read is not None
    assert read["summary"] == [sentence.text for sentence in story.summary.sentences]
    assert [(tag["label"], tag["evidence"]) for tag in read["labels"]] == [
        (tag.label, [one.text for one in tag.evidence]) for tag in story.tags if tag.assigned
    ]
    assert wrong.is_error
    assert "the text has no letters; send running text" in str(wrong.content)


def test_in_the_same_process(address: str, analyzer: Analyzer) -> None:
    asyncio.run(use(make_server(lambda: AsyncClient(address)), analyzer))


def test_over_stdin_and_stdout(address: str, analyzer: Analyzer) -> None:
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "copydesk", "mcp", "--service", address], cwd=ROOT, env=dict(os.environ)
    )
    asyncio.run(use(command, analyzer))


def test_over_streamable_http(address: str, analyzer: Analyzer) -> None:
    app = make_server(lambda: AsyncClient(address)).streamable_http_app(stateless_http=True, json_response=True)
    with serve_app(app) as tools:
        asyncio.run(use(f"{tools}/mcp", analyzer))


def test_a_service_that_does_not_answer_is_told_to_the_assistant() -> None:
    async def ask() -> str:
        async with Client(make_server(lambda: AsyncClient("http://127.0.0.1:9", patience_s=0))) as client:
            results = [await client.call_tool("analyze_text", {"text": "a"}), await client.call_tool("search_labels")]
        assert all(result.is_error for result in results)
        return str([result.content for result in results])

    assert asyncio.run(ask()).count("see whether the service runs") == 2


def test_the_labels_are_those_of_the_model(address: str) -> None:
    async def ask() -> object:
        async with Client(make_server(lambda: AsyncClient(address))) as client:
            return (await client.call_tool("search_labels")).structured_content

    found = asyncio.run(ask())
    assert isinstance(found, dict)
    assert tuple(label["label"] for label in found["labels"]) == LABELS
