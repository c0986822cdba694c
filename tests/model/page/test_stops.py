"""Full stops after abbreviations, numbers and letters. A bar stands where a sentence starts."""

import json
from collections.abc import Iterator

import pytest

from copydesk.model.page.sentences import split_sentences
from support.tiny import ROOT

WORDS = [
    "Both mills will close in May. | Workers plan a strike. | “We fight on,” their leader said.",
    "The answer was no. | Ministers left the hall. | “It was clear to me. | Prices would fall,” she said.",
    "Mills wait for the ore. | Shares fell. | Traders await the Fed. | Bonds rose.",
    "He flew in from LA. | Police met him. | The captain was ill. | Doctors came.",
    "They asked the union's rep. | Dockers cheered. | The match had no ref. | Players argued.",
    "It was a near miss. | Pilots were shaken. | He is a patron of modern art. | Collectors like him.",
    "She had lost her ID. | Guards stopped her. | The guard said it was ok. | Everybody went in.",
    "Talks ended in Sept. | Farmers were pleased. | The vote is in Dec. | Nothing is certain.",
    "He is chief of staff at the SEC. | Lawyers know him. | His office is in Washington DC. | Few have seen it.",
    "She sold timber, paint etc. | Builders came from afar. | The study is by Okafor et al. | Doctors doubt it.",
    '"I have lost it all," she told me. | "My house is gone." | He nodded.',
    "“I am not well,” he told me. | “I am ill.” | Nurses came.",
]
NOT_THE_WORDS = [
    "The case is No. IV of five. | It is under Art. IV of the law, and Fig. B shows the rest.",
    "He will fly on Dec. 5. | They sailed on Sept. 11 from Kiel.",
    "It stands in 12 Fed. Reg. 4031 and the Harvard Med. School has a copy.",
    "ST. LOUIS, MO. POLICE SAID MR. LEE WAS ILL.",
    "SEOUL, Dec. (Reuters) - Mills will close.",
    "“They lied to me. They lied to us,” he said.",
]
CLOCKS = [
    "The attack came at 3 a.m. Friday, police said. | Polls close at 8 p.m. Tuesday. | "
    "The talks begin at 7 p.m. EST in Geneva.",
    "The ships left at 6 a.m. Saturday and were back by 11 p.m. Sunday.",
    "Doors open at 7 p.m. Beijing time. | It ends at 9 P.M. Eastern time. | A bus leaves at 10 p.m. ET/PT.",
    "The truce began at 4 a.m. March 4. | It ended at 5 p.m. Dec. 24.",
    "The shop shuts at 5 p. m. Thursdays.",
    "They met at 4 p.m. | Ministers left at 5 p.m. | The vote was lost at 6 p.m. | Monday’s papers say why.",
    "He fell asleep at 3 a.m. | Friday was quiet.",
]
TITLES = [
    "On the other hand, Ms. Clinton stayed. | She met Mx. Harlow and Amb. Kovac. | So did Atty. Gen. Lund.",
    "He thanked Mr. Will and Ms. So. | It was late.",
]
NAMES = [
    "He joined Foxton Knitwear Ltd. | Admission is free. | Shares rose at Lund Inc. | There’s more to come.",
    "She owns half of Keel & Co. | “But someone will get it,” she said. | Naver Corp. | SoftBank told us so.",
    "The firm is Brandt Inc. (“Brandt”), a unit of Okafor Ltd. (“Okafor”). | Norvik Inc. America cut 300 jobs. | "
    "Shares of Lund Co. & Sons rose.",
    "Sony Corp. Chief Executive Officer Kovac left. | FedEx Corp. CEO Harlow did not. | Lund Corp. LND fell.",
    "They live in Portland, Ore. | Police know them. | He met Sean Penn. | Fans came. | The Ill. Supreme Court ruled.",
    "She works in Washington, D.C. | Congress does not. | The D.C. Circuit ruled.",
    "They export to the U.S. | Officials said so. | It’s the U.S. | “We know,” he said. | The U.S. Navy left the U.K. "
    "| Mr. Lee stayed.",
    "He lives on Fifth Ave. | Police said so. | She is from St. Lucia.",
]
LETTERS = [
    "The president said she had a Plan B. | China vowed to go to court. | It was about vitamin C. | Doctors laughed.",
    "The list starts with the letter r. | A clock stands on it. | His name starts with an A. | They've lost it.",
    "It was she and I. | Nobody else came. | Did you see Albert I. Jones?",
    "The duty was first proposed by Lena Q. Harlow in 2009. | She read the booklet by D. Seyfert and ignored it.",
    "They won in Harlow v. Lund. | It was said by R. Okafor and J. Kovac.",
]
LISTS = [
    "The plan has three parts. | 1. Cut the duty on steel. | 2. Raise the quota for timber. | "
    "3. Pay the mills for lost jobs.",
    "1. Open the port. | 2. Close the mill.",
    "It asks for this: 1. Open the port. | 2. Close the mill.",
    "Rates are: 1. 25 per cent. | 2. $30 a tonne. | 3.Nothing at all. | 4.The rest.",
    "I. Open the port. | II. Close the mill. | III. Go home.",
    "Take these steps. | 1. wash the cup. | 2. dry it.",
    "Two rules hold. | A. The port must open. | B. They must leave.",
    "Q. And your family? | They wept.",
    "How many came? 12. | The rest stayed. | It was No. 1. | Fans cheered on Jan. 2. | Then they left.",
]
# Where an abbreviation ends a sentence in the corpus: what stands before and after the place.
CORPUS = """
keeping ecstasy in class A. | On that occasion he
putting the drug into class A. | The Home Office told
10:15 a.m. | The mayor says the
10:52 a.m. | It is the country's
11:30 a.m. | The governor, a
Dayton, Ohio, just after 1 a.m. | Police shot him dead
president said she had a Plan B. | China vowed to file a
Naomi Fairweather of Keel & Co. | "But someone's going
to, except for those it had fed. | José Ángel Sierra had
has ever asked them for ID. | The store on the
contain nine people who are ill. | The others are
say no one is likely to be ill. | A few of the
who washed her sheets fell ill. | When the order to
Fund and Foxton Knitwear Ltd. | Admission is £4,
I retire in May. | I'd give the lecture
a cargo in Veracruz since May. | The exporters'
back in the second half of May. | The chart has no
before his inauguration in May. | Independence, which
had a captain killed in May. | His rules of
is to be on the fifth of May. | Traders in Singapore
pieces, between March and May. | Preston Crown Court
to Zanesville, Ohio, in May. | There's heroin there
Chief Randolph Beal told me. | "I was very good at
I'd do with it," he told me. | "I said, 'You know
a different group, excuse me. | It is ugly to talk
a strategist in Boston told me. | "Bow hunter, not gun.
a year's wages for having me. | Who do I send the
campaigned for them told me. | "There was one who
cents a gallon," he told me. | "On the coffee I make
held up the screen to show me. | Five stars. "You
in support. He showed me. | It is a page and a
it was for," Strickler told me. | "He said it was for
last month, Deshmukh shows me. | The insurer, or
mostly. He remembered me. | "You never did say,"
officers who spoke to me. | From there an antenna
said it under gas," he told me. | "I hope that it
she's losing spoons: call me. | I'm in the book.
the two hospitals nearest to me. | They were bought by
to the pill," she told me. | "I looked. It's the
up to chapter 84," she told me. | "He said, when can
used to think he was teasing me. | We ran it against our
was for that," Wendell told me. | He folded the letter
By itself, no. | But it's on the road
ECHEVERRI: No. | The next one, maybe,
She laughed, then stopped. "No. | We lost. Write that
So is it legal? Also no. | Cannabis stays on
Will a tariff bring it back? No. | I'm apologizing, not
and officials have not said no. | A former
anyone walk out of prison? No. | Officials say nobody
can see you and say yes or no. | My daughters'
raising his voice. Then: "No. | Fishing. He's
the law in its gift, says no. | A pilot to prescribe
their profit in China, voted no. | Spain, which had been
thirty billion; it was told no. | There had been
unoccupied. An oil law? No. | Provincial elections?
up lawfully. Arizona said no. | Four others, Florida
a ban on exporting the ore. | It did the same in
wouldn't have paid for the ore. | Three mills are in
3:45 p.m. | The blood bank on
8:10 p.m. | At the vigil, when
Coritiba on Saturday at 5 p.m. | A sub-plot: the
back to Muzha ran until 11 p.m. | The queue was orderly
she'd had 412 calls by 4 p.m. | They were running 209
two are given to the letter r. | A wall clock shows
equipment, at U.S. urging. | Critics call that a
"""
NOT_IN_CORPUS = """
another stretch of mangrove. | Ms. Quynh Anh, who is 27
mostly, from a firm on six. | Ms. Lowndes had the
my strategy," Navy Lt. Cmdr. Owen Sayles told the court. | Col. Patrick Loomis,
The 6-3 vote came at 11:35 p.m. Monday after 54
two phones charged until 2 p.m. Monday and, in the
asked for a meeting of the U.N. Security Council.
visit by the speaker of the U.S. House while its
- Prairie Leaf Growers Inc. (TSXV: PLFG) reported
the valet stand at the Carl T. Hayden veterans
said Major General (ret.) P. Thondup, who grew up
"""


