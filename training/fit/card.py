"""The model card: what a person should know before using a bundle."""

from collections.abc import Mapping
from typing import Any

from copydesk.model.bundles.manifest import Bundle
from copydesk.model.files.json import JsonObject

# Their texts are their publishers'; training/corpus/real_articles.csv lists them.
_REAL_ARTICLES = ("topics-train.jsonl.gz", "topics-train-2.jsonl.gz", "editors-train.jsonl.gz")
_COLUMNS = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "average_precision": "average precision",
    "raw_ece": "ECE before calibration",
    "ece": "ECE after",
}
_LIMITS = """\
## Intended use and limits

For sorting, searching and skimming news: a person should read what matters before acting on it. Not for decisions about
people, and no measure of truth: a tag says what a text is about, not that the text is right.

- It knows its labels only, as the stories it learned from used them; other labels need other stories.
- It was made for news in {languages}. Other languages, fiction, chat and legal texts were not measured.
- A score is calibrated for stories like the held-out ones; other sources shift it. Measure with `copydesk evaluate`.
- A summary is made of the story's own sentences: it cannot bridge them, and a pronoun may lose its name.
"""


def model_card(bundle: Bundle) -> str:
    """The card in Markdown, from what the bundle says of itself."""
    report = bundle.report
    parts = [
        _what_it_is(bundle),
        _labels(bundle),
        _quality(report),
        _training(report, bundle),
        _data(report.get("data", []), report.get("stories")),
        _LIMITS.format(languages=_languages(bundle)),
        "## Licence\n\nApache-2.0. The encoder keeps its own licence.\n",
    ]
    return "\n".join(part for part in parts if part)


def _what_it_is(bundle: Bundle) -> str:
    revision = f" at revision `{bundle.encoder_revision}`" if bundle.encoder_revision else ""
    return (
        f"# {bundle.name}\n\n"
        "Tags, summary and evidence for news articles, from one pass of a small transformer: each sentence it gives\n"
        "is verbatim, each label comes with the sentences that speak for it. Made by copydesk.\n\n"
        f"- Encoder: `{bundle.encoder}`{revision}, weights SHA-256 `{bundle.encoder_sha256}`\n"
        f"{_layers(bundle)}"
        f"- Windows of at most {bundle.max_tokens} tokens; a story of any length is read whole\n"
        "- Files: safetensors and JSON, no code\n"
    )


def _layers(bundle: Bundle) -> str:
    numbers = " and ".join(filter(None, [", ".join(map(str, bundle.layers[:-1])), *map(str, bundle.layers[-1:])]))
    return f"- Of it layer{'s' * (len(bundle.layers) > 1)} {numbers}, counted from 0\n" if bundle.layers else ""


def _languages(bundle: Bundle) -> str:
    """English by its name, others by their codes."""
    return ", ".join("English" if code == "en" else f"`{code}`" for code in bundle.languages)


def _labels(bundle: Bundle) -> str:
    rows = [[_cell(rule.label), f"{rule.threshold:.2f}"] for rule in bundle.rules]
    return "## Labels\n\nA label is assigned when its score reaches its threshold.\n\n" + _table(
        ["label", "threshold"], rows
    )


def _quality(report: Mapping[str, Any]) -> str:
    held_out = report.get("held_out")
    if not held_out:
        return ""
    qualities = held_out["labels"]
    columns = [key for key in _COLUMNS if any(quality.get(key) is not None for quality in qualities.values())]
    rows = [
        [_cell(label), *(_number(quality.get(key)) for key in columns), str(quality["support"])]
        for label, quality in qualities.items()
    ]
    truth = " by the tags of its teacher, which are taken for right" if "teacher" in report else ""
    return (
        f"## Quality\n\nOn {held_out['n_stories']} held-out stories{truth}, which also set thresholds and\n"
        f"calibration and so flatter it a little. Macro-F1 {held_out['macro_f1']:.3f}{_interval(held_out)}.\n\n"
        + _table(["label", *(_COLUMNS[key] for key in columns), "stories"], rows)
        + _crossed(report.get("folds"))
    )


