"""English words before a full stop that sentencex (1.0.32) reads wrongly, by what the stop means: tables.

sentencex knows 270 abbreviations, whatever their case, and lets one end a sentence only before one of some 250 words
("The", "But"). So "may", "no" and "me" end none before "Workers", nor before a quotation.
"""


def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


# Ordinary words and abbreviations that end a sentence before any capital.
WORDS = _words(
    """al apr arc ark art aug btw co con corp dec dept etc exec exp ext feb fed fig gov hon hr id ill inc jan jul jun
    ken la ltd ma mar may me med min miss mm mo no nos nov oct ok op ore pa pd pg pres prof que rd re ref reg rep reps
    res rev sec sep sept ver yuk
    Al Art Bart Etc Id Ida Ken Ma May Me No Ok Re Yuk"""
)
# These do so after a word in lower case only: "the Fed.", but "12 Fed. Reg." and "Harvard Med. School".
AFTER_LOWER_CASE = _words("Exec Fed Med Ref")
# These do so unless a bracket follows: "PARIS, Dec. (Reuters)".
MONTHS = _words("Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec")
# These do so before a word that is not in capitals itself: "in LA. Police said", but "ST. LOUIS, MO. POLICE".
CAPITALS = _words(
    """AL ARK ART CA CO CORP CT DC EXP FED FY GA HR IA ID ILL INC IND KY LA LTD MAY MD ME MED MO NEB NEV NO OK ORE PA
    PD SEC UT VA VT WY"""
)
# These do so after a name: "Portland, Ore.", "Sean Penn.", but "the Ill. Supreme Court".
STATES = _words(
    """Ala Ariz Ark Cal Calif Colo Conn Del Fla Ga Ia Ill Ind Kan Kans Ky La Md Mex Mich Minn Miss Mo Mont Neb Nebr Nev
    Okla Ont Ore Pa Penn Sask Tenn Tex Ut Va Vt W.Va Wis Wisc Wy Wyo"""
)
# These do so unless what follows goes on with the name or gives it a title.
COMPANIES = _words("Co Corp Inc Ltd")
# These do so before a quotation or a word that hardly goes on with a name.
PLACES = _words("B.C E.U L.A N.C N.H N.J N.M N.Y P.R R.I S.C U.A.E U.K U.N U.S U.S.A")
OTHERS = _words("Assn Ave Blvd Bros Dept Esq Hwy Jr Rd Sr St Univ")
# These do so unless a day, a date or a time zone follows.
CLOCKS = _words("a.m p.m A.M P.M")
# These never do: sentencex lacks them, or takes "Ms." for a degree.
TITLES = _words(
    "Ald Amb Atty Cdr Gens Lieut Lts Messrs Mlle Mme Mr Mrs Ms Mx Profs Pte Revs Spc Sqn Sra Srta Vol approx"
)
# A single letter ends a sentence after these; elsewhere it is an initial, a list's mark or the "v." of a verdict.
BEFORE_LETTER = _words(
    """appendix block case category class exhibit gate generation grade group hepatitis influenza letter level line
    model officer option part phase plan point pool schedule section series strain team terminal tier type unit vitamin
    ward zone"""
)
BEFORE_I = _words("am and as but can could did do had have nor or than was were will would")
# Words that open sentences and hardly go on with a name, those that sentencex knows too and others. The others do so
# before a word in lower case only: "Police said", but "Police Chief Kovac".
OPENERS = _words(
    """After All Although An And Another As At Because Before Both But By Each Even Every For From He Her Here His How
    However If In Instead It Its Last Let Many Most My No Not Nothing Now On Once One Only Or Our She Since So
    Some Still Such That The Their Then There These They This Those To Today Two Under Until We What When Where
    While Who Why With Yes Yet You Your"""
)
RARER_OPENERS = _words(
    """A Across Additional Almost Along Already Analysts Around Asked Authorities Beyond Critics Doctors Economists
    Experts Exports Families Farmers Five Hundreds I Imagine Imports Investors Lawmakers Ministers Nearly Nobody
    Officials Police Prices Prosecutors Residents Sales Shares Six Speaking Ten Thanks Though Thousands Throughout Too
    Traders Unless Voters Workers"""
)
