"""Earned value as pure functions of frozen values: no input, no output, standard library only.

Stored and summed amounts are whole millionths of an hour (``amounts.MICRO``), so that sums taken in
any order agree to the last digit. Ratios are formed from exact fractions and rounded at the edge.
"""
