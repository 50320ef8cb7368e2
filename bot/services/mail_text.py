"""What a person wrote in a mail: without quoted mails and, for reading, without a signature."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import inscriptis
import nh3
import yaml
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from mailparser_reply import EmailReplyParser
from mailparser_reply.constants import MAIL_LANGUAGES

#: Characters of a mail that are looked at. The original keeps all of them.
MOST_CHARACTERS = 60_000
#: HTML is larger than what it says.
MOST_HTML = 2_000_000
#: A signature has at most so many lines, none of them longer than this.
_SIGNATURE_LINES, _SIGNATURE_WIDTH = 9, 70
_QUOTED = re.compile(r"^\s{0,3}[>|｜»]")
_SEPARATOR = re.compile(r"^\s*(?:_{8,}|-{8,}|={8,})\s*$")
_SAYS_WHO = re.compile(r"[<(\[]?\S+@\S+[>)\]]?.{0,40}[:：]\s*$"
                       r"|\b\d{1,2}[:.]\d{2}\b.{0,120}[:：]\s*$")
_HTML_TAGS = {"a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i",
              "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td",
              "th", "thead", "tr", "u", "ul"}


@dataclass(frozen=True)
class Said:
    """A person's own words: `own` without quoted mails, `words` without the signature too."""

    own: str
    words: str


def said(text: str) -> Said:
    """The sender's own words in a mail's text; empty if it only quotes another mail."""
    text = _even(text)[:MOST_CHARACTERS]
    parser = EmailReplyParser(languages=[name for name in MAIL_LANGUAGES if name != "david"])
    own = _without_quotes(parser.parse_reply(text) or "").strip()
    own = own or _without_quotes(text).strip()
    return Said(own, _without_signature(own).strip() or own)


def text_of_html(html: str) -> str:
    """An HTML mail's text. Scripts, styles and everything invisible are gone before."""
    clean = nh3.clean(html[:MOST_HTML], tags=_HTML_TAGS, attributes={},
                      clean_content_tags={"script", "style", "head", "title"})
    if not clean.strip():
        return ""
    found = inscriptis.get_text(clean, ParserConfig(css=CSS_PROFILES["strict"]))
    return _even(str(found)).strip()


def safe_html(html: str) -> str:
    """HTML that may be shown: no script, no style, no pictures, links that tell nothing."""
    return nh3.clean(html[:MOST_HTML], tags=_HTML_TAGS, attributes={"a": {"href"}},
                     url_schemes={"http", "https", "mailto"}, link_rel="noopener noreferrer",
                     clean_content_tags={"script", "style", "head", "title"})


@functools.lru_cache(maxsize=1)
def phrases() -> dict[str, Any]:
    """The phrases of `mail_phrases.yml`."""
    path = Path(__file__).with_name("mail_phrases.yml")
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def _even(text: str) -> str:
    """One kind of line break, no invisible characters, at most one empty line in a row."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    text = re.sub(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]", "", text)
    text = "".join(c for c in text if c in "\n\t" or c.isprintable() or c == "\u3000")
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text))


def _without_quotes(text: str) -> str:
    lines = text.split("\n")
    for number in range(len(lines)):
        if _begins_a_quoted_mail(lines, number):
            lines = lines[:number]
            break
    quoted = [bool(_QUOTED.match(line)) for line in lines]
    kept: list[str] = []
    for number, line in enumerate(lines):
        if quoted[number]:
            # "On Monday Ann wrote:" above a quotation belongs to it, in any language, also when
            # it was broken over two lines.
            while kept and not kept[-1].strip():
                kept.pop()
            for back in (1, 2):
                if len(kept) >= back and _SAYS_WHO.search(" ".join(kept[-back:])):
                    del kept[-back:]
                    break
            continue
        kept.append(line)
    # The same line with nothing behind it: what it announced is gone already.
    while kept and not kept[-1].strip():
        kept.pop()
    for back in (1, 2, 3):
        last = " ".join(kept[-back:])
        if len(kept) > back and "@" in last and _SAYS_WHO.search(last):
            del kept[-back:]
            break
    return "\n".join(kept)


def _begins_a_quoted_mail(lines: Sequence[str], number: int) -> bool:
    line = lines[number].strip().strip("-_*=·—– >").lower()
    known = phrases()
    if line and line.rstrip(":：") in known["original"]:
        return True
    if _is_header(line, known["from"]):
        below = [each.strip().strip("*> ").lower() for each in lines[number + 1:number + 5]]
        return any(_is_header(each, known["sent"]) for each in below)
    # Some programs quote without marks: a line that says who wrote, and a rule or nothing more.
    return bool(_SEPARATOR.match(lines[number])) and number + 1 < len(lines) and _is_header(
        lines[number + 1].strip().strip("*").lower(), known["from"])


def _is_header(line: str, names: Sequence[str]) -> bool:
    name, colon, value = line.replace("：", ":").partition(":")
    return bool(colon) and bool(value.strip()) and name.strip("* ") in names


def _without_signature(text: str) -> str:
    lines = text.split("\n")
    known = phrases()
    for number, line in enumerate(lines):
        plain = line.strip().lower()
        from_a_device = plain.startswith(tuple(known["devices"])) and len(plain) < _SIGNATURE_WIDTH
        if line.rstrip() in ("--", "—") or from_a_device:
            return "\n".join(lines[:number])
        rest = [each for each in lines[number + 1:] if each.strip()]
        if (plain.rstrip(" ,.!。、，") in known["closings"] and number > 0
                and len(rest) <= _SIGNATURE_LINES
                and all(len(each) <= _SIGNATURE_WIDTH for each in rest)):
            return "\n".join(lines[:number])
    return text
