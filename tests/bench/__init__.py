"""Benchmarks beside a stock Rasa: `python -m tests.bench`."""
