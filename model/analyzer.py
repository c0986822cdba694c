"""The façade: text in, analysis out, in three phases that can overlap.

`prepare` (CPU: page, sentences, tokens) -> `forward` (device: the network) -> `finish` (CPU: tags, summary).
`encode` and `score` are `forward` step by step, for callers that spread a document's windows over several passes.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from copydesk.model.analysis import Analysis, Coverage, Document, Failure, Furniture, Options, Result, StoryAnalysis
from copydesk.model.bundles.manifest import DEFAULT_BUNDLE, Bundle, load_manifest
from copydesk.model.bundles.weights import load_network
from copydesk.model.errors import DocumentError
from copydesk.model.network.compiled import CompiledEncoder, compile_encoder
from copydesk.model.network.device import Device, choose_device
from copydesk.model.network.encoder_files import find_encoder, load_tokenizer, special_tokens
from copydesk.model.network.encoding import Encoding, Part
from copydesk.model.network.heads import Network, NetworkOutput, SentenceLayout
from copydesk.model.network.windows import SpecialTokens, TokenizedStory, batch_windows, tokenize_story
from copydesk.model.network.workers import Workers, one_core
from copydesk.model.output.summary import Candidate, rank_sentences, summarise
from copydesk.model.output.tags import Passage, make_tags, sigmoid
from copydesk.model.page.html.markup import Markup
from copydesk.model.page.html.pool import read_html
from copydesk.model.page.reader import Story, read_page
from copydesk.model.page.sentences import split_sentences
from copydesk.model.stream import analyze_stream

MAX_DOCUMENT_TOKENS = 100_000  # a book; seconds of work for one request
_LETTER = re.compile(r"[^\W\d_]")
_FORBIDDEN = re.compile("[\0\ud800-\udfff]")
_FOCUS_WEIGHT = 4.0  # logits of salience that the focus label's strongest sentence gains


@dataclass(frozen=True)
class PreparedStory:
    """A story cut into passages (its title first, if it has one) and tokens."""

    story: Story
    passages: tuple[Passage, ...]
    tokens: TokenizedStory


@dataclass(frozen=True)
class Prepared:
    """A document ready for the network."""

    document: Document
    stories: tuple[PreparedStory, ...]
    furniture: tuple[Furniture, ...]

    @property
    def n_tokens(self) -> int:
        """Tokens of all its stories, special tokens not counted."""
        return sum(len(story.tokens.token_ids) for story in self.stories)

    def start_encoding(self) -> Encoding:
        """Its windows, all still to be encoded."""
        return Encoding([story.tokens for story in self.stories])


@dataclass(frozen=True)
class StoryScores:
    """The network's view of one story, on the CPU: contributions [sentences, labels], logits [labels], salience
    [sentences]."""

    contributions: Tensor
    logits: Tensor
    salience: Tensor


class Analyzer:
    """A bundle, ready to analyse texts on one device. `forward`, `encode` and `score` are for one thread."""

    def __init__(self, bundle: Bundle, network: Network, tokenizer: Tokenizer, device: Device) -> None:
        self.bundle = bundle
        self.max_document_tokens = MAX_DOCUMENT_TOKENS
        self._tokenizer = tokenizer
        self._special: SpecialTokens = special_tokens(tokenizer)
        self._unknown = tokenizer.token_to_id("[UNK]")
        self._network = network.to(device.device)
        if device.is_compiled:
            network.encoder = compile_encoder(network.encoder, device)
        network.encoder.to(device.dtype)
        self.device = replace(device, is_compiled=isinstance(network.encoder, CompiledEncoder))
        self._map = Workers(device.n_parallel).map if device.n_parallel > 1 else map

    @classmethod
    def load(cls, bundle: Path | str = DEFAULT_BUNDLE, device: str | Device = "auto") -> "Analyzer":
        """An analyzer for the bundle in this directory, on a device by name or on one chosen before.

        Raises BundleError, EncoderError or DeviceError.
        """
        directory = Path(bundle)
        manifest = load_manifest(directory)
        tokenizer = load_tokenizer(find_encoder(manifest.encoder, manifest.encoder_revision))
        chosen = device if isinstance(device, Device) else choose_device(device)
        return cls(manifest, load_network(directory, manifest), tokenizer, chosen)

    def analyze(self, document: Document | str, options: Options | None = None) -> Analysis:
        """The analysis of one text. Raises DocumentError when it cannot be analysed."""
        document = Document(document) if isinstance(document, str) else document
        options = options or Options()
        prepared = self.prepare(document, options)
        (scores,) = self.forward([prepared])
        return self.finish(prepared, scores, options)

    def analyze_many(
        self, documents: Iterable[Document | Failure | str], options: Options | None = None
    ) -> Iterator[Result]:
        """One result per document, in order, streaming; what cannot be analysed becomes a Failure.

        Reading, the forward pass and the use of the results overlap. A Failure among the documents is handed through.
        """
        if isinstance(documents, str):
            raise TypeError("analyze_many: a string in place of many; call analyze, or put it in a list")
        items = (Document(item) if isinstance(item, str) else item for item in documents)
        return analyze_stream(self, items, options or Options())

    def prepare(self, document: Document, options: Options) -> Prepared:
        """Stories, sentences and tokens of a document. Raises DocumentError; safe to call from many threads."""
        markup = Markup(document.text) if document.html is None else read_html(document.html)
        document = replace(document, text=markup.text, html=None)
        _check_text(document)
        if options.summary.focus is not None and options.summary.focus not in self.bundle.labels:
            raise DocumentError(
                "unknown_label",
                f"summary.focus {options.summary.focus!r} is not among the labels {', '.join(self.bundle.labels)}",
            )
        page = read_page(document.text, document.title, options.stories, markup.headlines)
        main = replace(page.stories[0], title=page.stories[0].title or markup.title)
        stories = tuple(self._prepare_story(document.text, story) for story in (main, *page.stories[1:]))
        prepared = Prepared(document, stories, page.furniture)
        self._check_tokens(prepared)
        return prepared

    def forward(self, prepared: Sequence[Prepared]) -> list[list[StoryScores]]:
        """Per document, per story, what the network says: one encoder pass over every window."""
        return self.begin_forward(prepared)()

    def begin_forward(self, prepared: Sequence[Prepared]) -> Callable[[], list[list[StoryScores]]]:
        """Begin `forward`, as `begin` does; the function that it returns ends it and gives the scores."""
        encodings = [document.start_encoding() for document in prepared]
        end_encoding = self.begin([part for encoding in encodings for part in encoding.take(math.inf)])

        def end() -> list[list[StoryScores]]:
            end_encoding()
            return self.score(encodings)

        return end

    def encode(self, parts: Sequence[Part]) -> None:
        """One encoder pass over these parts; each document's encoding keeps what came of its own."""
        self.begin(parts)()

    def begin(self, parts: Sequence[Part]) -> Callable[[], None]:
        """Begin to encode, where the device computes beside this thread; the function that it returns ends it."""
        stories = [part.tokens for part in parts]
        n_tokens = sum(len(story.token_ids) for story in stories)
        budget = min(self.device.batch_tokens, n_tokens // self.device.n_parallel + 1)  # a lone text keeps all busy
        batches = batch_windows(stories, self._special, budget=budget)
        lengths = [story.n_sentences for story in stories]
        states = self._map(self._network.states, batches)

        def end() -> None:
            with torch.inference_mode(), one_core():
                sums, counts = self._network.gather(batches, states, sum(lengths))
                for part, *result in zip(parts, torch.split(sums, lengths), torch.split(counts, lengths), strict=True):
                    part.encoding.add(part.first_sentence, *result)

        return end

    def score(self, encodings: Sequence[Encoding]) -> list[list[StoryScores]]:
        """Per document, per story, what the heads say; every window has passed the encoder."""
        stories = [story for encoding in encodings for story in encoding.stories]
        if not stories:
            return []
        with torch.inference_mode(), one_core():
            vectors = torch.cat([encoding.vectors() for encoding in encodings])
            output = self._network.score(vectors, layout_of(stories).to(self.device.device))
        scores = iter(_split_output(output, stories))
        return [list(islice(scores, len(encoding.stories))) for encoding in encodings]

    def probe(self) -> None:
        """Pass one token through everything; raises what the device raises."""
        encoding = Encoding([tokenize_story([[self._special.last]], self.bundle.max_tokens, has_title=False)])
        self.encode(encoding.take(math.inf))
        self.score([encoding])

    def finish(self, prepared: Prepared, scores: Sequence[StoryScores], options: Options) -> Analysis:
        """The answer for a document. Raises DocumentError when the network gave a score that is not a number."""
        stories = [self._finish_story(*pair, options) for pair in zip(prepared.stories, scores, strict=True)]
        return Analysis(
            id=prepared.document.id,
            text=prepared.document.text,
            story=stories[0],
            other_stories=tuple(stories[1:]),
            furniture=prepared.furniture,
            coverage=Coverage(
                characters=len(prepared.document.text),
                tokens=prepared.n_tokens,
                windows=sum(len(story.tokens.windows) for story in prepared.stories),
            ),
        )

    def _prepare_story(self, text: str, story: Story) -> PreparedStory:
        passages = [Passage(story.title, None)] if story.title else []
        passages += [Passage(text[s.start : s.end], s) for part in story.body for s in split_sentences(text, part)]
        encodings = self._tokenizer.encode_batch_fast([passage.text for passage in passages], add_special_tokens=False)
        tokens = tokenize_story(
            [encoding.ids for encoding in encodings], self.bundle.max_tokens, has_title=bool(story.title)
        )
        return PreparedStory(story, tuple(passages), tokens)

    def _check_tokens(self, prepared: Prepared) -> None:
        if prepared.n_tokens > self.max_document_tokens:
            raise DocumentError(
                "too_long",
                f"the text has {prepared.n_tokens} tokens, the limit is {self.max_document_tokens}; send it in parts",
            )
        if all((story.tokens.token_ids == self._unknown).all() for story in prepared.stories):
            raise DocumentError("unreadable", "no word of the text is known to the model; send running text")

    def _finish_story(self, prepared: PreparedStory, scores: StoryScores, options: Options) -> StoryAnalysis:
        logits, contributions = scores.logits.tolist(), scores.contributions.tolist()
        salience = scores.salience.tolist()
        if not all(map(math.isfinite, [*logits, *salience])):
            raise DocumentError("non_finite", "the model gave a score that is not a number; report this text's shape")
        tags = make_tags(self.bundle.rules, logits, contributions, prepared.passages)
        bonus = self._focus_bonus(contributions, options.summary.focus)
        candidates = [
            Candidate(passage.text, passage.span, sigmoid(logit), logit + gain)
            for passage, logit, gain in zip(prepared.passages, salience, bonus, strict=True)
            if passage.span is not None
        ]
        return StoryAnalysis(
            start=prepared.story.span.start,
            end=prepared.story.span.end,
            title=prepared.story.title,
            tags=tags,
            summary=summarise(candidates, options.summary),
            sentences=tuple(rank_sentences(candidates)),
        )

    def _focus_bonus(self, contributions: Sequence[Sequence[float]], focus: str | None) -> list[float]:
        """What the focus adds to each sentence's salience logit, in proportion to its evidence for the label."""
        if focus is None:
            return [0.0] * len(contributions)
        weights = [max(0.0, row[self.bundle.labels.index(focus)]) for row in contributions]
        return [_FOCUS_WEIGHT * weight / (max(weights) or 1.0) for weight in weights]


def layout_of(stories: Sequence[TokenizedStory]) -> SentenceLayout:
    """The layout of the stories' sentences, one story after the other."""
    lengths = torch.tensor([story.n_sentences for story in stories])
    starts = lengths.cumsum(0) - lengths + torch.tensor([int(story.has_title) for story in stories])
    story_of = torch.repeat_interleave(torch.arange(len(stories)), lengths)
    position = torch.arange(int(lengths.sum())) - starts[story_of]  # a title's is -1
    return SentenceLayout(story_of, position, len(stories))


def _split_output(output: NetworkOutput, stories: Sequence[TokenizedStory]) -> Iterator[StoryScores]:
    contributions, logits, salience = output.contributions.cpu(), output.logits.cpu(), output.salience.cpu()
    ends = list(accumulate(story.n_sentences for story in stories))
    for i, (story, end) in enumerate(zip(stories, ends, strict=True)):
        start = end - story.n_sentences
        yield StoryScores(contributions[start:end], logits[i], salience[start:end])


def _check_text(document: Document) -> None:
    for name, text in (("text", document.text), ("title", document.title or "")):
        if bad := _FORBIDDEN.search(text):
            raise DocumentError(
                "invalid_character",
                f"{name} holds U+{ord(bad.group()):04X} at character {bad.start()}; send clean Unicode without NUL",
            )
    if not document.text.strip():
        raise DocumentError("empty_text", "the text is empty; send at least one sentence")
    if not _LETTER.search(document.text):
        raise DocumentError("no_letters", "the text has no letters; send running text")
