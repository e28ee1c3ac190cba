"""Names of people and of programs, many at a time. First names are common property; surnames are made of parts.

A draw is arrays in, arrays out: nothing here loops over rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import product

import numpy as np
import polars as pl
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _surnames(stems: str, endings: str, whole: str) -> tuple[str, ...]:
    return (*whole.split(), *(stem + ending for stem, ending in product(stems.split(), endings.split())))


FIRST: Mapping[str, tuple[str, ...]] = {
    name: _words(text)
    for name, text in {
        "german": "anna lena marie lea sophie laura julia sarah lisa nina katharina jana paul lukas leon jonas felix max "
        "tim jan finn niklas moritz tobias stefan andreas thomas michael klaus peter sabine petra monika ursula",
        "english": "james john robert michael david william mary linda susan jessica emily olivia emma ava mia noah liam "
        "ethan lucas mason jack harry george oliver amelia grace chloe ella sophie megan ryan kevin brian karen",
        "french": "marie camille lea manon chloe emma ines sarah julie claire louis lucas hugo jules gabriel arthur "
        "nathan theo pierre jean michel philippe nicolas thomas antoine sophie nathalie isabelle catherine",
        "polish": "anna maria katarzyna agnieszka ewa joanna magda zofia julia maja jan piotr krzysztof tomasz pawel "
        "marcin michal jakub kacper szymon filip adam mateusz wojtek ola kasia gosia",
        "iberian": "maria ana carmen lucia paula laura sofia martina juliana camila jose antonio juan carlos luis pedro "
        "joao paulo lucas mateus gabriel rafael bruno diego pablo javier sergio fernanda beatriz",
        "italian": "giulia sofia aurora martina chiara francesca sara alice elena laura marco luca andrea matteo "
        "alessandro lorenzo davide simone francesco giuseppe antonio paolo stefano roberto",
        "nordic": "emma alice maja ella elsa astrid ida linnea freja sara erik lars anders johan oscar elias hugo axel "
        "nils gustav karl magnus fredrik henrik",
        "indian": "aarav vivaan aditya arjun rohan rahul amit raj vikram sanjay priya ananya diya isha kavya neha pooja "
        "anjali deepa sunita ravi suresh manoj anil kiran sneha divya",
        "indonesian": "budi agus andi dewi siti putri ayu rina dian fitri eka rizki dimas bayu fajar hadi joko wahyu "
        "indra yusuf nur lina maya ratna sri",
        "turkish": "mehmet mustafa ahmet ali huseyin hasan emre can burak murat fatma ayse zeynep elif merve esra "
        "selin deniz cem omer yusuf kerem",
        "ukrainian": "oleksandr andriy dmytro serhiy ivan mykola taras bohdan yuriy artem olena natalia iryna oksana "
        "tetiana anna maria yulia daria sofia",
    }.items()
}
LAST: Mapping[str, tuple[str, ...]] = {
    "german": _surnames(
        "linden stein berg hof eich wald bach feld kirch mühl roth schwarz grün neu alt hoch reich lang stern".replace(
            "ü", "ue"
        ),
        "mann er berg bach meier hausen ner inger wald",
        "mueller schmidt schneider fischer weber wagner becker schulz hoffmann koch bauer richter klein wolf krause",
    ),
    "english": _surnames(
        "black white green hill wood stone ash bram clif ham har long mar nor old red rush sutt thorn wal win",
        "ton ford field well ley wood man son",
        "smith jones taylor brown williams wilson johnson davies walker wright evans thomas roberts lewis clark",
    ),
    "french": _surnames(
        "beau bel mont gir lam char dur rous per mart fon val gar pelle",
        "ier aud in eau ard tin et and",
        "martin bernard dubois thomas robert petit durand leroy moreau simon laurent michel garcia roux",
    ),
    "polish": _surnames(
        "kowal lewand wisn kamin zielin szyman wozn dabrow kozl jankow mazur krol pawlow michal nowic",
        "ski czyk owski ewski ak iak",
        "nowak mazur krol wrobel duda sikora baran zajac",
    ),
    "iberian": _surnames(
        "fern mart rodrig gonz alv per ram dom gut jim mor navar oliv santan",
        "ez es o a eira os",
        "garcia lopez silva santos souza costa pereira lima ruiz torres flores rocha ribeiro",
    ),
    "italian": _surnames(
        "ross bianch ferr espos roman colomb ricc marin grec brun gall cont mor barb font mart",
        "i o ini etti elli ani oni",
        "russo costa rizzo lombardi giordano serra fabbri villa",
    ),
    "nordic": _surnames(
        "anders johan karl nils erik lars olof pers svens gustaf lind berg sand ek",
        "sson berg strom gren qvist lund dal",
        "lind holm dahl hansen olsen berg",
    ),
    "indian": _surnames(
        "chand ram krishn shiv gop bhask nar venk raj mohan dev",
        "a an ani esh war kar yal",
        "sharma verma gupta singh kumar patel reddy nair iyer das mehta jain shah rao joshi khan",
    ),
    "indonesian": _surnames(
        "har sant wid kus sur pur gun set wib nug",
        "tono oso odo awan adi yanto aman",
        "saputra wijaya hidayat lestari pratama sari utami siregar nasution",
    ),
    "turkish": _surnames(
        "yil demir kara ak oz kilic gun tas ay boz er",
        "maz ci han soy kaya oglu turk men",
        "yilmaz kaya demir sahin celik arslan dogan aydin koc",
    ),
    "ukrainian": _surnames(
        "shev bond kov mel tka pet kra lys mor boy sav rom pav",
        "chenko arenko aluk nyk chuk enko iv",
        "melnyk kovalenko bondar koval hnatiuk",
    ),
}
_GROUPS = tuple(FIRST)
_WORDS = _words(
    "blue red dark silent happy lazy crazy lucky wild cosmic golden silver tiny super mega neon frost shadow sunny stormy "
    "magic royal swift noble retro urban secret velvet rapid electric"
)
_THINGS = _words(
    "wolf tiger panda fox hawk rider gamer dragon ninja wizard pixel rocket coffee cookie pizza river mountain star moon "
    "sky falcon raven otter koala ghost hunter pilot baker garden piano"
)
_SYLLABLES = tuple(a + b for a, b in product("bdfgklmnprstvz", "aeiou"))
_LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")


def gathered(values: Sequence[str], places: Numbers) -> pl.Series:
    """Return the values at some places."""
    return pl.Series(values, dtype=pl.String).gather(pl.Series(places).cast(pl.UInt32))


def glued(*parts: pl.Series | str) -> pl.Series:
    """Join texts row by row.

    Examples
    --------
    >>> glued(pl.Series(["a", "b"]), "-", pl.Series(["1", "2"])).to_list()
    ['a-1', 'b-2']
    """
    length = max(len(part) for part in parts if isinstance(part, pl.Series))
    frame = pl.DataFrame(
        {
            str(n): part if isinstance(part, pl.Series) else pl.repeat(part, length, eager=True)
            for n, part in enumerate(parts)
        }
    )
    return frame.select(pl.concat_str(pl.all()).alias("text"))["text"]


def _digits(random: np.random.Generator, count: int, most: int) -> pl.Series:
    return pl.Series(random.integers(0, most, count)).cast(pl.String)


def _years(random: np.random.Generator, count: int) -> pl.Series:
    """Years of birth, of two digits or four."""
    born = random.normal(1990, 12, count).astype(np.int64)
    short = pl.Series(born % 100).cast(pl.String).str.zfill(2)
    return pl.select(
        pl.when(pl.Series(random.random(count) < 0.45)).then(pl.Series(born).cast(pl.String)).otherwise(short)
    ).to_series()


@cache
def _flat(kind: str) -> tuple[tuple[str, ...], Numbers, Numbers]:
    """Every group's names behind each other, with where a group begins and how many it has."""
    table = FIRST if kind == "first" else LAST
    sizes = np.array([len(table[group]) for group in _GROUPS])
    return tuple(name for group in _GROUPS for name in table[group]), np.cumsum(sizes) - sizes, sizes


