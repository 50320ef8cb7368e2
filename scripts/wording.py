"""`make wording`: English texts into `bot.pot`, from there into each language's `bot.po`."""

from __future__ import annotations

import sys

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from bot.wording.catalogue import DOMAIN, LANGUAGES, LOCALE, SOURCE
from bot.wording.check import extracted, problems


def main() -> int:
    """Returns 1 if something is left to translate or to mend, which is printed."""
    template = Catalog(domain=DOMAIN, charset="utf-8")
    for text, comments in extracted():
        template.add(text, auto_comments=comments)
    _write(template, SOURCE)
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        path = LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"
        there = Catalog(locale=language, domain=DOMAIN, charset="utf-8")
        if path.is_file():
            with path.open("rb") as po:
                there = read_po(po, locale=language, domain=DOMAIN)
        there.update(template)
        there.obsolete.clear()
        _write(there, language)
    left = problems()
    print("\n".join(left) or "every text is there in every language")
    return 1 if left else 0


def _write(catalogue: Catalog, language: str) -> None:
    path = (LOCALE / f"{DOMAIN}.pot" if language == SOURCE
            else LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        # No header: its dates would change with every run.
        write_po(file, catalogue, omit_header=True, width=100, no_location=True)


if __name__ == "__main__":
    sys.exit(main())
