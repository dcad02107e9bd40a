"""The S-curve as an SVG picture for a report: readable in black and white and by a screen reader.

Lines differ in dashes and markers, not in colour alone. It is one standing file: no script, no style
sheet, nothing loaded, so that any page's content policy takes it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal
from xml.etree import ElementTree

from chalicelib.evm.amounts import MICRO, MONEY
from chalicelib.evm.axes import Amounts, Days, in_words, written
from chalicelib.evm.figures import Measure
from chalicelib.evm.s_curve import Curve, Line, Point

WIDTH, HEIGHT = 960, 540
LEFT, RIGHT, TOP, BOTTOM = 96, 932, 104, 476
LEGEND, SAMPLE, CHARACTER = 54, 40, 6.8  # its first row; the length of a line in it; the width of a character
HEADING = 72  # characters that fit
MARKERS = 14  # at most so many on a line; more would hide it
INK, GREY, PALE = "#1a1a1a", "#595959", "#d9d9d9"

Marker = Literal["none", "circle", "square", "triangle"]
Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """How a line is drawn: told apart by dashes and marker where there is no colour."""

    name: str
    colour: str
    dashes: str
    marker: Marker


PLANNED = Look("Planned", "#595959", "10 5", "none")
EARNED = Look("Earned", "#0b6e3b", "", "circle")
SPENT = Look("Spent", "#a8201a", "", "square")
FORECAST = Look("Forecast", "#a8201a", "2 5", "triangle")


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where days and amounts lie."""

    days: Days
    amounts: Amounts
    unit: int

    def spot(self, day: date, amount: Fraction | int) -> Spot:
        return self.days.place(day), self.amounts.place(Fraction(amount) / self.unit)


def s_curve_svg(curve: Curve, measure: Measure, unit: str, heading: str, budget: int | None = None) -> str:
    """The picture of a curve as an SVG document.

    ``unit`` is written at the axis of amounts ("hours", "EUR"), ``heading`` over the picture; ``budget``
    (BAC, in the curve's unit) is a line of its own.
    """
    heading = "".join(letter if letter.isprintable() else " " for letter in heading)  # XML takes no control characters
    root = _element(None, "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {HEIGHT}")
    for name, value in {"width": str(WIDTH), "height": str(HEIGHT), "role": "img", "font-size": "13"}.items():
        root.set(name, value)
    root.set("font-family", "Helvetica, Arial, 'Liberation Sans', sans-serif")
    root.set("aria-labelledby", "s-curve-title s-curve-description")
    scale = MICRO if measure == "hours" else MONEY
    _element(root, "title", f"S-curve of {heading}", id="s-curve-title")
    _element(root, "desc", _description(curve, scale, unit, budget), id="s-curve-description")
    _element(root, "rect", width=WIDTH, height=HEIGHT, fill="#ffffff")
    _element(root, "text", _cut(heading), x=LEFT, y=32, fill=INK, font_size=20, font_weight="bold")
    if curve.first is None:
        _element(root, "text", "Nothing is planned, earned or spent yet.", x=LEFT, y=TOP, fill=INK)
    else:
        _draw(root, curve, _frame(curve, curve.first, scale, budget), unit, budget)
    return ElementTree.tostring(root, encoding="unicode")


def _frame(curve: Curve, first: date, scale: int, budget: int | None) -> _Frame:
    values = [value for point in curve.points for value in (point.planned, point.earned, point.spent) if value]
    ends = [curve.line.eac] if curve.line else []
    most = max([*map(Fraction, values), *ends, Fraction(budget or 0)])
    before = first - timedelta(days=1) if first > date.min else first
    days = Days(before, curve.points[-1].date, LEFT, RIGHT)
    return _Frame(days, Amounts(most / scale, TOP, BOTTOM), scale)


def _draw(root: ElementTree.Element, curve: Curve, frame: _Frame, unit: str, budget: int | None) -> None:
    _axes(root, frame, unit)
    if budget:
        _budget(root, frame, budget)
    _as_of(root, frame, curve.as_of)
    for look, spots in _lines(curve, frame):
        _line(root, look, spots)
    _legend(root, curve, frame)


def _axes(root: ElementTree.Element, frame: _Frame, unit: str) -> None:
    for tick in frame.amounts.ticks():
        _element(root, "line", x1=LEFT, x2=RIGHT, y1=tick.place, y2=tick.place, stroke=PALE)
        _element(root, "text", tick.label, x=LEFT - 10, y=tick.place + 4, fill=INK, text_anchor="end")
    _element(root, "text", unit, x=LEFT - 10, y=TOP - 20, fill=INK, text_anchor="end", font_weight="bold")
    for tick in frame.days.ticks():
        _element(root, "line", x1=tick.place, x2=tick.place, y1=BOTTOM, y2=BOTTOM + 6, stroke=INK)
        for label, below in ((tick.label, 22), (tick.year, 40)):
            if label:
                _element(root, "text", label, x=tick.place, y=BOTTOM + below, fill=INK, text_anchor="middle")
    _element(root, "path", d=f"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}", fill="none", stroke=INK)


def _budget(root: ElementTree.Element, frame: _Frame, budget: int) -> None:
    place = frame.amounts.place(Fraction(budget, frame.unit))
    _element(root, "line", x1=LEFT, x2=RIGHT, y1=place, y2=place, stroke=INK, stroke_dasharray="1 4", stroke_width=1.5)
    label = f"Budget {written(Fraction(budget, frame.unit))}"
    _element(root, "text", label, x=LEFT + 8, y=place + 16, fill=INK)


