"""The work breakdown structure: what its nodes are, where they stand, and how both change (docs/tree.md)."""
