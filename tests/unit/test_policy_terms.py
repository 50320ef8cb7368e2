"""The dated terms: what is in the file, which entry holds, and what a bad file says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.policy import Account, Purchase, TermsError, decide, load_terms, replay, terms_in_force
from bot.policy.terms import REQUIRED_CLAUSES, TERMS_FILE

TERMS = load_terms()
POLICY = TERMS_FILE.with_name("policy.txt")
TWO_YEARS = replace(TERMS[0], version="2026-07", valid_from=date(2026, 7, 1), guarantee_years=2)
BOTH = (*TERMS, TWO_YEARS)


def entries(**changes: Any) -> list[dict[str, Any]]:
    entry = yaml.safe_load(TERMS_FILE.read_text(encoding="utf-8"))[0]
    return [{**entry, **changes}]


def write(folder: Path, content: Any) -> Path:
    file = folder / "terms.yml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content), "utf-8")
    return file


def test_every_clause_is_the_policys_own_words() -> None:
    text = " ".join(POLICY.read_text(encoding="utf-8").split())
    for name, clause in TERMS[0].clauses.items():
        assert clause in text, name


def test_letter_clauses_keep_their_letter() -> None:
    for letter in "ABCDEFG":
        assert TERMS[0].clauses[letter].startswith(f"{letter}. ")


def test_any_invoice_is_covered_by_some_terms() -> None:
    for day in (date.min, date(1999, 12, 31), date(2000, 1, 1), date.max, None):
        assert terms_in_force(TERMS, day) == TERMS[0]


def test_a_claim_is_judged_by_the_terms_in_force_on_its_invoice_date() -> None:
    assert terms_in_force(BOTH, date(2026, 6, 30)) == TERMS[0]
    assert terms_in_force(BOTH, date(2026, 7, 1)) == TWO_YEARS
    assert terms_in_force(BOTH[::-1], None) == TWO_YEARS
    ends = {}
    for invoiced in (date(2026, 6, 30), date(2026, 7, 1)):
        purchase = Purchase(True, "1", "Radio", invoiced, "delivered")
        decision = decide(purchase, Account(), date(2026, 8, 1), BOTH)
        ends[decision.policy_version] = decision.guarantee_ends
        assert replay(decision.record(), BOTH) == decision
    assert ends == {"2026-01": date(2027, 6, 30), "2026-07": date(2028, 7, 1)}


@pytest.mark.parametrize("invoiced", [None, date(2027, 1, 1)])
def test_terms_that_are_only_announced_judge_nothing(invoiced: date | None) -> None:
    purchase = Purchase(True, "1", "Radio", invoiced, "delivered")
    assert decide(purchase, Account(), date(2026, 6, 1), BOTH).policy_version == "2026-01"


def test_the_hash_tells_any_change_of_what_a_claim_is_judged_by() -> None:
    terms = TERMS[0]
    changed = [
        replace(terms, version="x"),
        replace(terms, valid_from=date(2001, 1, 1)),
        replace(terms, guarantee_years=2),
        replace(terms, clauses={**terms.clauses, "F": "F. Any other words."}),
    ]
    assert len({entry.hash for entry in (terms, *changed)}) == 5
    reordered = dict(reversed(list(terms.clauses.items())))
    assert replace(terms, clauses=reordered).hash == terms.hash == load_terms()[0].hash


def test_a_later_entry_may_stand_first_in_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, entries(version="b", valid_from=date(2026, 1, 1)) + entries())
    assert [entry.version for entry in load_terms(file)] == ["2026-01", "b"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("- [", "cannot be read"),
        ("", "must be a list"),
        ("a: 1", "must be a list"),
        (["x"], "entry 1: needs exactly the keys"),
        (entries(extra=1), "needs exactly the keys"),
        (entries(version=2026), "version must be text"),
        (entries(valid_from="soon"), "valid_from must be a date"),
        ("- {valid_from: 2026-13-01}", "cannot be read"),
        (entries(guarantee_years=True), "guarantee_years must be"),
        (entries(guarantee_years=0), "guarantee_years must be"),
        (entries(source=""), "source must be text"),
        (entries(clauses=[]), "clauses must map"),
        (entries(clauses={"F": " "}), "without text: ['F']"),
        (entries() + entries(valid_from=date(2001, 1, 1)), "the same version"),
        (entries() + entries(version="b"), "the same valid_from"),
    ],
)
def test_a_bad_file_says_what_is_wrong(tmp_path: Path, content: Any, complaint: str) -> None:
    file = write(tmp_path, content)
    with pytest.raises(TermsError) as raised:
        load_terms(file)
    assert complaint in str(raised.value) and str(file) in str(raised.value)


@pytest.mark.parametrize("name", REQUIRED_CLAUSES)
def test_no_clause_may_be_missing(tmp_path: Path, name: str) -> None:
    clauses = {key: text for key, text in TERMS[0].clauses.items() if key != name}
    with pytest.raises(TermsError, match=f"clauses missing: .*'{name}'"):
        load_terms(write(tmp_path, entries(clauses=clauses)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TermsError, match=r"nowhere\.yml: cannot be read"):
        load_terms(tmp_path / "nowhere.yml")
