"""Training, and loading only what this installation trained.

A model holds pickled parts of Rasa's own, so a file is loaded only if its SHA-256 stands in our
manifest. The manifest also knows what it was trained from, so nothing is trained twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from bot.errors import ModelError
from bot.settings import ROOT

DATA = ROOT / "data"
MANIFEST = "manifest.json"
_KEPT_MODELS = 2


def training_files() -> list[Path]:
    """Everything that a model is made from."""
    return sorted([ROOT / "config.yml", ROOT / "domain.yml", *DATA.rglob("*.yml"),
                   *(ROOT / "bot" / "understanding").glob("*.py"),
                   ROOT / "bot" / "services" / "patterns.py", ROOT / "uv.lock"])


def fingerprint() -> str:
    """A hash of everything that a model is made from."""
    digest = hashlib.sha256()
    for path in training_files():
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def current_model(folder: Path) -> Path:
    """The trained model. Raises ModelError if there is none or it is not the one trained here."""
    manifest = _manifest(folder)
    if not manifest:
        raise ModelError("there is no trained model; run: make train")
    path = folder / manifest["file"]
    if not path.is_file():
        raise ModelError(f"the model {path.name} is gone; run: make train")
    if _sha256(path) != manifest["sha256"]:
        raise ModelError(f"the model {path.name} is not the one that was trained here; "
                         "run: make train")
    return path


def is_current(folder: Path) -> bool:
    """Whether there is a model trained from today's files."""
    try:
        current_model(folder)
    except ModelError:
        return False
    return bool(_manifest(folder)["fingerprint"] == fingerprint())


def train(folder: Path, report: Callable[[str], None], data: Path = DATA) -> Path:
    """Trains into `folder` and writes the manifest. Raises ModelError if Rasa does not.

    `data`: other training data than the project's.
    """
    from rasa.model_training import train as rasa_train

    folder.mkdir(parents=True, exist_ok=True)
    wanted = fingerprint()
    report("reading the training data")
    result = rasa_train(domain=str(ROOT / "domain.yml"), config=str(ROOT / "config.yml"),
                        training_files=str(data), output=str(folder),
                        force_training=True)
    if result.code != 0 or not result.model:
        raise ModelError("training failed; see the messages above")
    model = Path(result.model)
    manifest = {"file": model.name, "sha256": _sha256(model), "fingerprint": wanted}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    _forget(path for path in sorted(folder.glob("*.tar.gz"), key=lambda p: p.stat().st_mtime)
            [:-_KEPT_MODELS])
    return model


def _manifest(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    wanted = {"file", "sha256", "fingerprint"}
    return found if isinstance(found, dict) and wanted <= set(found) else {}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _forget(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
