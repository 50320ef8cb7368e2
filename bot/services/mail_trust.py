"""Whether a mail comes from whom it says: what a trusted server found (RFC 8601)."""

from __future__ import annotations

import re
from email.message import Message

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\b(dmarc|spf|dkim)\s*=\s*(\w+)([^;]*)", re.IGNORECASE)
_ABOUT = re.compile(r"(?:header\.[di]|smtp\.mailfrom)\s*=\s*([^\s;]+)")


def authenticated(headers: list[str], trusted_server: str | None, sender: str) -> bool | None:
    """True if the server vouches for the sender's domain, False if it doubts it, else None.

    `headers` are all Authentication-Results; anybody can write one, so only those of
    `trusted_server` count, which has to remove forged ones from what it takes in.
    """
    if not trusted_server:
        return None
    domain = sender.rpartition("@")[2]
    for header in headers:
        plain = _COMMENT.sub(" ", header)
        server, _, results = plain.partition(";")
        if server.split()[:1] != [trusted_server]:
            continue
        found = {(name.lower(), verdict.lower(), rest.lower())
                 for name, verdict, rest in _RESULT.findall(results)}
        verdicts = {name: {verdict for each, verdict, _ in found if each == name}
                    for name in ("dmarc", "spf", "dkim")}
        if "pass" in verdicts["dmarc"]:
            return True
        if "fail" in verdicts["dmarc"]:
            return False
        aligned = any(verdict == "pass" and domain in _domains(rest)
                      for name, verdict, rest in found if name in ("spf", "dkim"))
        if aligned:
            return True
        if "fail" in verdicts["spf"] and "pass" not in verdicts["dkim"]:
            return False
        return None
    return None


def _domains(properties: str) -> set[str]:
    """The domains that a result is about: `header.d=shop.example`."""
    return {value.rpartition("@")[2].strip('"') for value in _ABOUT.findall(properties)}


def results_of(message: Message) -> list[str]:
    """All Authentication-Results of a mail, the newest first."""
    return [" ".join(str(value).split()) for value in
            message.get_all("authentication-results") or []]
