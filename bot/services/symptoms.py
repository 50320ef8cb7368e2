"""The symptoms that the assistant knows safe steps for.

The steps themselves are responses (`utter_steps_<symptom>` in data/warranty/troubleshooting.yml).
"""

from __future__ import annotations

from bot.services.heard import Heard

KINDS = ("no_power", "no_gps_fix", "no_sound", "touch", "screen", "bluetooth", "camera", "radio",
         "can_bus", "boot_loop", "disc", "battery_drain", "other")

#: How sure it has to be that a message tells a fault at all, when it was not asked for.
_TOLD = 0.4
#: The same of a part of it, beside a question on something else.
_TOLD_IN_A_PART = 0.9
#: The share of a symptom among all claims that is enough to name it.
_NAMED = 0.3


class Symptoms:
    """Recognises a symptom in what was understood."""

    def recognise(self, heard: Heard, *, asked: bool = False) -> str | None:
        """The symptom that a message tells, or None. `asked`: it answers what is wrong."""
        # "It still has no sound" tells the fault as well, where nobody asked whether it is fixed.
        claim = heard.intents.get("claim", 0.0) + heard.intents.get("fixed", 0.0)
        mine = {kind: heard.most(f"claim/{kind}") for kind in KINDS}
        # "I have another problem: no sound" is general only if no part of it is more than that.
        mine["general"] = heard.labels.get("claim/general", 0.0)
        total = sum(mine.values())
        told = claim >= _TOLD or heard.tells_a_fault() >= _TOLD_IN_A_PART
        if not total or not (told or asked):
            return None
        if asked:
            mine.pop("general")
        best = max(mine, key=lambda kind: mine[kind])
        if best == "general" or mine[best] / total < _NAMED:
            return None
        return best

    def has_steps(self, kind: str | None) -> bool:
        """Whether there is something safe to try at home."""
        return kind in KINDS
