"""What a request costs: calls and capacity at the client, and the time of a cold start."""
