"""Every error the assistant raises on purpose, as one small tree.

Services and the store raise them; channels, the desk and the command line translate them
into an HTTP status, a sentence for a customer or an exit code.
"""


class AftersaleError(Exception):
    """Base of all errors below. Its text is one clear line that may be shown to an operator."""


class SettingError(AftersaleError):
    """A setting has a value that cannot be used; the text names the setting and what is allowed."""


class StoreError(AftersaleError):
    """The database cannot be reached, is locked for too long, or is read-only."""


class ConcurrentTurn(AftersaleError):
    """Another turn of the same conversation was saved first; nothing of this one was kept."""


class TakenOver(AftersaleError):
    """A person took the conversation over during a turn; nothing of the turn was kept."""


class BadMessage(AftersaleError):
    """A message cannot be taken in (empty, too long, not text)."""


class NoSuchAttachment(BadMessage):
    """A message names a file that is not in its conversation, or that was sent before."""


class RefusedFile(AftersaleError):
    """A file cannot be taken as an attachment.

    `reason`: empty, kind, photo_format, too_large, too_many, damaged or pixels; `values` are the
    numbers that belong to it.
    """

    def __init__(self, reason: str, **values: int) -> None:
        super().__init__(f"the file was refused: {reason}")
        self.reason, self.values = reason, values


class ImportRefused(AftersaleError):
    """An orders file has bad rows; `problems` names each with its line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(f"{len(problems)} bad row(s), nothing was imported")
        self.problems = problems


class NotAllowed(AftersaleError):
    """Somebody asked for a record that is not theirs, or for a step that the state forbids."""


class Unsure(AftersaleError):
    """A step that nothing forbids and nothing speaks for: it needs somebody's word."""


class Unknown(AftersaleError):
    """There is no such record, or none that the one who asks may see."""


class TooOften(AftersaleError):
    """Something was tried too often; it may be tried again in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too often; try again in {retry_after} seconds")
        self.retry_after = retry_after


class SignInRefused(AftersaleError):
    """Somebody could not sign in. `reason`: wrong, code, signed_out, or locked for so many
    seconds (`retry_after`)."""

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__(f"signing in was refused: {reason}")
        self.reason, self.retry_after = reason, retry_after


class ModelError(AftersaleError):
    """No trained model, or one that this installation did not train."""
