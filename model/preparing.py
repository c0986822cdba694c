"""Documents made ready for the network: checked, their stories found, cut into sentences and tokens."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tokenizers import Tokenizer

from copydesk.model.analysis import Document, Furniture, Language, Metadata, Options, PageKind
from copydesk.model.errors import DocumentError
from copydesk.model.network.windows import TokenizedStory, tokenize_story
from copydesk.model.output.tags import Passage
from copydesk.model.page.html.markup import Markup
from copydesk.model.page.html.pool import read_html
from copydesk.model.page.language import find_language
from copydesk.model.page.metadata import find_metadata
from copydesk.model.page.reader import Story, read_page
from copydesk.model.page.sentences import begin_lines, split_sentences

_LETTER = re.compile(r"[^\0-@\[-`{-\x7f\W\d]")  # [^\W\d_], six times as fast in ASCII
_FORBIDDEN = re.compile("[\0\ud800-\udfff]")
_PIECE_CHARACTERS = 64 * 1024  # are searched in a millisecond; no other thread runs meanwhile


@dataclass(frozen=True)
class PreparedStory:
    """A story cut into passages (its title first, if it has one) and tokens."""

    story: Story
    passages: tuple[Passage, ...]
    tokens: TokenizedStory


@dataclass(frozen=True)
class Prepared:
    """A document ready for the network; `n_unknown` of its tokens stand for what the vocabulary lacks."""

    document: Document
    stories: tuple[PreparedStory, ...]
    furniture: tuple[Furniture, ...]
    page: PageKind
    language: Language | None
    metadata: Metadata
    n_unknown: int

    @property
    def tokens(self) -> tuple[TokenizedStory, ...]:
        """Its stories as the network reads them."""
        return tuple(story.tokens for story in self.stories)

    @property
    def n_tokens(self) -> int:
        """Tokens of all its stories, special tokens not counted."""
        return sum(tokens.n_tokens for tokens in self.tokens)


class Preparer:
    """Makes documents ready for one bundle's network. For any number of threads at once."""

    def __init__(
        self, tokenizer: Tokenizer, labels: Sequence[str], *, max_tokens: int, max_document_tokens: int
    ) -> None:
        """max_tokens: of a window, special tokens included."""
        self.max_document_tokens = max_document_tokens
        self._tokenizer = tokenizer
        self._unknown = tokenizer.token_to_id("[UNK]")
        self._labels = tuple(labels)
        self._max_tokens = max_tokens

    def prepare(self, document: Document, options: Options, markup: Markup | None = None) -> Prepared:
        """Stories, sentences and tokens of a document. markup: what its HTML says, where that was read already.

        Raises DocumentError.
        """
        if markup is None:
            markup = Markup(document.text) if document.html is None else read_html(document.html)
        document = replace(document, text=markup.text, html=None)
        _check_text(document)
        self._check_focus(options.summary.focus)
        page = read_page(document.text, document.title, options.stories, markup.headlines)
        _check_kind(page.kind, options)
        main = replace(page.stories[0], title=page.stories[0].title or markup.title)
        stories = tuple(self._prepare_story(document.text, story) for story in (main, *page.stories[1:]))
        language = find_language(document.text[main.body[0].start :] if main.body else document.text)
        metadata = find_metadata(document.text, page, markup)
        n_unknown = sum(int((story.tokens.token_ids == self._unknown).sum()) for story in stories)
        prepared = Prepared(document, stories, page.furniture, page.kind, language, metadata, n_unknown)
        self._check_tokens(prepared)
        return prepared

    def _prepare_story(self, text: str, story: Story) -> PreparedStory:
        title = [Passage(story.title, story.headline, is_title=True)] if story.title else []
        body = [Passage(text[s.start : s.end], s) for part in story.body for s in split_sentences(text, part)]
        sentences = [passage.text for passage in body]
        lines = begin_lines(text, [passage.span for passage in body if passage.span])
        tokens = tokenize_story(story.title, sentences, lines, self._tokenizer, self._max_tokens)
        return PreparedStory(story, (*title, *body), tokens)

    def _check_focus(self, focus: str | None) -> None:
        if focus is not None and focus not in self._labels:
            raise DocumentError(
                "unknown_label", f"summary.focus {focus!r} is not among the labels {', '.join(self._labels)}"
            )

    def _check_tokens(self, prepared: Prepared) -> None:
        if prepared.n_tokens > self.max_document_tokens:
            raise DocumentError(
                "too_long",
                f"the text has {prepared.n_tokens} tokens, the limit is {self.max_document_tokens}; send it in parts",
            )
        if prepared.n_unknown == prepared.n_tokens:
            raise DocumentError("unreadable", "no word of the text is known to the model; send running text")


def _check_kind(page: PageKind, options: Options) -> None:
    if page.kind == "not_an_article" and options.stories == "split":
        raise DocumentError(
            "not_an_article",
            "the page is an error, a form, a wall or a video's stub; send the article itself, or stories: 'whole'",
        )


def _check_text(document: Document) -> None:
    for name, text in (("text", document.text), ("title", document.title or "")):
        if bad := _search(_FORBIDDEN, text):
            raise DocumentError(
                "invalid_character",
                f"{name} holds U+{ord(bad.group()):04X} at character {bad.start()}; send clean Unicode without NUL",
            )
    if not document.text.strip():
        raise DocumentError("empty_text", "the text is empty; send at least one sentence")
    if not _search(_LETTER, document.text):
        raise DocumentError("no_letters", "the text has no letters; send running text")


def _search(character: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first such character, looked for in pieces: one search of 4 M characters would halt all threads for 50 ms."""
    starts = range(0, len(text), _PIECE_CHARACTERS)
    found = (character.search(text, start, start + _PIECE_CHARACTERS) for start in starts)
    return next(filter(None, found), None)
