"""`make bench`: what copydesk claims, measured on this machine. Each part prints a table."""

import argparse
import importlib
from collections.abc import Callable

PARTS = ("start",)


def main() -> None:
    """Run all parts, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all by default")
    for name in parser.parse_args().parts or PARTS:
        measure: Callable[[], None] = importlib.import_module(f"benchmarks.{name}").main
        print(f"\n== {name}", flush=True)
        measure()
