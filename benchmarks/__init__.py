"""What Countersign costs, as ratios to bare Temporal on the same server in the same run."""
