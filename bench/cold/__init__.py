"""Programs that cold_start runs, each in a process of its own."""
