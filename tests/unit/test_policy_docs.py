"""docs/policy.md holds every sentence of the policy, and names only rules and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from bot.policy import RULES, load_terms
from bot.policy.terms import TERMS_FILE

ROOT = Path(__file__).parents[2]
POLICY = TERMS_FILE.with_name("policy.txt").read_text(encoding="utf-8")
QUOTED = "test_every_clause_is_the_policys_own_words"
NONE = "–"
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs" / "policy.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| Sentence ")
]


def sentences(text: str) -> list[str]:
    """Each sentence and heading; "A." to "G." begin a sentence and do not end one."""
    return [
        sentence
        for line in text.splitlines()
        for sentence in re.split(r"(?<=[a-z0-9)]\.)\s+", line.strip())
        if sentence
    ]


def names(cell: str) -> set[str]:
    return set() if cell == NONE else {name.strip() for name in cell.split(",")}


def test_every_sentence_of_the_policy_is_in_the_table_in_its_order() -> None:
    assert [row[0] for row in ROWS] == list(dict.fromkeys(sentences(POLICY)))


def test_no_word_of_the_policy_is_lost_between_sentences() -> None:
    assert " ".join(sentences(POLICY)).split() == POLICY.split()


def test_every_row_has_a_rule_or_a_response_or_is_for_information() -> None:
    for sentence, rule, says, test in ROWS:
        assert says == "for information" or all(re.match("utter_", name) for name in names(says))
        assert (rule == NONE) == (test == NONE), sentence
        assert says != "for information" or rule == NONE, sentence


def test_every_reason_and_every_clause_has_its_sentence() -> None:
    clauses = load_terms()[-1].clauses
    reasons = {rule.reason for rule in RULES} - {"unsettled"}
    assert set().union(*(names(row[1]) for row in ROWS)) == reasons | set(clauses)
    for sentence, rule, _, _ in ROWS:
        for name in names(rule) - {"B"}:
            assert sentence in clauses[name], name


def test_every_test_named_in_the_table_exists() -> None:
    files = (ROOT / "tests" / "unit").glob("test_policy*.py")
    found = {
        name for file in files for name in re.findall(r"def (test_\w+)", file.read_text("utf-8"))
    }
    for row in ROWS:
        wanted = {QUOTED if name == "quoted" else name for name in names(row[3])}
        assert wanted <= found, wanted - found
