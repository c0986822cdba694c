"""The façade: text in, analysis out, in three phases that can overlap.

`prepare` (CPU: page, sentences, tokens) -> `engine` (device: the network) -> `finish` (CPU: tags, summary).
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path

from tokenizers import Tokenizer

from copydesk.model.analysis import Analysis, Document, Failure, Options, Result
from copydesk.model.bundles.manifest import DEFAULT_BUNDLE, Bundle, bundle_directory, load_manifest
from copydesk.model.bundles.weights import load_network
from copydesk.model.crew import Crew
from copydesk.model.finishing import finish
from copydesk.model.network.device import Device, choose_device
from copydesk.model.network.encoder.files import find_encoder, load_tokenizer, special_tokens
from copydesk.model.network.engine import Engine
from copydesk.model.network.heads import Network
from copydesk.model.network.scores import StoryScores
from copydesk.model.page.html.markup import Markup
from copydesk.model.preparing import Prepared, Preparer
from copydesk.model.stream import GROUP, analyze_stream, finish_each, prepare_each

MAX_DOCUMENT_TOKENS = 100_000  # a book; seconds of work for one request
_NICENESS = 10  # of 19: about a tenth of the time of a process that does not give way


class Analyzer:
    """A bundle, ready to analyse texts on one device. `prepare` and `finish` are for any thread, the rest for one.

    crew: the processes that do both elsewhere, where the device has any.
    """

    def __init__(
        self,
        bundle: Bundle,
        network: Network,
        tokenizer: Tokenizer,
        device: Device,
        max_document_tokens: int = MAX_DOCUMENT_TOKENS,
    ) -> None:
        self.bundle = bundle
        self.engine = Engine(network, device, special_tokens(tokenizer))
        self._preparer = Preparer(
            tokenizer, bundle.labels, max_tokens=bundle.max_tokens, max_document_tokens=max_document_tokens
        )
        self.crew = Crew(self._preparer, bundle.rules, device.n_processes) if device.n_processes else None

    @classmethod
    def load(
        cls,
        bundle: Path | str = DEFAULT_BUNDLE,
        device: str | Device = "auto",
        max_document_tokens: int = MAX_DOCUMENT_TOKENS,
    ) -> "Analyzer":
        """An analyzer for a bundle, on a device by name or on one chosen before.

        bundle: a directory, or default or fast: those that ship.

        Raises BundleError, EncoderError or DeviceError.
        """
        directory = bundle_directory(bundle)
        manifest = load_manifest(directory)
        files = find_encoder(manifest.encoder, manifest.encoder_revision)
        network = load_network(directory, manifest, files)
        chosen = device if isinstance(device, Device) else choose_device(device)
        return cls(manifest, network, load_tokenizer(files), chosen, max_document_tokens)

    @cached_property
    def apart(self) -> Crew:
        """A process for texts so long that they would hold up others; it gives way to all that runs beside it."""
        return Crew(self._preparer, self.bundle.rules, 1, _NICENESS)

    @property
    def device(self) -> Device:
        """Where its network runs."""
        return self.engine.device

    @property
    def max_document_tokens(self) -> int:
        """Tokens of the longest document that it reads; a longer one is refused, never cut."""
        return self._preparer.max_document_tokens

    def analyze(self, document: Document | str, options: Options | None = None) -> Analysis:
        """The analysis of one text. Raises DocumentError when it cannot be analysed."""
        document = Document(document) if isinstance(document, str) else document
        options = options or Options()
        prepared = self.prepare(document, options)
        (scores,) = self.forward([prepared])
        return self.finish(prepared, scores, options)

    def analyze_many(
        self,
        documents: Iterable[Document | Failure | str],
        options: Options | None = None,
        group: int = GROUP,
    ) -> Iterator[Result]:
        """One result per document, in order, streaming; what cannot be analysed becomes a Failure.

        Reading, the forward pass and the use of the results overlap. A Failure among the documents is handed through.
        Answers from any multiple of `group` on are the same to the last bit without the documents before.
        """
        if isinstance(documents, str):
            raise TypeError("analyze_many: a string in place of many; call analyze, or put it in a list")
        items = (Document(item) if isinstance(item, str) else item for item in documents)
        wishes = options or Options()
        if self.crew:
            return analyze_stream(
                items,
                self.engine,
                prepare=partial(self.crew.prepare_all, options=wishes),
                finish=partial(self.crew.finish_all, options=wishes),
                group=group,
            )
        return analyze_stream(
            items,
            self.engine,
            prepare=partial(prepare_each, prepare=lambda document: self.prepare(document, wishes)),
            finish=partial(finish_each, finish=lambda prepared, scores: self.finish(prepared, scores, wishes)),
            group=group,
        )

    def prepare(self, document: Document, options: Options, markup: Markup | None = None) -> Prepared:
        """Stories, sentences and tokens of a document. markup: what its HTML says, where that was read already.

        Raises DocumentError.
        """
        return self._preparer.prepare(document, options, markup)

    def forward(self, prepared: Sequence[Prepared]) -> list[list[StoryScores]]:
        """Per document, per story, what the network says: one encoder pass over every window."""
        return self.engine.forward([document.tokens for document in prepared])

    def finish(self, prepared: Prepared, scores: Sequence[StoryScores], options: Options) -> Analysis:
        """The answer for a document. Raises DocumentError when the network gave a score that is not a number."""
        return finish(prepared, scores, self.bundle.rules, options, self.bundle.languages)
