"""What a teacher says of texts, as examples for its pupil."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from copydesk.model.network.engine import Engine
from copydesk.model.network.scores import StoryScores
from copydesk.model.network.windows import TokenizedStory, pack_story
from copydesk.training.console import Progress
from copydesk.training.fit.examples import UNKNOWN, Example

_AT_ONCE = 16  # texts


def teach(engine: Engine, max_tokens: int, texts: Sequence[Example], progress: Progress) -> list[Example]:
    """The examples with what the engine's network says of the same sentences, in its own windows of `max_tokens`."""
    each = list({id(text): text for text in texts}.values())  # a text that is seen again is the same object
    groups = [each[start : start + _AT_ONCE] for start in range(0, len(each), _AT_ONCE)]
    tracked = progress.track(groups, len(groups), "listening to the teacher", "batches")
    lessons = [lesson for group in tracked for lesson in _teach_group(engine, max_tokens, group)]
    taught = {id(text): lesson for text, lesson in zip(each, lessons, strict=True)}
    return [taught[id(text)] for text in texts]


def _teach_group(engine: Engine, max_tokens: int, group: Sequence[Example]) -> Iterator[Example]:
    answers = engine.forward([[_repack(example.tokens, max_tokens)] for example in group])
    for example, (scores,) in zip(group, answers, strict=True):
        yield _lesson(example, scores)


def _lesson(example: Example, scores: StoryScores) -> Example:
    labels, sentences = (torch.from_numpy(logits).sigmoid().numpy() for logits in (scores.logits, scores.sentences))
    if example.tokens.has_title:
        sentences[0] = UNKNOWN
    return replace(example, labels=labels, sentences=sentences, taught=scores.vectors.astype(np.float16))


def _repack(story: TokenizedStory, max_tokens: int) -> TokenizedStory:
    """The same sentences in other windows."""
    starts = np.searchsorted(story.sentence_of, np.arange(1, story.n_sentences))
    sentence_ids = [ids.tolist() for ids in np.split(story.token_ids, starts)]
    lines = story.begins_line.tolist()
    return pack_story(sentence_ids, max_tokens, has_title=story.has_title, begins_line=lines)
