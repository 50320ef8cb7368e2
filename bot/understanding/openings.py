"""Whether an answer begins with a yes, a no or a don't-know, in any of the languages."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import yaml

ACTS = ("affirm", "deny", "dont_know")
#: Polite or hesitating words that may stand before the answer.
_FILLERS = re.compile(
    r"^(?:well|hm+|um+|uh+|oh|ah|eh|so|also|nun|naja|tja|bueno|pues|ben|bah|beh|allora|nou|"
    r"no dobra|ну|えっと|あの|음|嗯嗯|那个|เอ่อ|valla|şey|والله|بصراحة|honestly|tbh|i think|"
    r"sorry|please|wow|omg|oh my god|my god|god|hey|yay|super|genial|guau|uau|вау|ого|vay|哇|와|"
    r"わあ|おお)"
    r"(?!\w)[\s,.!…]*",
    re.IGNORECASE)
#: What may stand before and after the word, and says nothing.
_MARKS = " ¡¿\"'«“„-–—,.;:!?…，。！？、؛،~()"
_NO_SPACES = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@functools.cache
def _words(*acts: str) -> list[tuple[str, str]]:
    """(word, act), the longest first."""
    read = yaml.safe_load(Path(__file__).with_name("words.yml").read_text(encoding="utf-8"))
    pairs = {(str(word).casefold(), act) for act in acts for words in read[act].values()
             for word in words}
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def act_at_start(text: str) -> str | None:
    """`affirm`, `deny` or `dont_know` if the text begins with such a word, else None."""
    return split_opening(text)[0]


def after_acknowledging(text: str) -> str | None:
    """What follows an "ok" or "fine" that the text begins with; None if it does not."""
    act, rest = _one_act(text.strip().casefold(), "acknowledge")
    return rest if act else None


def split_opening(text: str) -> tuple[str | None, str]:
    """The act that the text begins with, as `act_at_start`, and what follows it in lower case."""
    act, rest = _one_act(text.strip().casefold(), *ACTS)
    # "Yes, that's right, it was the rain": what follows says more than another yes.
    for _ in range(2):
        again, after = _one_act(rest, *ACTS)
        # "Yeah nah" alone is a no; "não foi isso" is one too.
        if act is None or (again != act and (act, again, after) != ("affirm", "deny", "")):
            break
        act, rest = again, after
    return act, rest


def _one_act(said: str, *acts: str) -> tuple[str | None, str]:
    said = said.lstrip(_MARKS)
    for _ in range(3):
        said = _FILLERS.sub("", said)
    for word, act in _words(*acts):
        alone = word.endswith(".")
        word = word.removesuffix(".")
        if not said.startswith(word):
            continue
        if alone and said[len(word): len(word) + 2].strip()[:1].isalnum():
            continue
        after = said[len(word): len(word) + 1]
        if not after or not after.isalnum() or _NO_SPACES.match(word[-1]):
            return act, said[len(word):].lstrip(_MARKS)
    return None, said
