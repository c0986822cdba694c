"""The command that lets assistants use a service as tools."""

from typing import Annotated

import typer

from copydesk.model.installation import need_extra

commands = typer.Typer()

_PATIENCE_S = 20.0  # somebody waits for the assistant
_EXAMPLES = """
Examples:
  copydesk mcp                                        # for an assistant that starts it: over stdin and stdout
  copydesk mcp --service https://copydesk.example     # COPYDESK_KEY holds the key, where the service wants one
  copydesk mcp --port 8001                            # over HTTP, at http://127.0.0.1:8001/mcp

The service has to run: copydesk serve.
"""


@commands.command(epilog=_EXAMPLES)
def mcp(
    service: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The service that is asked.")
    ] = "http://127.0.0.1:8000",
    key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            envvar="COPYDESK_KEY",
            help="An API key of the service; better in COPYDESK_KEY.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(metavar="N", help="Serve over HTTP on this port of 127.0.0.1.", show_default="stdin and stdout"),
    ] = None,
) -> None:
    """Serve two tools to assistants (MCP): analyse a text, search labels."""
    need_extra("mcp", "copydesk mcp")
    from copydesk.client.nonblocking import AsyncClient
    from copydesk.service.mcp.server import make_server

    server = make_server(lambda: AsyncClient(service, key, patience_s=_PATIENCE_S))
    if port is None:
        server.run()
    else:
        server.run("streamable-http", host="127.0.0.1", port=port, stateless_http=True, json_response=True)
