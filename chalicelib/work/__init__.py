"""Work of more than one transaction: intents that always come to their end, and the jobs that clients see of them."""
