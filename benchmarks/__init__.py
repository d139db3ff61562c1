"""Benchmarks of Countersign, as ratios to bare Temporal on the same server in the same run."""
