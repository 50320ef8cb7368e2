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


class ModelError(AftersaleError):
    """No trained model, or one that this installation did not train."""
