"""How much of one answer stands in another: 31 provinces copy one another's text, and the reviewer should know.

Texts are taken apart into words (a Chinese character is one, so is a Latin word; every figure counts as the same, for
copiers change figures) and compared by the runs of three words that they share.
"""

import re
import unicodedata
from collections.abc import Iterable

RUN = 3
# Below this an answer is a phrase that anybody might use: "已解决" is nobody's copy.
FEWEST_RUNS = 12
# What lies beyond is not looked at: a hundred answers of the greatest length must not hold up the one that comes in.
MOST_WORDS = 8_000
_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|\d+|[^\W\d_\u3400-\u9fff\uf900-\ufaff]+")

Runs = frozenset[tuple[str, ...]]


def runs(texts: Iterable[str | None]) -> Runs:
    """The runs of three words in these texts; no run crosses from one text to the next."""
    found: set[tuple[str, ...]] = set()
    left = MOST_WORDS
    for text in texts:
        words = _words(text or "")[:left]
        left -= len(words)
        found.update(zip(*(words[n:] for n in range(RUN)), strict=False))
    return frozenset(found)


def _words(text: str) -> list[str]:
    # A Chinese character is at least one byte of the text, a word at least one character: this is always enough.
    folded = unicodedata.normalize("NFKC", text[: MOST_WORDS * 8]).casefold()
    return ["0" if word[0].isdigit() else word for word in _WORD.findall(folded)]


def share(new: Runs, other: Runs) -> int:
    """How much of a new answer stands in another one, of 100, rounded down; 0 for one too short to tell."""
    if len(new) < FEWEST_RUNS:
        return 0
    return len(new & other) * 100 // len(new)