def _of_group(
    random: np.random.Generator, kind: str, group: Numbers, chosen: Numbers | None = None
) -> pl.Series:
    """Names of each row's group, common ones more often; ``chosen`` fixes them, so that a family shares one."""
    values, begin, size = _flat(kind)
    if chosen is None:
        place = (random.random(len(group)) ** 1.7 * size[group]).astype(np.int64)
    else:
        place = chosen % size[group]
    return gathered(values, begin[group] + place)


def group_number(name: str) -> int:
    """Return the number of an inventory."""
    return _GROUPS.index(name)


def people(
    random: np.random.Generator, group: Numbers, family: Numbers | None = None
) -> tuple[pl.Series, pl.Series]:
    """Return user names and names to show of people of some inventories.

    Parameters
    ----------
    group
        Number of the inventory of each row.
    family
        Rows with the same number share a surname; below 0: no family.
    """
    count = len(group)
    first = _of_group(random, "first", group)
    last = _of_group(random, "last", group)
    if family is not None:
        shared = _of_group(random, "last", group, np.abs(family))
        last = pl.select(pl.when(pl.Series(family >= 0)).then(shared).otherwise(last)).to_series()
    initial = first.str.slice(0, 1)
    word = glued(
        gathered(_WORDS, random.integers(0, len(_WORDS), count)),
        gathered(_THINGS, random.integers(0, len(_THINGS), count)),
    )
    noise = _letters(random, count, 6, 10)
    bases = [
        glued(first, ".", last),
        glued(first, last),
        glued(initial, last),
        glued(first, "_", last),
        glued(last, ".", first),
        first,
        word,
        glued(last, initial),
        noise,
    ]
    style = random.choice(len(bases), count, p=(0.27, 0.18, 0.11, 0.05, 0.05, 0.1, 0.14, 0.06, 0.04))
    ends = [
        pl.repeat("", count, eager=True),
        _years(random, count),
        _digits(random, count, 100),
        _digits(random, count, 10_000),
    ]
    ending = random.choice(len(ends), count, p=(0.46, 0.26, 0.18, 0.10))
    name = glued(_chosen(bases, style), _chosen(ends, ending))
    shown = glued(first.str.to_titlecase(), " ", last.str.to_titlecase())
    return name, pl.select(
        pl.when(pl.Series(random.random(count) < 0.85)).then(shown).otherwise(pl.lit(""))
    ).to_series()


