"""Whether an answer says that two things hold, in any of the languages."""

from __future__ import annotations

import re

_BOTH = re.compile(
    r"(?<!\w)(?:both|either and both|beide[sn]?|les deux|l'un et l'autre|entrambi|entrambe|"
    r"tutt'e due|tutte e due|ambos|ambas|las dos|los dos|as duas|os dois|allebei|alle twee|"
    r"jedno i drugie|oba|obie|obydwa|то и другое|и то,? и другое|оба|обе|her ikisi|ikisi de|"
    r"ikisi birden|الاثنين|الاتنين|كلاهما|كليهما|الأمرين|الأمران)(?!\w)"
    r"|両方|どちらも|둘 ?다|두 가지 다|모두 맞|ทั้งสอง|ทั้งคู่|两样都|两个都|两者|都对|都是|都有",
    re.IGNORECASE)


def says_both(text: str) -> bool:
    """Whether the text says that both of two things are so."""
    return bool(_BOTH.search(text))
