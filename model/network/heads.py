"""The network: one encoder pass, then sentence vectors, then two heads over them: of tags and of sentences."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from copydesk.model.network.encoder.encoder import Encoder
from copydesk.model.network.pooling import SentenceSums, add_token_states
from copydesk.model.network.sizes import HeadConfig, SentenceScore
from copydesk.model.network.windows import TokenizedStory, WindowBatch

# Sentence positions that the tag head tells apart: the title, then the first sentence of each range. Leads count most.
_ZONE_STARTS = (0, 1, 2, 3, 5, 8, 13, 21, 34)
_MAX_POSITION = 24  # sentences further down share one position embedding; smooth features tell them apart
_BLOCK = 256  # sentences that see each other in the sentence head; keeps a book-length text linear
_MIN_PADDED = 16  # sentences to which any block may be padded
_RARE = -4.0  # logit of what is found in 2 of 100 sentences
_N_FEATURES = 6  # of a sentence's place, see `_place_features`


@dataclass(frozen=True)
class SentenceLayout:
    """Which sentences belong to which story.

    story_of: int64 [sentences]; position: int64 [sentences], the sentence's place in its story's body, -1 for a
    title; n_tokens: int64 [sentences]; begins_line: bool [sentences]; n_stories.
    """

    story_of: Tensor
    position: Tensor
    n_tokens: Tensor
    begins_line: Tensor
    n_stories: int

    def to(self, device: torch.device) -> "SentenceLayout":
        """The same layout on another device."""
        return SentenceLayout(
            self.story_of.to(device),
            self.position.to(device),
            self.n_tokens.to(device),
            self.begins_line.to(device),
            self.n_stories,
        )


def layout_of(stories: Sequence[TokenizedStory]) -> SentenceLayout:
    """The layout of the stories' sentences, one story after the other."""
    lengths = torch.tensor([story.n_sentences for story in stories])
    starts = lengths.cumsum(0) - lengths + torch.tensor([int(story.has_title) for story in stories])
    story_of = torch.repeat_interleave(torch.arange(len(stories)), lengths)
    position = torch.arange(int(lengths.sum())) - starts[story_of]  # a title's is -1
    n_tokens = [np.bincount(story.sentence_of, minlength=story.n_sentences) for story in stories]
    begins_line = np.concatenate([story.begins_line for story in stories])
    return SentenceLayout(
        story_of, position, torch.from_numpy(np.concatenate(n_tokens)), torch.from_numpy(begins_line), len(stories)
    )


@dataclass(frozen=True)
class NetworkOutput:
    """contributions: float32 [sentences, labels]; logits: float32 [stories, labels], their sums plus the bias;
    sentences: float32 [sentences, 4], logits by SentenceScore (a title's have no meaning); vectors: those that all this
    is said of, float32 [sentences, width]."""

    contributions: Tensor
    logits: Tensor
    sentences: Tensor
    vectors: Tensor


class Network(nn.Module):
    """Encoder, tag head and sentence head."""

    def __init__(self, encoder: Encoder, n_labels: int, config: HeadConfig) -> None:
        super().__init__()
        self.encoder = encoder
        self.tag_head = TagHead(encoder.width, n_labels, config)
        self.sentence_head = SentenceHead(encoder.width, config)

    def forward(self, batches: Sequence[WindowBatch], layout: SentenceLayout) -> NetworkOutput:
        """Everything there is to know about the stories: each window passes through the encoder exactly once."""
        return self.score(self.encode(batches, len(layout.story_of)).vectors, layout)

    def score(self, vectors: Tensor, layout: SentenceLayout) -> NetworkOutput:
        """What the heads say of sentence vectors, float32 [sentences, width]."""
        with torch.autocast(vectors.device.type, enabled=False):  # the heads are small: always fp32
            contributions, logits = self.tag_head(vectors, layout)
            return NetworkOutput(contributions, logits, self.sentence_head(vectors, layout), vectors)

    def encode(self, batches: Sequence[WindowBatch], n_sentences: int) -> SentenceSums:
        """The sums of each sentence's token states."""
        return self.gather(batches, map(self.states, batches), n_sentences)

    def gather(self, batches: Sequence[WindowBatch], states: Iterable[Tensor], n_sentences: int) -> SentenceSums:
        """What `encode` gives, from each batch's states, in the order of the batches."""
        sums = torch.zeros(n_sentences + 1, self.encoder.width, device=self._device)
        counts = torch.zeros(n_sentences + 1, 1, device=self._device)
        for batch, of_batch in zip(batches, states, strict=True):
            add_token_states(sums, counts, of_batch, torch.from_numpy(batch.sentence_of).to(self._device))
        return SentenceSums(sums[:-1], counts[:-1])

    def states(self, batch: WindowBatch) -> Tensor:
        """Token states, [windows, width of the batch, width of the encoder]."""
        ids, mask = (torch.from_numpy(values).to(self._device) for values in (batch.token_ids, batch.mask))
        states: Tensor = self.encoder(ids, mask)
        return states

    @property
    def _device(self) -> torch.device:
        return self.tag_head.bias.device