def _chosen(values: Sequence[pl.Series], which: Numbers) -> pl.Series:
    frame = pl.DataFrame({str(n): value for n, value in enumerate(values)}).with_columns(
        pl.Series("which", which)
    )
    made = pl.lit("")
    for n in reversed(range(len(values))):
        made = pl.when(pl.col("which") == n).then(pl.col(str(n))).otherwise(made)
    return frame.select(made.alias("text"))["text"]


def _letters(random: np.random.Generator, count: int, least: int, most: int) -> pl.Series:
    """Random letters of random length."""
    codes = random.integers(97, 123, (count, most)).astype(np.uint32)
    text = pl.Series(codes.view(f"<U{most}").ravel().tolist(), dtype=pl.String)
    return pl.select(text.str.slice(0, pl.Series(random.integers(least, most + 1, count)))).to_series()


def _listed(random: np.random.Generator, count: int, tool: Numbers) -> pl.Series:
    """First name, surname of a short list of the tool's, and digits."""
    first, last = FIRST["english"], LAST["english"]
    a = gathered(first, (tool + random.integers(0, 14, count)) % len(first))
    b = gathered(last, (tool * 7 + random.integers(0, 40, count)) % len(last))
    return glued(a, b, _digits(random, count, 10_000))


def _pronounceable(random: np.random.Generator, count: int, tool: Numbers) -> pl.Series:
    """Three or four syllables, some with digits."""
    parts = [gathered(_SYLLABLES, random.integers(0, len(_SYLLABLES), count)) for _ in range(4)]
    fourth = pl.select(
        pl.when(pl.Series(random.random(count) < 0.5)).then(parts[3]).otherwise(pl.lit(""))
    ).to_series()
    numbers = pl.select(
        pl.when(pl.Series(tool % 3 == 0)).then(pl.lit("")).otherwise(_digits(random, count, 1_000))
    ).to_series()
    return glued(*parts[:3], fourth, numbers)


def _random_letters(random: np.random.Generator, count: int, tool: Numbers) -> pl.Series:
    return glued(
        _letters(random, count, 8, 12),
        pl.select(
            pl.when(pl.Series(tool % 2 == 0)).then(pl.lit("")).otherwise(_digits(random, count, 100))
        ).to_series(),
    )


def _two_words(random: np.random.Generator, count: int, tool: Numbers) -> pl.Series:
    """Words of the tool's short list, and digits."""
    a = gathered(_WORDS, (tool + random.integers(0, 12, count)) % len(_WORDS))
    b = gathered(_THINGS, (tool * 3 + random.integers(0, 12, count)) % len(_THINGS))
    return glued(a, b, _digits(random, count, 1_000))


def _counted(random: np.random.Generator, count: int, tool: Numbers) -> pl.Series:
    """One name of the tool's with a number that goes up and down."""
    base = gathered(FIRST["english"], tool % len(FIRST["english"]))
    stem = gathered(_THINGS, tool % len(_THINGS))
    return glued(base, ".", stem, pl.Series(random.integers(100, 2_000, count)).cast(pl.String))


GENERATORS: Mapping[str, Callable[[np.random.Generator, int, Numbers], pl.Series]] = {
    "listed": _listed,
    "pronounceable": _pronounceable,
    "letters": _random_letters,
    "words": _two_words,
    "counted": _counted,
}
"""How programs make names; each takes the number of the tool of each row. ``people`` is how a careful one does."""
