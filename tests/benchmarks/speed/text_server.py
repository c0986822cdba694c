"""copydesk's service for texts alone: `copydesk serve` on a machine that has no HTML parser.

python tests/benchmarks/speed/text_server.py BUNDLE DEVICE PORT
"""

import sys
from pathlib import Path


def main(bundle: Path, device: str, port: int) -> None:
    """Serve until a signal. Imports here: the processes that prepare texts import this file too."""
    from copydesk.model.analyzer import Analyzer
    from copydesk.model.network.device import choose_device
    from copydesk.service.http.app import make_app
    from copydesk.service.http.server import run
    from copydesk.service.settings import read_settings

    settings = read_settings(bundle=bundle, device=device, port=port)
    run(make_app(settings, lambda: Analyzer.load(bundle, choose_device(device).staffed())), settings)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
