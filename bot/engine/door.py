"""The door: what a typed text becomes before anybody reads it.

Two forms are kept: what is shown (`shown`), and what is understood (`heard`: full-width characters
folded). Typed text is only ever text; a command such as `/restart` loses its meaning here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bot.errors import BadMessage

#: Characters of one message. Longer than any complaint; shorter than an attack.
MAX_CHARACTERS = 4000
#: What is understood of a long message: its beginning and its end.
MAX_HEARD = 1500
#: Characters of a conversation's or a message's outside id.
MAX_ID = 255

_KEPT_CONTROLS = {"\n", "\t"}
# Blank-looking letters that are not in the Unicode categories of invisible characters.
_BLANKS = {"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800"}
_COMMAND = re.compile(r"^\s*/+\s*(?=[A-Za-z_])")
_ID = re.compile(r"^[\w.@:+/=~\- ]+\Z")


@dataclass(frozen=True)
class Typed:
    """A text as it is shown and as it is understood."""

    shown: str
    heard: str


#: A message of nothing but files: there is nothing in it to be understood.
NOTHING_TYPED = Typed("", "")


def take_in(text: object) -> Typed:
    """Cleans a customer's text. Raises BadMessage when there is nothing in it or too much."""
    if not isinstance(text, str):
        raise BadMessage("a message must be text")
    if len(text) > MAX_CHARACTERS:
        raise BadMessage(f"a message may have at most {MAX_CHARACTERS} characters")
    shown = "".join(c for c in text if _visible(c)).strip()
    if not shown:
        raise BadMessage("the message is empty")
    heard = unicodedata.normalize("NFKC", shown)
    if len(heard) > MAX_HEARD:
        heard = f"{heard[: MAX_HEARD // 2]} {heard[-MAX_HEARD // 2:]}"
    return Typed(shown, _COMMAND.sub("⁄", heard))


def outside_id(value: object, what: str) -> str:
    """A sender's or message's id from outside. Raises BadMessage if it cannot be one."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise BadMessage(f"{what} must be a text that is not empty")
    if len(value) > MAX_ID or not _ID.match(value):
        raise BadMessage(f"{what} may have at most {MAX_ID} letters, digits and . @ : + / = ~ - _")
    return value


def _visible(character: str) -> bool:
    if character in _KEPT_CONTROLS:
        return True
    if character in _BLANKS or "\ufe00" <= character <= "\ufe0f":
        return False
    return not unicodedata.category(character).startswith(("Cc", "Cf", "Cs", "Co", "Cn"))
