"""`python -m bench.engine_programs ACTIVITIES ROWS TURNS`: the rollups of the engine section, timed in turn.

Needs pandas and polars; see bench/requirements-engine.txt.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl

from chalicelib.evm.amounts import MICRO
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import Rule
from chalicelib.evm.planned_value import Plan
from chalicelib.evm.project import Activity, Booking
from chalicelib.evm.rollup import totals

FIRST, AS_OF = date(2025, 1, 6), date(2026, 6, 30)
HOLIDAYS = [date(2025, 12, 25), date(2025, 12, 26), date(2026, 1, 1)]
LEVELS = ("location", "sub_location", "discipline")
AMOUNTS = ("bac", "pv", "ev", "ac", "unrated", "money_bac", "money_pv", "money_ev", "money_ac")

Result = dict[str, tuple[int, ...]]
"""The amounts of each node, by its id; the project's is ""."""


@dataclass(frozen=True)
class Made:
    """A project as plain rows.

    Activities are (id, path, start, finish, budget, rate, quantity), rows (activity, day, hours, rate, quantity).
    """

    activities: list[tuple[str, tuple[str, ...], date, date, int, Decimal, Decimal]]
    rows: list[tuple[str, date, int, Decimal | None, Decimal]]


def make(activities: int, rows: int) -> Made:
    """Locations of 1,600 activities, sub-locations of 160, disciplines of 16; two years of work."""
    dice = random.Random(20)
    rates = [Decimal(cents) / 100 for cents in range(2_000, 6_000, 13)]
    made = []
    for n in range(activities):
        start = FIRST + timedelta(days=dice.randrange(600))
        path = tuple(f"{level}-{n // size:06}" for level, size in zip(LEVELS, (1600, 160, 16), strict=True))
        finish = start + timedelta(days=dice.randrange(5, 90))
        budget, quantity = dice.randrange(2_000, 90_000) * (MICRO // 100), Decimal(dice.randrange(100, 99_999)) / 100
        made.append((f"activity-{n:06}", path, start, finish, budget, dice.choice(rates), quantity))
    each = rows // activities
    return Made(made, [_row(dice, activity[0], rates) for activity in made for _ in range(each)])


def _row(dice: random.Random, name: str, rates: list[Decimal]) -> tuple[str, date, int, Decimal | None, Decimal]:
    day = FIRST + timedelta(days=dice.randrange(700))
    rate = None if dice.random() < 0.02 else dice.choice(rates)
    return name, day, dice.randrange(25, 1_200) * (MICRO // 100), rate, Decimal(dice.randrange(2_000)) / 100


def ours(made: Made) -> Callable[[], Result]:
    """The engine, from activities with their bookings."""
    calendar = WorkCalendar({1, 2, 3, 4, 5}, HOLIDAYS)
    work: defaultdict[str, list[Booking]] = defaultdict(list)
    for name, day, hours, rate, quantity in made.rows:
        work[name].append(Booking(day, hours, rate, quantity))
    activities = [
        Activity(name, path, Plan(budget, start, finish), Rule.UNITS, quantity, (), rate, tuple(work[name]))
        for name, path, start, finish, budget, rate, quantity in made.activities
    ]

    def run() -> Result:
        found = totals(activities, calendar, AS_OF)
        return {
            name: (t.bac, t.pv, t.ev, t.ac, t.unrated, t.money_bac or 0, t.money_pv or 0, t.money_ev or 0, t.money_ac)
            for name, t in found.items()
        }

    return run


def frames(made: Made) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Activities and rows as data frames: whole numbers, text ids, rates in hundredths and -1 for none."""
    activities = pd.DataFrame(
        [
            (name, *path, start, finish, budget, int(rate * 100), int(quantity * 100))
            for name, path, start, finish, budget, rate, quantity in made.activities
        ],
        columns=["activity", *LEVELS, "start", "finish", "bac", "rate", "quantity"],
    )
    rows = pd.DataFrame(
        [
            (name, day, hours, -1 if rate is None else int(rate * 100), int(quantity * 100))
            for name, day, hours, rate, quantity in made.rows
        ],
        columns=["activity", "day", "hours", "rate", "installed"],
    )
    for column in ("start", "finish"):
        activities[column] = pd.to_datetime(activities[column])
    rows["day"] = pd.to_datetime(rows["day"])
    return activities, rows


def with_pandas(activities: pd.DataFrame, rows: pd.DataFrame) -> Callable[[], Result]:
    """The same from data frames of pandas."""
    holidays = np.array(HOLIDAYS, dtype="datetime64[D]")

    def run() -> Result:
        known = rows[rows["day"] <= pd.Timestamp(AS_OF)]
        rated = known["rate"] >= 0
        spent = pd.DataFrame(
            {
                "activity": known["activity"],
                "ac": known["hours"],
                "unrated": known["hours"].where(~rated, 0),
                "money_ac": (known["hours"] * known["rate"]).where(rated, 0),
                "installed": known["installed"],
            }
        )
        spent = spent.groupby("activity", sort=False).sum()
        own = activities.set_index("activity").join(spent).fillna(0)
        own["ev"] = _half_up(own["installed"].astype("int64").clip(lower=0), own["quantity"], own["bac"])
        own["pv"] = _planned(own, holidays)
        for name in ("bac", "pv", "ev"):
            own[f"money_{name}"] = own[name] * own["rate"]
        sums = own[list(AMOUNTS)].astype("int64")
        result = dict(zip(own.index, sums.itertuples(index=False, name=None), strict=True))
        for level in LEVELS:
            grouped = sums.groupby(own[level], sort=False).sum()
            result |= dict(zip(grouped.index, grouped.itertuples(index=False, name=None), strict=True))
        return result | {"": tuple(sums.sum())}

    return run


def _half_up(installed: pd.Series, quantity: pd.Series, budget: pd.Series) -> pd.Series:
    """At most the budget, in whole millionths half up."""
    done = installed.clip(upper=quantity)
    return (2 * done * budget + quantity) // (2 * quantity)


def _planned(own: pd.DataFrame, holidays: np.ndarray) -> np.ndarray:
    one_day = np.timedelta64(1, "D")
    start, finish = (own[name].to_numpy().astype("datetime64[D]") for name in ("start", "finish"))
    reached = np.minimum(finish, np.datetime64(AS_OF))
    worked = np.busday_count(start, finish + one_day, holidays=holidays)
    elapsed = np.where(reached < start, 0, np.busday_count(start, reached + one_day, holidays=holidays))
    budget = own["bac"].to_numpy()
    return np.where(elapsed == worked, budget, elapsed * (budget // np.maximum(worked, 1)))


def with_polars(activities: pl.DataFrame, rows: pl.DataFrame) -> Callable[[], Result]:
    """The same from data frames of polars, as one lazy query for the rows."""
    rated = pl.col("rate") >= 0

    def run() -> Result:
        spent = (
            rows.lazy()
            .filter(pl.col("day") <= AS_OF)
            .group_by("activity")
            .agg(
                ac=pl.col("hours").sum(),
                unrated=pl.col("hours").filter(~rated).sum(),
                money_ac=(pl.col("hours") * pl.col("rate")).filter(rated).sum(),
                installed=pl.col("installed").sum(),
            )
        )
        reached = pl.min_horizontal(pl.col("finish"), pl.lit(AS_OF))
        worked = pl.business_day_count("start", pl.col("finish") + pl.duration(days=1), holidays=HOLIDAYS)
        elapsed = pl.business_day_count("start", reached + pl.duration(days=1), holidays=HOLIDAYS)
        own = (
            activities.lazy()
            .join(spent, on="activity", how="left")
            .with_columns(pl.col("ac", "unrated", "money_ac", "installed").fill_null(0))
            .with_columns(
                done=pl.min_horizontal(pl.col("installed").clip(0), "quantity"),
                worked=worked.cast(pl.Int64),
                elapsed=pl.when(reached < pl.col("start")).then(0).otherwise(elapsed).cast(pl.Int64),
            )
            .with_columns(
                ev=(2 * pl.col("done") * pl.col("bac") + pl.col("quantity")) // (2 * pl.col("quantity")),
                pv=pl.when(pl.col("elapsed") == pl.col("worked"))
                .then("bac")
                .otherwise(pl.col("elapsed") * (pl.col("bac") // pl.col("worked").clip(1))),
            )
            .with_columns((pl.col("bac", "pv", "ev") * pl.col("rate")).name.prefix("money_"))
            .collect()
        )
        result = {row[0]: row[1:] for row in own.select("activity", *AMOUNTS).iter_rows()}
        for level in LEVELS:
            grouped = own.group_by(level).agg(pl.col(AMOUNTS).sum())
            result |= {row[0]: row[1:] for row in grouped.iter_rows()}
        return result | {"": own.select(pl.col(AMOUNTS).sum()).row(0)}

    return run


def main() -> None:
    """Print CPU and wall seconds of each turn as JSON."""
    activities, rows, turns = map(int, sys.argv[1:])
    made = make(activities, rows)
    frame, row_frame = frames(made)
    programs = {
        "chalicelib.evm": ours(made),
        "pandas": with_pandas(frame, row_frame),
        "polars": with_polars(_as_polars(frame), _as_polars(row_frame)),
    }
    agree({name: run() for name, run in programs.items()})
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for _ in range(turns):
        for name, run in programs.items():
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            run()
            times[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    print(json.dumps(times))


def _as_polars(frame: pd.DataFrame) -> pl.DataFrame:
    columns = {name: frame[name].to_list() for name in frame}
    return pl.DataFrame(columns).with_columns(pl.col(pl.Datetime).cast(pl.Date))


def agree(results: dict[str, Result]) -> None:
    """All programs, on every amount of every node, to the last digit."""
    first, *others = results
    for other in others:
        ours, theirs = results[first], {name: tuple(map(int, row)) for name, row in results[other].items()}
        differing = [name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)]
        if differing:
            name = min(differing)
            raise AssertionError(
                f"{other}: {len(differing)} nodes differ; {name}: {ours.get(name)}, {theirs.get(name)}"
            )


if __name__ == "__main__":
    main()
