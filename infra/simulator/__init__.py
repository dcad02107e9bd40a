"""A whole stage in one process that breaks on purpose, drawn from one seed, and a model that says what must hold."""
