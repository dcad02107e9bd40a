"""``make strangers``: tools that others wrote, with no word from us, take the served schema and the API as they are."""
