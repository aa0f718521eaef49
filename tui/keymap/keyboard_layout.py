"""What a letter that is no key says of the keyboard: Caps Lock is on, or another layout than a Latin one is chosen."""

from __future__ import annotations

import unicodedata

_QWERTY = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_BY_PLACE = {
    **dict(zip("йцукенгшщзхъфывапролджэячсмитьбю", _QWERTY, strict=True)),
    **dict(zip("ςερτυθιοπασδφγηξκλζχψωβνμ", "wertyuiopasdfghjklzxcvbnm", strict=True)),
}
"""What lies where these letters do on the usual Russian and Greek keyboards."""


def no_key(key: str) -> str:
    """Why a letter does nothing, in a sentence; empty where it says nothing of the keyboard."""
    if len(key) != 1 or not key.isalpha():
        return ""
    if key.isascii():
        return f"Caps Lock seems to be on: {key} is no key here, keys are small letters." if key.isupper() else ""
    script = unicodedata.name(key, "").partition(" ")[0].capitalize()
    if script == "Latin":
        return f"{key} is no key here: letters without accents are, digits and signs. ? lists them."
    where = f" {key} usually lies where {place} is." if (place := _BY_PLACE.get(key.lower())) else ""
    layout = f"is not Latin: {script}" if script.isalpha() else "is not Latin"
    return f"The keyboard layout {layout}. Keys are Latin letters, so switch to a Latin one.{where}"
