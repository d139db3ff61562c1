"""Rules of an approval: policy, levels, verbs, deadlines and snapshot."""
