"""Query numbers: short, unguessable, easy to read out, with a character that catches slips.

`QH-7K3M-9XWA-C4HT`: a prefix of the deployment, eleven drawn characters and one check character.
The alphabet has 23 characters without look-alikes (of 0 and O, 1, I and L, 2 and Z, 5 and S,
8 and B, U and V none), a prime, so that the weighted sum notices every wrong character and every
swapped pair.
23¹¹ ≈ 10¹⁵ numbers: whoever tries numbers meets one of a million cases once in a billion.
"""

import secrets
import unicodedata

from django.conf import settings

ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
DRAWN = 11
GROUP = 4


def draw() -> str:
    """A new number. That it is free is the database's business (unique)."""
    value = secrets.randbelow(len(ALPHABET) ** DRAWN)
    drawn = ""
    for _character in range(DRAWN):
        value, letter = divmod(value, len(ALPHABET))
        drawn += ALPHABET[letter]
    return _write(settings.QUERY_NUMBER_PREFIX, drawn)


def normalise(text: str) -> str | None:
    """What someone typed or read out → the number as stored, or None if it cannot be one.

    Blanks, hyphens, lower case, full-width letters and a missing prefix do not matter.
    """
    text = unicodedata.normalize("NFKC", text or "").upper()
    letters = "".join(character for character in text if character.isalnum())
    prefix, letters = letters[: -DRAWN - 1], letters[-DRAWN - 1 :]
    if len(letters) != DRAWN + 1 or any(character not in ALPHABET for character in letters):
        return None
    if _check(letters[:DRAWN]) != letters[DRAWN]:
        return None
    return _write(prefix or settings.QUERY_NUMBER_PREFIX, letters[:DRAWN])


def _write(prefix: str, drawn: str) -> str:
    letters = drawn + _check(drawn)
    groups = [letters[i : i + GROUP] for i in range(0, len(letters), GROUP)]
    return "-".join([prefix, *groups])


def _check(drawn: str) -> str:
    total = sum(
        weight * ALPHABET.index(character) for weight, character in enumerate(drawn, start=2)
    )
    return ALPHABET[-total % len(ALPHABET)]