def _crossed(folds: JsonObject | None) -> str:
    """What runs that each held out a part reach on it."""
    if not folds:
        return ""
    text = (
        f"\nEach story was held out from one of {len(folds['macro_f1'])} runs; the bundle learned from all of\n"
        f"them. By rules from the other parts alone, macro-F1 of each part: {_numbers(folds['macro_f1'])}.\n"
    )
    if None not in folds["credit"]:
        text += (
            f"Summaries of articles that editors have read, held out likewise, earn {_numbers(folds['credit'])}\n"
            "of credit: 1 for a sentence that an editor would print, 0.5 for one nearly as good.\n"
        )
    return text


def _training(report: Mapping[str, Any], bundle: Bundle) -> str:
    training = report.get("training")
    if not training:
        return ""
    optimizer = training["optimizer"]
    lines = [
        f"- Trained: {_mode(training['encoder'])}",
        *_origin(report.get("base")),
        *(_lessons(report) if "teacher" in report else _stories(training)),
        f"- Learning rate {optimizer['encoder_learning_rate']:g} for the encoder, "
        f"{optimizer['head_learning_rate']:g} for the heads; {optimizer['batch_stories']} stories a step",
        f"- Seed {training['seed']}",
    ]
    return "## Training\n\n" + "\n".join(lines) + f"\n\nAll of it is in `bundle.json` of `{bundle.name}`.\n"


def _origin(base: JsonObject | None) -> list[str]:
    """The bundle that it was trained on from, and that bundle's teacher."""
    if base is None:
        return []
    taught = ""
    if teacher := base.get("teacher"):
        taught = f",\n  which `{teacher['name']}` {teacher['digest'][:12]} taught on {base['texts']['train']} texts"
    return [f"- Trained on from `{base['name']}` {base['digest'][:12]}{taught}"]


def _lessons(report: Mapping[str, Any]) -> list[str]:
    """How texts were seen that a larger bundle had read."""
    teacher, texts, section = report["teacher"], report["texts"], report["training"]["texts"]
    return [
        f"- Taught by `{teacher['name']}` {teacher['digest'][:12]}, on {texts['train']} texts;\n"
        f"  {texts['held_out']} more were held out",
        f"- Each text seen {section['passes']:g} times, at most {section['max_windows']} windows of it",
    ]


def _stories(training: JsonObject) -> list[str]:
    """How stories, articles of editors and those with summaries were seen."""
    tags, editors, summaries = training["tags"], training["editors"], training["summaries"]
    lines = [f"- Each story seen {tags['passes']:g} times, at most {tags['max_windows']} windows of it"]
    if editors["files"]:
        lines.append(f"- Each article of editors seen {editors['passes']:g} times")
    if summaries["source"]:
        lines.append(
            f"- At most {summaries['limit']} articles with summaries, at most {summaries['max_windows']} windows each"
        )
    return lines


def _mode(encoder: JsonObject) -> str:
    rank = encoder["rank"]
    if encoder["mode"] == "head":
        return "the heads alone, encoder frozen"
    if encoder["mode"] == "lora":
        return f"low-rank updates of every layer, rank {rank}"
    return f"every matrix; what changed is stored at rank {rank}" if rank else "every weight"


def _data(files: list[JsonObject], stories: JsonObject | None) -> str:
    if not files:
        return ""
    counts = ""
    if stories:
        labels = ", ".join(f"{_cell(label)} {n}" for label, n in stories["labels"].items())
        counts = f"{stories['train']} stories to learn from ({labels}), {stories['held_out']} held out.\n\n"
    rows = [[f"`{file['file']}`", f"`{file['sha256']}`"] for file in files]
    real = [f"`{file['file']}`" for file in files if file["file"] in _REAL_ARTICLES]
    told = (
        f"\nReal articles, whose texts are their publishers' and are not passed on: {', '.join(real)}.\n"
        "`training/corpus/real_articles.csv` lists each by outlet, date, title and labels.\n"
    )
    return f"## Data\n\n{counts}" + _table(["file", "SHA-256"], rows) + (told if real else "")


def _interval(held_out: JsonObject) -> str:
    interval = held_out.get("macro_f1_interval")
    return f" (95 %: {interval['low']:.3f} to {interval['high']:.3f})" if interval else ""


def _table(head: list[str], rows: list[list[str]]) -> str:
    ruled = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(row) + " |\n" for row in ruled)


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _cell(label: str) -> str:
    return label.replace("|", "\\|")
