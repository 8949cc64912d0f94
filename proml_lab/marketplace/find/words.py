"""Words of a text, as they are looked for: lower case, no accents, numbers with their units."""

from __future__ import annotations

import re
import unicodedata

STOP = frozenset(
    ("a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "it", "of", "on", "or", "the")
) | {"to", "with"}
"""Words that say little: they are looked for only where nothing else is asked."""
_WORD = re.compile(r"[a-z]+|[0-9]+[a-z]*|[^\W\d_a-z]+")


def words(text: str) -> list[str]:
    """Words and numbers of `text`, each once, in order; ``7d`` is one, ``wind_speed`` two."""
    folded = text.casefold()
    if not folded.isascii():
        apart = unicodedata.normalize("NFKD", folded)
        folded = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return list(dict.fromkeys(_WORD.findall(folded)))


def telling(found: list[str]) -> list[str]:
    """Those of the words that say something; all of them where none does."""
    return [word for word in found if word not in STOP] or found