def mark(text: str) -> str:
    return " | ".join(text[span.start : span.end] for span in split_sentences(text))


@pytest.mark.parametrize("marked", [*WORDS, *NOT_THE_WORDS, *CLOCKS, *TITLES, *NAMES, *LETTERS, *LISTS])
def test_a_full_stop_means_what_the_words_around_it_say(marked: str) -> None:
    assert mark(marked.replace(" | ", " ")) == marked


def test_a_list_of_lines_keeps_its_numbers() -> None:
    text = "Three things changed.\n1. Duties fell.\n2. Quotas rose. Mills closed.\n10. The rest stayed."
    assert (
        mark(text) == "Three things changed. | 1. Duties fell. | 2. Quotas rose. | Mills closed. | 10. The rest stayed."
    )


@pytest.fixture(scope="module")
def corpus() -> str:
    files = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "training" / "corpus").glob("*.jsonl"))]
    return "\n".join(json.loads(line)["text"] for file in files for line in file.strip().split("\n"))


def places(table: str, corpus: str) -> Iterator[tuple[str, set[int], set[int]]]:
    """Each row: itself, where sentences start in it, and where they do in the paragraph of the corpus that holds it."""
    for row in table.strip().split("\n"):
        text = row.replace(" | ", " ")
        at = corpus.index(text)
        begin = corpus.rindex("\n", 0, at) + 1
        paragraph = corpus[begin : corpus.index("\n", at)]
        found = {begin + span.start - at for span in split_sentences(paragraph)}
        parts = row.split(" | ")
        expected = {len(" ".join(parts[:i])) + 1 for i in range(1, len(parts))}
        yield row, expected, {start for start in found if 0 < start < len(text)}


def test_abbreviations_that_end_sentences_of_the_corpus_do(corpus: str) -> None:
    rows = list(places(CORPUS, corpus))
    assert len(rows) >= 64
    assert [row for row, expected, found in rows if not expected <= found] == []


def test_other_abbreviations_of_the_corpus_end_no_sentence(corpus: str) -> None:
    assert [row for row, expected, found in places(NOT_IN_CORPUS, corpus) if expected != found] == []
