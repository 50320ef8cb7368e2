"""A claim's decision in words for an operator: each rule, its facts, its clause, who said so."""

from __future__ import annotations

from typing import Any

from bot.policy import load_terms

_ANSWER = {"yes": "YES", "no": "no", "unknown": "unknown"}


def explained(claim: dict[str, Any]) -> str:
    """A page of text on what `Claims.explain` returned."""
    lines = [f"Claim {claim['number']} ({claim['state']})",
             f"  fault:    {claim['symptom']}", f"  story:    {claim['incident'] or '-'}",
             f"  remedy:   {claim['remedy'] or '-'}"]
    clauses = {terms.version: terms.clauses for terms in load_terms()}
    for decision in claim["decisions"]:
        lines += ["", f"{decision['at']:%Y-%m-%d %H:%M} UTC, decided by {decision['decided_by']}: "
                      f"{decision['outcome']}"
                      + (f" ({', '.join(decision['reasons'])})" if decision["reasons"] else ""),
                  f"  {decision['item']}, order {decision['order_number']}, invoice of "
                  f"{decision['invoice_date']}, guarantee until {decision['guarantee_ends']}",
                  f"  terms {decision['policy_version']}, hash {decision['terms_hash'][:12]}"]
        known = clauses.get(decision["policy_version"], {})
        for result in decision["results"]:
            lines.append(f"  {result['reason']:<20} {_ANSWER[result['state']]}")
            for fact in result["facts"]:
                said = f", message {fact['said_in']}" if fact.get("said_in") else ""
                lines.append(f"      {fact['name']} = {fact['state']} ({fact['source']}{said})")
            if result["state"] == "yes" and result["reason"] in known:
                lines.append(f"      “{known[result['reason']]}”")
    lines.append("")
    lines += [f"{step['at']:%Y-%m-%d %H:%M} UTC  {step['from'] or 'new'} -> {step['to']}  "
              f"by {step['by']}  {step['reason']}".rstrip() for step in claim["log"]]
    return "\n".join(lines)
