"""Attacks on the whole service through the gateway adapter, by ``make attack``; the ordinary run leaves them out."""
