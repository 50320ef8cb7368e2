"""Rasa's graph, run node by node.

Rasa has dask schedule a handful of nodes, and writes the graph into a log line that nobody asked
for: for a message, both cost more than most of the nodes. The order never changes, so it is found
once.
"""

from __future__ import annotations

import functools
from graphlib import TopologicalSorter
from typing import Any

from rasa.engine.runner.dask import DaskGraphRunner


class StraightRunner(DaskGraphRunner):
    """Runs the nodes that the targets need, each after those that it needs, in this thread."""

    @classmethod
    def instead_of(cls, runner: DaskGraphRunner) -> StraightRunner:
        """A runner of the same nodes, which stay loaded as they are."""
        straight = cls.__new__(cls)
        straight.__dict__.update(runner.__dict__)
        return straight

    def run(self, inputs: dict[str, Any] | None = None,
            targets: list[str] | None = None) -> dict[str, Any]:
        """The targets' outputs by their names. Raises what a node raises."""
        wanted = targets or self._graph_schema.target_names
        outputs = dict(inputs or {})
        for name, needs in self._order(tuple(wanted)):
            # A node tells by the pair whether what it needs was there.
            _, outputs[name] = self._instantiated_nodes[name](
                *((need, outputs[need]) for need in needs))
        return {name: outputs[name] for name in wanted}

    @functools.lru_cache(maxsize=8)  # noqa: B019 (one runner a process)
    def _order(self, targets: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
        """The nodes in their order, each with what it needs; inputs are no nodes."""
        nodes = self._graph_schema.minimal_graph_schema(list(targets)).nodes
        needs = {name: tuple(dict.fromkeys(node.needs.values())) for name, node in nodes.items()}
        return [(name, needs[name]) for name in TopologicalSorter(needs).static_order()
                if name in nodes]
