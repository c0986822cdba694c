"""`make bench`: what copydesk claims, measured on this machine.

    make bench                                 every part: two hours on two cores
    make bench PARTS="http soak"               some
    make bench QUICK=1                         small sizes and a tiny model: does everything work?
    make bench PARTS=memory ROWS=1000000       the large bulk job at full size: twenty minutes
    make bench PARTS=http INFINITY=VENV        beside Infinity, which is installed there if need be

Each part prints a table and writes it to runs/bench/PART.json. Only ratios within one run mean anything.
"""

import argparse
import importlib
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.bench import DEFAULT_ROWS, Bench, Report, SkippedError
from copydesk.model.bundles.manifest import DEFAULT_BUNDLE
from support.tiny import make_tiny_bundle

PARTS = {  # name: its module, what it measures
    "start": ("speed.start", "from a cold start to the first answers"),
    "engine": ("speed.engine", "the bare encoder, its precision, and what an article's time goes into"),
    "bundles": ("speed.bundles", "the bundle `fast` beside the default one: rate and answers"),
    "http": ("speed.http_load", "load over HTTP, beside other servers"),
    "scale": ("speed.scale", "many services behind a balancer, simulated; machines for a day's articles"),
    "lag": ("speed.lag", "how late the event loop is under load"),
    "overhead": ("speed.overhead", "what traces and a shadow cost a request"),
    "gpu": ("speed.gpu", "bulk and HTTP on a GPU, beside a plain service; answers as on the CPU"),
    "soak": ("robust.soak", "memory over thousands of mixed requests"),
    "fuzz": ("robust.schema_fuzz", "generated requests"),
    "documents": ("robust.document_fuzz", "generated texts and pages"),
    "attacks": ("robust.attacks", "hostile clients beside others: /livez, texts, memory"),
    "swaps": ("robust.swaps", "models swapped under load"),
    "client": ("robust.client", "10,000 texts through a service that refuses, dies and comes back"),
    "bulk": ("bulk.rate", "a bulk job beside HTTP and the bare forward pass: rate and answers"),
    "kill": ("bulk.kill", "a bulk job killed and resumed"),
    "memory": ("bulk.memory", "memory of a small and a large bulk job"),
    "ray": ("bulk.ray", "the overhead of Ray on one machine"),
    "pages": ("quality.pages", "stories told from what stands around them"),
    "page_folds": (
        "quality.page_folds",
        "the same on real pages, each left out of what was learned",
    ),
    "page_kinds": ("quality.page_kinds", "what kind of page a text is, on composed and on real pages"),
    "second_look": ("quality.second_look", "whether sentence vectors would mend lines and borders in doubt"),
    "sentences": ("quality.sentences", "boundaries of sentences against gold ones, beside sentencex alone"),
    "drift": ("quality.drift", "texts that drift, and texts that do not: how soon and how often that is raised"),
    "few_shot": ("quality.few_shot", "eight stories per label, beside TF-IDF"),
    "desk_kill": ("desk.kill", "twenty annotators, and the desk killed again and again: judgements lost or doubled"),
    "desk_load": ("desk.load", "a project of 100,000 stories: the next story, a save, the start page"),
    "desk_queue": ("desk.queue", "what to label next, against random order: judgements for the same macro-F1"),
    "desk_topic": ("desk.topic", "a topic from its description: judgements for nine tenths of the full model's F1"),
    "reuters": ("quality.reuters", "retraining on 89 topics, beside a linear SVM, and the summary afterwards"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all parts, or those named; 1 if one of them broke."""
    options = _parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        bundle = options.bundle
        if options.quick:
            bundle = Path(folder) / "tiny"
            make_tiny_bundle(bundle)
        bench = Bench(
            bundle,
            is_quick=options.quick,
            encoder=options.encoder,
            infinity=options.infinity,
            n_rows=options.rows,
            folder=options.out,
        )
        broken = [name for name in options.parts or PARTS if not run_part(name, bench)]
    if broken:
        print(f"\nbroken: {', '.join(broken)}")
    return int(bool(broken))


def run_part(name: str, bench: Bench) -> bool:
    """Measure one part and keep its figures; False if it broke."""
    module, what = PARTS[name]
    print(f"\n== {name}: {what}", flush=True)
    measure: Callable[[Bench], Report] = importlib.import_module(f"benchmarks.{module}").main
    started = time.perf_counter()
    try:
        report = measure(bench)
    except SkippedError as reason:
        print(f"skipped: {reason}", flush=True)
        return True
    except Exception:  # the other parts still count
        traceback.print_exc()
        return False
    bench.keep(name, report, time.perf_counter() - started)
    return True


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="small sizes and a tiny model: does everything work?")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE, help="the one that ships by default")
    parser.add_argument("--encoder", type=Path, help="folder with a copy of its encoder, in any precision, for `gpu`")
    parser.add_argument("--out", type=Path, default=Bench.folder, help="folder for figures; runs/bench")
    parser.add_argument("--infinity", type=Path, metavar="VENV", help="virtual environment with Infinity, or for it")
    parser.add_argument("--rows", type=int, default=DEFAULT_ROWS, help="of the large job of `memory`; %(default)s")
    options = parser.parse_args(arguments)
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return options


if __name__ == "__main__":
    raise SystemExit(main())
