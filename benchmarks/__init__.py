"""Measurements of the whole: see docs/benchmarks.md."""
