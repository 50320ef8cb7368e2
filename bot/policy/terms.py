"""The dated terms of the warranty: numbers and clauses, read from terms.yml."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from bot.policy.facts import CAUSES

TERMS_FILE = Path(__file__).with_name("terms.yml")
KEYS = ("version", "valid_from", "guarantee_years", "source", "clauses")
REQUIRED_CLAUSES: tuple[str, ...] = (
    "guarantee", "repair", "spare_parts", "policy_changes",
    "A", "gift", "B", "G", *CAUSES, "consequential_loss",
)  # fmt: skip
"""Every reason quotes its clause; `unsettled` has none, for it is no sentence of the policy."""


class TermsError(ValueError):
    """The terms file cannot be used; the message names the file, the entry and what is wrong."""


@dataclass(frozen=True)
class Terms:
    """The terms that hold for invoices from `valid_from` on, with each clause word for word."""

    version: str
    valid_from: date
    guarantee_years: int
    clauses: Mapping[str, str]
    source: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of what a claim is judged by: version, date, years and clauses."""
        content = [self.version, self.valid_from.isoformat(), self.guarantee_years,
                   dict(self.clauses)]  # fmt: skip
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def load_terms(path: Path | str | None = None) -> tuple[Terms, ...]:
    """All terms of the file (by default the package's own), oldest first; TermsError if bad."""
    file = Path(path) if path is not None else TERMS_FILE
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError) as error:
        raise TermsError(f"{file}: cannot be read: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise TermsError(f"{file}: must be a list with at least one entry")
    terms = [_terms(entry, f"{file}, entry {n}") for n, entry in enumerate(entries, start=1)]
    for what in ("version", "valid_from"):
        if len({getattr(entry, what) for entry in terms}) < len(terms):
            raise TermsError(f"{file}: two entries with the same {what}")
    return tuple(sorted(terms, key=lambda entry: entry.valid_from))


def terms_in_force(terms: Sequence[Terms], on: date | None) -> Terms:
    """The terms in force on an invoice date; the newest if it is None.

    An invoice older than all terms gets the oldest: an odd date must not end a conversation.
    """
    ordered = sorted(terms, key=lambda entry: entry.valid_from)
    if not ordered:
        raise TermsError("there are no terms")
    if on is None:
        return ordered[-1]
    return next((entry for entry in reversed(ordered) if entry.valid_from <= on), ordered[0])


def _terms(entry: Any, where: str) -> Terms:
    """One entry of the file, checked; `where` begins each complaint."""
    if not isinstance(entry, dict) or set(entry) != set(KEYS):
        raise TermsError(f"{where}: needs exactly the keys {', '.join(KEYS)}")
    version, valid_from, years, source, clauses = (entry[key] for key in KEYS)
    if not isinstance(version, str) or not version:
        raise TermsError(f"{where}: version must be text in quotes, not {version!r}")
    if not isinstance(valid_from, date) or isinstance(valid_from, datetime):
        raise TermsError(f"{where}: valid_from must be a date like 2026-01-01, not {valid_from!r}")
    # YAML's `yes` is a bool, and Python's True is an int.
    if not isinstance(years, int) or isinstance(years, bool) or years < 1:
        raise TermsError(f"{where}: guarantee_years must be a whole number from 1, not {years!r}")
    if not isinstance(source, str) or not source:
        raise TermsError(f"{where}: source must be text, not {source!r}")
    if not isinstance(clauses, dict):
        raise TermsError(f"{where}: clauses must map each reason to its sentence")
    texts = {key: isinstance(text, str) and text.strip() for key, text in clauses.items()}
    empty = [str(key) for key, text in texts.items() if not text]
    missing = [name for name in REQUIRED_CLAUSES if name not in clauses]
    if missing or empty:
        raise TermsError(f"{where}: clauses missing: {missing}, without text: {empty}")
    return Terms(version, valid_from, years, dict(clauses), source)
