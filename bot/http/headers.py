"""Headers of answers that are meant for one reader only."""

from __future__ import annotations

#: Nobody keeps the answer, guesses its type, learns where it was asked for or embeds it.
API_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