class TagHead(nn.Module):
    """Per label, attention over a story's sentences; the logit is the sum of the sentences' contributions and a bias.

    Label attention after Mullenbach et al. 2018 (CAML), with the label's classifier moved inside the sum so that each
    sentence's share of the logit can be read off.
    """

    def __init__(self, width: int, n_labels: int, config: HeadConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.hidden = nn.Linear(width, config.tag_width)
        self.attention = nn.Linear(config.tag_width, n_labels)
        self.value = nn.Linear(config.tag_width, n_labels, bias=False)
        self.zone = nn.Parameter(torch.zeros(len(_ZONE_STARTS) + 1, n_labels))
        self.bias = nn.Parameter(torch.zeros(n_labels))
        self.register_buffer("zone_starts", torch.tensor(_ZONE_STARTS), persistent=False)

    def forward(self, vectors: Tensor, layout: SentenceLayout) -> tuple[Tensor, Tensor]:
        """Contributions [sentences, labels] and logits [stories, labels] from sentence vectors [sentences, width]."""
        hidden = gelu(self.hidden(self.norm(vectors)))
        zone = torch.bucketize(layout.position, self.get_buffer("zone_starts"), right=True)  # a title's -1 -> zone 0
        weights = softmax_per_story(self.attention(hidden) + self.zone[zone], layout)
        contributions = weights * self.value(hidden)
        logits = self.bias.expand(layout.n_stories, -1).index_add(0, layout.story_of, contributions)
        return contributions, logits


def softmax_per_story(scores: Tensor, layout: SentenceLayout) -> Tensor:
    """Softmax over each story's sentences, for float32 scores [sentences, labels]."""
    story_of = layout.story_of.unsqueeze(1).expand_as(scores)
    top = scores.new_full((layout.n_stories, scores.shape[1]), -torch.inf).scatter_reduce(
        0, story_of, scores.detach(), "amax"
    )
    exp = (scores - top[layout.story_of]).exp()
    total = exp.new_zeros(top.shape).index_add(0, layout.story_of, exp)
    return exp / total[layout.story_of]


class SentenceHead(nn.Module):
    """A small transformer over the sentences of a story that knows their order and the title.

    For each sentence it says how much belongs into a summary, and whether it is furniture or cannot stand alone.
    """

    def __init__(self, width: int, config: HeadConfig) -> None:
        super().__init__()
        inner = config.salience_width
        self.norm = nn.LayerNorm(width)
        self.input = nn.Linear(width, inner)
        self.title = nn.Linear(2 * width, inner, bias=False)
        self.place = nn.Linear(_N_FEATURES, inner)
        self.position = nn.Embedding(_MAX_POSITION + 1, inner)
        layer = nn.TransformerEncoderLayer(
            inner, config.salience_heads, 4 * inner, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, config.salience_layers, enable_nested_tensor=False)
        self.output = nn.Sequential(nn.LayerNorm(inner), _make_output(inner))

    def forward(self, vectors: Tensor, layout: SentenceLayout) -> Tensor:
        """Logits by SentenceScore, float32 [sentences, 4], from sentence vectors [sentences, width]."""
        normed = self.norm(vectors)
        title = _title_vectors(normed, layout)
        inputs = self.input(normed) + self.title(torch.cat([title, title * normed], dim=1))
        inputs = inputs + self.place(_place_features(layout))
        inputs = inputs + self.position(layout.position.clamp(0, _MAX_POSITION))
        padded = torch.cat([inputs, inputs.new_zeros(1, inputs.shape[1])])
        scores: Tensor = inputs.new_zeros(len(vectors), len(SentenceScore))
        for slots in _block_slots(layout):  # [B, K]
            is_padding = slots == len(vectors)
            of_block = self.output(self.layers(padded[slots], src_key_padding_mask=is_padding))  # [B, K, 4]
            scores = scores.index_copy(0, slots[~is_padding], of_block[~is_padding])
        return scores


def _make_output(width: int) -> nn.Linear:
    """The last layer; as long as nobody teaches it, no sentence is furniture and none dangles."""
    output = nn.Linear(width, len(SentenceScore))
    with torch.no_grad():
        untaught = [SentenceScore.FURNITURE, SentenceScore.DANGLING]
        output.weight[untaught] = 0.0
        output.bias[untaught] = _RARE
    return output


def _title_vectors(vectors: Tensor, layout: SentenceLayout) -> Tensor:
    """For each sentence the vector of its story's title, zeros without one: float32 [sentences, width]."""
    (titles,) = torch.nonzero(layout.position < 0, as_tuple=True)
    of_story = vectors.new_zeros(layout.n_stories, vectors.shape[1])
    return of_story.index_copy(0, layout.story_of[titles], vectors[titles])[layout.story_of]


def _place_features(layout: SentenceLayout) -> Tensor:
    """Smooth features of where a sentence stands, float32 [sentences, 6]: place as a fraction of the story, log of
    the place, log of the story's length, log of the sentence's tokens, whether it begins and whether it ends a line."""
    position = layout.position.clamp(min=0).float()
    lengths = torch.bincount(layout.story_of[layout.position >= 0], minlength=layout.n_stories)
    length = lengths[layout.story_of].clamp(min=1).float()
    ends_line = torch.ones_like(layout.begins_line)
    ends_line[:-1] = layout.begins_line[1:] | (layout.story_of[1:] != layout.story_of[:-1])
    logs = (position.log1p() / 4, length.log() / 4, layout.n_tokens.float().log1p() / 4)
    return torch.stack([position / length, *logs, layout.begins_line.float(), ends_line.float()], dim=1)


def _block_slots(layout: SentenceLayout) -> Iterator[Tensor]:
    """Indices of body sentences in blocks of one story each, int64 [blocks, longest], padded with n_sentences; blocks
    of at most 16, 32, 64 ... sentences apart from each other, so that a long story pads no short ones."""
    story_of, position = layout.story_of, layout.position
    (body,) = torch.nonzero(position >= 0, as_tuple=True)
    within = position[body] % _BLOCK
    block = torch.cumsum(within == 0, 0) - 1
    sizes = torch.bincount(block)
    slots = body.new_full((len(sizes), _BLOCK), len(story_of))
    slots[block, within] = body
    widths = 2 ** sizes.clamp(min=_MIN_PADDED).float().log2().ceil().long()
    for width in torch.unique(widths):
        yield slots[widths == width, : sizes[widths == width].max()]
