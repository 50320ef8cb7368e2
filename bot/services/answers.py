"""Answers in the customer's own words, read as an item, a date or a remedy."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Sequence

from bot.services.heard import Heard
from bot.services.orders import Item

Similarity = Callable[[str, Sequence[str]], Sequence[float]]

#: Words shared with an item's name count by how few of the items share them.
_WORD = re.compile(r"\w+", re.UNICODE)
_PARTS = re.compile(r"[,;.،؛、，；。]\s*|\n")
#: Cosine of the sentence encoder between an answer and an item's name.
_ALIKE = 0.35
_CLEARLY_MORE_ALIKE = 0.08
_ORDINALS = ("the first one", "the second one", "the third one", "the fourth one", "the fifth one")
_SAME_ORDINAL = 0.7
_REMEDY = 0.5
#: Shops name a product one way and drivers another.
_ALSO_CALLED = tuple((re.compile(pattern, re.IGNORECASE), word) for pattern, word in (
    (r"head ?unit|stereo|radio|\bdin\b|receiver", "car radio"),
    (r"head ?unit|navi|gps", "navigation screen"), (r"dash ?cam", "camera that records the road"),
    (r"rear|revers|back ?up|parking cam", "reversing camera"), (r"monitor|screen", "screen")))
_DIGITS = r"\d{2}-\d{3}|\d{3}-\d{4}|\d{5}-\d{3}|\d{4}-\d{3}|\d{4,6}"
_POSTAL_NAMED = re.compile(
    r"(?<![A-Za-z])(?:plz|postleitzahl|post ?codes?|zip(?: ?code)?|postal(?: code)?|code postal"
    r"|c\.?p\.?|cap|cep|c[óo]digo postal|kod(?: pocztowy)?|posta ?kodu|индекс|الرمز البريدي"
    r"|邮编|邮政编码|郵遞區號|郵便番号|우편번호|รหัสไปรษณีย์|〒)"
    rf"\s*(?:is|ist|es|est|è|é|to|:|：|=|是|は)?\s*({_DIGITS})(?![\d-])", re.IGNORECASE)
#: "SO-210005, 4319": no year, and nothing stands behind it that it could count.
_POSTAL_BEHIND = re.compile(
    rf"\d{{3}}\s?[,;、，]\s*((?!20[12]\d(?!\d))(?:{_DIGITS}))(?=\s*(?:[.,;!?\n。，]|$))")
#: Characters from which a code, and a word of an item's name, is more than a coincidence.
_CODE_LENGTH, _NAME_LENGTH = 5, 4
#: Asked for the remedy, a hint is enough: it is read back before the claim is filed.
_REMEDY_HINT = 0.05


def pick_item(text: str, items: Sequence[Item], similarity: Similarity, *,
              named_only: bool = False, at_any_rate: bool = False) -> Item | None:
    """The item that an answer means: by its number in the list, its name, SKU or serial number.

    `named_only` is for messages that were no answer to "which item": numbers then mean nothing.
    `at_any_rate` takes the likeliest, however little is to be said for it.
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
    parts = [part for part in _PARTS.split(text) if part.strip()]
    if len(parts) > 1:
        # "The holder, the camera is fine": the first part that names one is the answer.
        for part in parts:
            meant = pick_item(part, items, similarity)
            if meant is not None:
                return meant
    chosen = _by_ordinal(text, len(items), similarity)
    if chosen is not None:
        return items[chosen]
    alike = [max(similarity(text, [item.name, *_also_called(item.name)])) for item in items]
    ranked = sorted(alike, reverse=True)
    if at_any_rate or (ranked[0] >= _ALIKE and ranked[0] - ranked[1] >= _CLEARLY_MORE_ALIKE):
        return items[alike.index(ranked[0])]
    return None


def _also_called(name: str) -> list[str]:
    """What customers call an item of that name."""
    return [word for pattern, word in _ALSO_CALLED if pattern.search(name)]


def postal_codes_named(text: str) -> list[str]:
    """Codes of digits that the text calls a postal code, or puts right behind an order number."""
    folded = unicodedata.normalize("NFKC", text)
    return [m[1] for pattern in (_POSTAL_NAMED, _POSTAL_BEHIND) for m in pattern.finditer(folded)]


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


def _names(item: Item) -> set[str]:
    """The words of an item's name, and neighbours as one: "dashcam" of "dash cam"."""
    words = _words(item.name)
    return {*words, *(one + other for one, other in itertools.pairwise(words))}


def _shared(said: Sequence[str], item: Item, items: Sequence[Item]) -> float:
    score = 0.0
    for word in _names(item) & set(said):
        if len(word) < 2:
            continue
        owners = sum(word in _names(other) for other in items)
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
