"""A small classifier on the encoder's features: one hidden layer, any number of labels.

Trained with Keras (which Rasa brings), used with numpy alone, stored without pickle.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

HIDDEN = 256
_EPOCHS = ((3, 2e-3), (3, 5e-4))
_BATCH = 512
_DROPOUT = 0.5

Array = np.ndarray


def no_progress(done: float, what: str) -> None:
    """Nobody watches."""


#: Called while training: the share that is done (0 to 1) and what is being done.
on_progress: Callable[[float, str], None] = no_progress


class LabelNet:
    """Probabilities of labels for features. Immutable once made."""

    def __init__(self, labels: Sequence[str], weights: dict[str, Array]) -> None:
        self.labels = tuple(labels)
        self._w = weights

    @classmethod
    def train(cls, features: Array, labels: Sequence[str], *, seed: int = 0) -> LabelNet:
        """Learns from one row of features and one label an example."""
        import tensorflow as tf

        tf.keras.utils.set_random_seed(seed)
        names = sorted(set(labels))
        position = {name: i for i, name in enumerate(names)}
        wanted = np.array([position[label] for label in labels])
        mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
        net = tf.keras.Sequential([
            tf.keras.layers.Dropout(_DROPOUT),
            tf.keras.layers.Dense(HIDDEN, activation="relu"),
            tf.keras.layers.Dropout(_DROPOUT),
            tf.keras.layers.Dense(len(names)),
        ])
        net.compile(tf.keras.optimizers.Adam(),
                    tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        # Keras would copy an array anew in each epoch.
        scaled = tf.constant(((features - mean) / spread).astype(np.float16))
        total, done = sum(epochs for epochs, _ in _EPOCHS), 0
        for epochs, rate in _EPOCHS:
            net.optimizer.learning_rate.assign(rate)
            for _ in range(epochs):
                on_progress(0.6 + 0.2 * done / total, "learning")
                net.fit(scaled, wanted, batch_size=_BATCH, epochs=1, verbose=0)
                done += 1
        (w1, b1), (w2, b2) = (layer.get_weights() for layer in net.layers if layer.weights)
        tf.keras.backend.clear_session()
        # The scaling is folded into the first layer, so that nothing is scaled at run time.
        return cls(names, {
            "w1": (w1 / spread[:, None]).astype(np.float32),
            "b1": (b1 - (mean / spread) @ w1).astype(np.float32),
            "w2": w2.astype(np.float32), "b2": b2.astype(np.float32),
        })

    def probabilities(self, features: Array) -> Array:
        """One row of probabilities for each row of features, in the order of `labels`."""
        w = self._w
        logits = np.maximum(features @ w["w1"] + w["b1"], 0) @ w["w2"] + w["b2"]
        logits -= logits.max(axis=-1, keepdims=True)
        exponents = np.exp(logits)
        return np.asarray(exponents / exponents.sum(axis=-1, keepdims=True))

    def save(self, folder: Path) -> None:
        """Writes the net into a folder: `labels.json` and `weights.npz`."""
        (folder / "labels.json").write_text(json.dumps(self.labels), encoding="utf-8")
        np.savez(folder / "weights.npz", **self._w)

    @classmethod
    def load(cls, folder: Path) -> LabelNet:
        """Reads what `save` wrote."""
        labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as stored:
            return cls(labels, {name: stored[name] for name in stored.files})
