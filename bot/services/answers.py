"""Answers in the customer's own words, read as an item, a date or a remedy."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from bot.services.heard import Heard
from bot.services.orders import Item

Similarity = Callable[[str, Sequence[str]], Sequence[float]]

#: Words shared with an item's name count by how few of the items share them.
_WORD = re.compile(r"\w+", re.UNICODE)
#: Cosine of the sentence encoder between an answer and an item's name.
_ALIKE = 0.35
_CLEARLY_MORE_ALIKE = 0.08
_ORDINALS = ("the first one", "the second one", "the third one", "the fourth one", "the fifth one")
_SAME_ORDINAL = 0.7
_REMEDY = 0.5
#: Characters from which a code, and a word of an item's name, is more than a coincidence.
_CODE_LENGTH, _NAME_LENGTH = 5, 4
#: Asked for the remedy, a hint is enough: it is read back before the claim is filed.
_REMEDY_HINT = 0.05


def pick_item(text: str, items: Sequence[Item], similarity: Similarity, *,
              named_only: bool = False) -> Item | None:
    """The item that an answer means: by its number in the list, its name, SKU or serial number.

    `named_only` is for messages that were no answer to "which item": numbers then mean nothing.
    """
    if len(items) == 1:
        return items[0]
    said = _words(text)
    for item in items:
        for code in (item.sku, item.serial_number):
            if code and len(_plain(code)) >= _CODE_LENGTH and _plain(code) in _plain(text):
                return item
    if not named_only:
        chosen = _by_number(said, len(items))
        if chosen is not None:
            return items[chosen]
    if named_only:
        said = [word for word in said if word.isalpha() and len(word) >= _NAME_LENGTH]
    scores = [_shared(said, item, items) for item in items]
    best = max(scores)
    named = sum(score > 0 for score in scores)
    # In passing, "the camera that came with my radio" names two; asking which costs nothing.
    if best > 0 and scores.count(best) == 1 and not (named_only and named > 1):
        return items[scores.index(best)]
    if named_only:
        return None
    chosen = _by_ordinal(text, len(items), similarity)
    if chosen is not None:
        return items[chosen]
    alike = list(similarity(text, [item.name for item in items]))
    ranked = sorted(alike, reverse=True)
    if ranked[0] >= _ALIKE and ranked[0] - ranked[1] >= _CLEARLY_MORE_ALIKE:
        return items[alike.index(ranked[0])]
    return None


def _words(text: str) -> list[str]:
    return [w.casefold() for w in _WORD.findall(unicodedata.normalize("NFKC", text))]


def _plain(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _by_number(said: Sequence[str], count: int) -> int | None:
    numbers = [int(w) for w in said if w.isdecimal() and len(w) <= 3]
    ordinals = {m[1] for w in said
                if (m := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|e|er|ère|ª|º|o|a)", w))}
    numbers += [int(o) for o in ordinals]
    chosen = {n for n in numbers if 1 <= n <= count}
    if len(chosen) == 1 and len(numbers) == 1:
        return chosen.pop() - 1
    return None


def _by_ordinal(text: str, count: int, similarity: Similarity) -> int | None:
    """"The second one", in any language that the encoder knows."""
    alike = list(similarity(text, _ORDINALS[:count]))
    ranked = sorted(alike, reverse=True)
    if ranked[0] >= _SAME_ORDINAL and ranked[0] - ranked[1] >= _CLEARLY_MORE_ALIKE:
        return alike.index(ranked[0])
    return None


def _shared(said: Sequence[str], item: Item, items: Sequence[Item]) -> float:
    mine = set(_words(item.name))
    score = 0.0
    for word in mine & set(said):
        if len(word) < 2:
            continue
        owners = sum(word in _words(other.name) for other in items)
        score += 1 / owners if owners < len(items) else 0
    return score


def remedy_of(heard: Heard, *, asked: bool = False) -> str | None:
    """`repair` or `parts`, if the message asks for one of them."""
    if not asked and heard.intents.get("remedy", 0.0) < _REMEDY:
        return None
    repair, parts = (heard.most(f"remedy/{kind}") for kind in ("repair", "parts"))
    if asked and (max(repair, parts) < _REMEDY_HINT or max(repair, parts) < 2 * min(repair, parts)):
        return None
    return "repair" if repair >= parts else "parts"