def _as_of(root: ElementTree.Element, frame: _Frame, as_of: date) -> None:
    if not frame.days.first <= as_of <= frame.days.last:
        return
    place = frame.days.place(as_of)
    _element(root, "line", x1=place, x2=place, y1=TOP - 20, y2=BOTTOM, stroke=INK, stroke_dasharray="6 3")
    anchor = "end" if place > (LEFT + RIGHT) / 2 else "start"
    beside = place - 6 if anchor == "end" else place + 6
    _element(root, "text", f"As of {in_words(as_of)}", x=beside, y=TOP - 10, fill=INK, text_anchor=anchor)


def _lines(curve: Curve, frame: _Frame) -> Iterator[tuple[Look, list[Spot]]]:
    """Planned first, so that the others lie on it; each line but the forecast begins at 0."""
    start, points = frame.spot(frame.days.first, 0), curve.points
    yield PLANNED, [start, *(frame.spot(point.date, point.planned) for point in points)]
    if curve.line and curve.line.end > curve.line.begin:
        yield FORECAST, [frame.spot(curve.line.begin, curve.line.spent), frame.spot(curve.line.end, curve.line.eac)]
    spent = [frame.spot(point.date, point.spent) for point in points if point.spent is not None]
    earned = [frame.spot(point.date, point.earned) for point in points if point.earned is not None]
    for look, spots in ((SPENT, spent), (EARNED, earned)):
        if spots:
            yield look, [start, *spots]


def _line(root: ElementTree.Element, look: Look, spots: Sequence[Spot]) -> None:
    _stroke(root, look, spots)
    for spot in _thinned(spots[1:]):
        _mark(root, look, spot)


def _stroke(root: ElementTree.Element, look: Look, spots: Sequence[Spot]) -> None:
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    line = _element(root, "path", d=path, fill="none", stroke=look.colour, stroke_width=2.5, stroke_linejoin="round")
    if look.dashes:
        line.set("stroke-dasharray", look.dashes)


def _thinned(spots: Sequence[Spot]) -> Iterable[Spot]:
    """Every so manieth, counted from the last, which always has its marker."""
    return spots[:: -max(1, -(-len(spots) // MARKERS))]


def _mark(root: ElementTree.Element, look: Look, spot: Spot) -> None:
    x, y = spot
    if look.marker == "circle":
        _element(root, "circle", cx=x, cy=y, r=4, fill=look.colour)
    elif look.marker == "square":
        _element(root, "rect", x=x - 4, y=y - 4, width=8, height=8, fill="#ffffff", stroke=look.colour, stroke_width=2)
    elif look.marker == "triangle":
        path = f"M{x:.1f} {y - 6:.1f}l6 10h-12z"
        _element(root, "path", d=path, fill="#ffffff", stroke=look.colour, stroke_width=2)


def _legend(root: ElementTree.Element, curve: Curve, frame: _Frame) -> None:
    """In one row, or where long amounts need it in two."""
    x, y = float(LEFT), LEGEND
    for look, text in _entries(curve, frame.unit):
        width = SAMPLE + 10 + CHARACTER * len(text)
        if x + width > WIDTH:
            x, y = float(LEFT), y + 20
        _stroke(root, look, [(x, y), (x + SAMPLE, y)])
        _mark(root, look, (x + SAMPLE / 2, float(y)))
        _element(root, "text", text, x=x + SAMPLE + 10, y=y + 4, fill=INK)
        x += width + 24


def _entries(curve: Curve, unit: int) -> Iterator[tuple[Look, str]]:
    """Each line with the amount at as-of; of the forecast the amount and the date at its end."""
    now = _now(curve)
    amounts = (now.planned, now.earned, now.spent) if now else (None, None, None)
    for look, amount in zip((PLANNED, EARNED, SPENT), amounts, strict=True):
        yield look, look.name if amount is None else f"{look.name} {written(Fraction(amount, unit))}"
    if curve.line and curve.line.end > curve.line.begin:
        yield FORECAST, f"Forecast {_end(curve.line, unit)}"


def _now(curve: Curve) -> Point | None:
    return next((point for point in curve.points if point.date == curve.as_of), None)


def _end(line: Line, unit: int) -> str:
    return f"{written(line.eac / unit)} on {in_words(line.end)}"


def _cut(heading: str) -> str:
    return heading if len(heading) <= HEADING else f"{heading[: HEADING - 1]}…"


def _description(curve: Curve, scale: int, unit: str, budget: int | None) -> str:
    """What the picture shows, in sentences."""
    if curve.first is None:
        return "Nothing is planned, earned or spent yet."
    period = {"day": "day", "week": "week", "month": "month"}[curve.interval]
    begin, end = in_words(curve.first), in_words(curve.points[-1].date)
    words = [f"Cumulative {unit} by {period} from {begin} to {end}."]
    now = _now(curve)
    if now and now.earned is not None and now.spent is not None:
        amounts = (written(Fraction(amount, scale), 2) for amount in (now.planned, now.earned, now.spent))
        words.append("As of {}: planned {}, earned {}, spent {}.".format(in_words(curve.as_of), *amounts))
    if budget:
        words.append(f"The budget is {written(Fraction(budget, scale), 2)}.")
    if curve.line:
        words.append(f"The forecast is {written(curve.line.eac / scale, 2)} on {in_words(curve.line.end)}.")
    return " ".join(words)


def _element(
    parent: ElementTree.Element | None, tag: str, text: str | None = None, **attributes: str | float
) -> ElementTree.Element:
    """A new element; numbers to a tenth of a pixel, underscores in names as hyphens."""
    written_out = {
        name.replace("_", "-"): value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
        for name, value in attributes.items()
    }
    made = ElementTree.Element(tag, written_out)
    made.text = text
    if parent is not None:
        parent.append(made)
    return made
