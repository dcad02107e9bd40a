"""What a release may change of the one before: the gate before a template goes out."""
