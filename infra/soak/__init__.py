"""``make soak``: an hour of a large site in minutes, and whether nothing is lost, doubled or left behind."""
