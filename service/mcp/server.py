"""The tools: analyse a text, search labels. They ask a running service, so that many assistants share one model."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field
from typing_extensions import TypedDict

from copydesk.client.answers import LabelOut, ResultOut
from copydesk.client.documents import Document, Options, SummaryOptions
from copydesk.client.errors import ClientError
from copydesk.client.nonblocking import AsyncClient
from copydesk.service.mcp.labels import search

_INSTRUCTIONS = (
    "copydesk reads news articles whole: which of its labels they deserve, with the sentences that are the evidence, "
    "and the sentences that sum them up, each one verbatim. Scores are calibrated probabilities."
)
_HARMLESS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)


class Assigned(TypedDict):
    """A label that the text deserves, and the sentences that speak for it, the strongest first."""

    label: str
    score: float
    evidence: list[str]


class TextAnalysis(TypedDict):
    """What a text is about: its labels, and the sentences that sum it up, verbatim."""

    labels: list[Assigned]
    summary: list[str]
    page_kind: str


class Labels(TypedDict):
    """Labels of the model, with the score from which they are assigned."""

    labels: list[LabelOut]


def make_server(connect: Callable[[], AsyncClient]) -> MCPServer[None]:
    """A server of both tools; each call of one has a client of its own, since no event loop outlasts all calls."""
    server: MCPServer[None] = MCPServer("copydesk", instructions=_INSTRUCTIONS, version=version("copydesk"))

    @server.tool(title="Analyse a text", annotations=_HARMLESS)
    async def analyze_text(
        text: Annotated[str, Field(description="The article, as it was found; of a scraped page all of its text.")],
        title: Annotated[str | None, Field(description="Its headline, where it does not stand in the text.")] = None,
        sentences: Annotated[int, Field(ge=1, le=100, description="Sentences of the summary.")] = 3,
        focus: Annotated[str | None, Field(description="A label that the summary should say more of.")] = None,
    ) -> TextAnalysis:
        """Labels, evidence and summary of a news article. Every sentence is verbatim."""
        document: Document = {"text": text, "title": title}
        summary: SummaryOptions = {"sentences": sentences, "focus": focus}
        options: Options = {"summary": summary, "include": ["tags", "evidence", "summary"]}
        try:
            async with connect() as client:
                return _shorten(await client.analyze(document, **options))
        except ClientError as error:
            raise ToolError(str(error)) from error

    @server.tool(title="Search labels", annotations=_HARMLESS)
    async def search_labels(
        query: Annotated[str, Field(description="A word of the label's name; none: all labels.")] = "",
    ) -> Labels:
        """Labels that the model knows and that are called like the query."""
        try:
            async with connect() as client:
                model = await client.describe_model()
        except ClientError as error:
            raise ToolError(str(error)) from error
        return {"labels": search(model["labels"], query)}

    return server


def _shorten(result: ResultOut) -> TextAnalysis:
    """What an assistant needs of an analysis: no offsets, and no label that the text does not deserve."""
    assigned: list[Assigned] = [
        {"label": tag["label"], "score": tag["score"], "evidence": [one["text"] for one in tag.get("evidence", [])]}
        for tag in result.get("tags", [])
        if tag["assigned"]
    ]
    summary = [sentence["text"] for sentence in result["summary"]["sentences"]]
    return {"labels": assigned, "summary": summary, "page_kind": result["page"]["kind"]}
