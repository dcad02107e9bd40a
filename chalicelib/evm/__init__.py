"""Earned value as pure functions of frozen values: no input, no output, standard library only.

Stored and summed amounts are whole millionths of an hour (``amounts.MICRO``) and whole 1e-8 of money
(``amounts.MONEY``), so that sums taken in any order agree to the last digit. Ratios are formed from
exact fractions and rounded at the edge. What is None has a reason (``reasons``).

From rows to figures, each step usable by itself:

* ``planned_value.slope_changes(plan, calendar)`` and ``earning.earned_series(…)`` turn an activity
  into dated changes; ``project.activity_sums`` does both and gives its ``sums.Sums``.
* ``sums.Sums`` are the dated sums of a node in one unit and one plan. They only need adding
  (``sums.added``); hours become money with ``sums.priced(sums, rate)``, before or after adding.
* ``sums.cut(sums, calendar, as_of)`` cuts them at a date. Who keeps other sums (by month, say) makes
  the same ``sums.Cut`` directly: budgets, PV and EV by kind of work, and an
  ``earned_schedule.Schedule``, whose ``planned`` is any function from a day to PV.
* ``figures.Node`` joins the cut in hours, the cut in money (None: a planned rate is wanting), what
  is spent, and the unbaselined hours; ``figures.figures(node, measure, forecast)`` gives every key
  figure of it and ``explain.explain(node, measure, forecast)`` how each comes about.
* ``s_curve.s_curve(sums, spent, calendar, as_of, interval, …)`` gives the points of the S-curve;
  ``table.rows`` and ``table.as_csv`` show them in hours or money, ``picture.s_curve_svg`` draws them.
* ``look_ahead.outlook(progress, calendar, as_of)`` and ``productivity.productivity(…)`` are the two
  reports that look at one activity.
* ``project.node(activities, calendar, as_of, rate)`` goes the whole way from source rows;
  ``rollup.totals(…)`` does so for every node of a project at one date, without the figures of time.

A level of effort has no EV of its own in any sum: it earns what is planned. Activities without both
baseline dates have their EV in ``Sums.undated``.
"""
