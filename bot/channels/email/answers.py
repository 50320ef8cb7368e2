"""An answer to a customer's mail, as text: what happened, what was understood, what is missing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from bot.channels.email.texts import say, texts
from bot.services.contact import Contact
from bot.services.hazards import safety_response
from bot.services.mail_answers import Answer
from bot.wording.hours import hours_text

#: A response's text by its name and language; None if there is none.
Said = Callable[[str, str], str | None]
_STEP = re.compile(r"^\s*\d+\.\s", re.MULTILINE)


class Answers:
    """Words answers. `said` looks the chat's own responses up: safety messages and safe steps."""

    def __init__(self, contact: Contact, said: Said) -> None:
        self._contact, self._said = contact, said

    def word(self, answer: Answer) -> str:
        """The whole text: paragraphs with an empty line between them, lists with "• "."""
        language = answer.language
        parts = [say(language, "hello")]
        if answer.hazard:
            # Before anything else, also before the greeting.
            parts = [self._said(safety_response(answer.hazard), language) or "",
                     *self._emergency(answer)]
        elif answer.topic == "privacy" and answer.first:
            # The ticket's number is in it.
            parts.append(self._chats("privacy", answer))
        elif answer.ticket.queue == "presale":
            parts.append(say(language, "got_presale", number=answer.ticket.number))
        else:
            got = "got_more" if not answer.first else (
                "got_joined" if answer.ticket.joined else "got_first")
            parts.append(say(language, got, number=answer.ticket.number))
        if answer.topic == "return_refund" and answer.first and not answer.hazard:
            parts.append(self._chats("return_refund", answer))
        parts += self._policy(answer)
        parts += self._understood(answer)
        parts += self._refused(answer)
        if not answer.hazard and answer.ticket.queue != "presale":
            parts += self._missing(answer)
            next_ = [say(language, "complete" if answer.complete else "person")]
            if answer.symptom and not answer.complete:
                next_.append(say(language, "undecided"))
            parts.append(" ".join(next_))
            parts += self._steps(answer)
        return "\n\n".join(part for part in parts if part)

    def _chats(self, name: str, answer: Answer) -> str:
        """What the chat says to it."""
        said = self._said(f"utter_{name}", answer.language) or ""
        return said.replace("{ticket_number}", answer.ticket.number)

    def _policy(self, answer: Answer) -> list[str]:
        """What the chat would answer; nothing where there is danger, which comes before all."""
        language = answer.language
        said = [text for name in answer.policy
                if (text := self._said(f"utter_policy/{name}", language))]
        if answer.hazard or not said:
            return []
        return [say(language, "policy"), *said, say(language, "policy_general")]

    def _understood(self, answer: Answer) -> list[str]:
        language, lines = answer.language, []
        if answer.order_number:
            lines.append(say(language, "understood_order", order_number=answer.order_number))
        # Of "a fault that you described" nobody learns anything.
        if answer.symptom not in (None, "other"):
            lines.append(say(language, "understood_fault",
                             fault=_named(language, "fault", answer.symptom) or ""))
        causes = [named for name in answer.causes if (named := _named(language, "cause", name))]
        if causes:
            lines.append(say(language, "understood_causes", causes="; ".join(causes)))
        if answer.remedy:
            lines.append(say(language, "understood_remedy",
                             remedy=_named(language, "remedy", answer.remedy) or ""))
        if not lines:
            return []
        return [say(language, "understood"), _list(lines), say(language, "wrong_is_fine")]

    def _missing(self, answer: Answer) -> list[str]:
        if not answer.missing:
            return []
        language = answer.language
        found = [say(language, "missing"),
                 _list([say(language, f"missing_{name}") for name in answer.missing])]
        return [*found, say(language, "photos")] if answer.symptom else found

    def _refused(self, answer: Answer) -> list[str]:
        if not answer.refused:
            return []
        return [say(answer.language, "refused"), _list(
            [say(answer.language, "refused_file", name=name, reason=reason)
             for name, reason in answer.refused])]

    def _steps(self, answer: Answer) -> list[str]:
        """The steps that the chat would suggest, without its question at the end."""
        if not answer.first or not answer.symptom or answer.symptom == "other":
            return []
        text = self._said(f"utter_steps_{answer.symptom}", answer.language) or ""
        steps = [line.strip() for line in text.splitlines() if _STEP.match(line)]
        return [say(answer.language, "steps"), "\n".join(steps)] if steps else []

    def _emergency(self, answer: Answer) -> list[str]:
        language = answer.language
        ways = self._contact.ways(dt.datetime.now(dt.timezone.utc))
        phone = say(language, "emergency_open", phone=ways.support_phone) if ways.open_now else say(
            language, "emergency_closed", phone=ways.support_phone, timezone=ways.timezone,
            hours=hours_text(ways.working_hours, language))
        return [say(language, "emergency_ticket", number=answer.ticket.number), phone]


def _named(language: str, kind: str, name: str) -> str | None:
    return texts(language).get(f"{kind}_{name}")


def _list(lines: list[str]) -> str:
    return "\n".join(f"• {line}" for line in lines)
