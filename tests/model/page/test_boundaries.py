"""Quotes, links, references, brackets and ellipses at the ends of sentences. A bar stands where a sentence starts."""

import pytest

from copydesk.model.page.boundaries import stand_in
from copydesk.model.page.sentences import split_sentences

QUOTES = [
    "‘Don’t you care?’ she asked the minister. | ‘We’re not going back!’ shouted the dockers. | "
    "‘Will you resign?’ she asked.",
    "He said: ‘Isn’t it late?’ said nobody. | ‘They’ve gone!’ cried Mrs Lee. | ‘Haven’t you heard…’ she began.",
    'So nobody came?” she asked. | Then he left!" they cried.',
    "“‘You can’t stay!’” he shouted. | ‘Don’t they care?’ | iPhone users ask themselves.",
    "“Will the port reopen?” | Mayor Ines Kovac asked. | “Nobody knows!” | Captain Reuel shouted.",
]
APOSTROPHES = [
    "The strikers went home. | ’Tis over, one of them said. | It began in the ’90s. | Nobody won.",
    "They sang all night. | ’Twas late. | She stayed. | ’Cause she liked it. | ’90s songs were best.",
    "They left. | 'Twas late. | It stops on Monday. | 'Ofa came too.",
    'He was pleased. | "While others fall, we rise, he said.',
]
LINKS = [
    "Read https://www.Example.com/News/Today.Html?Id=3!A for more. | See (Http://Mills.Example.Org/A.B) too.",
    "Write to Press.Office@Mills.Example.Org. | He did.",
    "Log in at Portal.Example.Com. | The server DB1.Prod.Example failed. | Docs.Python.Org and GOV.UK did not.",
    "See Booking.Com or Nic.Uk/About.Us for rooms. | The form is Annex.Pdf. | ASP.NET is old.",
]
GLUED = [
    "Nobody left.The end came.He won.",
    "Doctors fear dementia.UK researchers do not.",
]
REFERENCES = [
    "The study by Okafor et al. [2019] found that smuggling rose. | Ministers ignored it.",
    "As Harlow et al. [12] [13] say, it fell. | Lee et al.[3] agree. | The survey (Okafor et al. [2019]) was large.",
    "Prices rose.[4] | Wages fell. | Mills closed. [5] | Nobody knows why.",
]
BRACKETS = [
    "The firm fell (by 5 percent.) | Shares rose. | It fell. | (He declined to comment.) | The mayor left.",
    "(It rained.) | The minister left. | [The ministers laughed.] | Nobody else did.",
    "He left (nobody knew why!) | The crowd stayed.",
    "He said (“We won.”) | Police smiled. | It sank (off (or near.)) | So.",
    "Montgomery County (Md.) Police came. | Major General (ret.) Kovac left. | He asked (why?) Mayor Lee.",
    "1.) Open the port. | 2.) Close the mill.",
    "He teaches science (He worked as an engineer.) at the school. | It fell [sic.] Mills closed.",
    "“It fell. (He said so.) The minister left,” he said.",
]
ELLIPSES = [
    "The minister hesitated… | Then he signed the deal. | The captain waited... | Then he sailed.",
    "“I waited…” | Then he left. | “I waited...” | Then he left. | “I… I can’t,” he said.",
    "He paused… and left. | He paused... and left. | He said … | Nobody spoke. | He said ... | Nobody spoke.",
    "It went on (…) The rest left. | It went on (...) The rest left.",
]


def mark(text: str) -> str:
    return " | ".join(text[span.start : span.end] for span in split_sentences(text))


@pytest.mark.parametrize("marked", [*QUOTES, *APOSTROPHES, *LINKS, *REFERENCES, *BRACKETS, *ELLIPSES])
def test_sentences_start_where_a_reader_sees_them(marked: str) -> None:
    assert mark(marked.replace(" | ", " ")) == marked


def test_sentences_without_a_space_between_them_are_told_from_links() -> None:
    assert [mark(text) for text in GLUED] == [
        "Nobody left. | The end came. | He won.",
        "Doctors fear dementia. | UK researchers do not.",
    ]


def test_a_text_without_capitals_ends_sentences_before_small_letters() -> None:
    assert mark("the mayor left. ‘don’t go!’ he stayed.") == "the mayor left. | ‘don’t go!’ | he stayed."


def test_what_sentencex_reads_is_as_long_as_the_text() -> None:
    text = "It fell (by 5 percent…) Shares rose. [“It fell.”] They left… It rose."
    assert stand_in(text) == "It fell (by 5 percent)? Shares rose. [“It fell”]. They left? It rose."
    assert len(stand_in(text)) == len(text)
