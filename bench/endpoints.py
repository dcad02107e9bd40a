"""What each endpoint costs: rounds of calls, calls, and capacity units of one warm request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from bench.meter import Meter

_LAYOUT = "{:<36} {:>10} {:>6} {:>8} {:>8}"
HEADING = _LAYOUT.format("endpoint", "sequential", "calls", "RCU", "WCU")


@dataclass(frozen=True)
class EndpointCost:
    """The cost of one request."""

    name: str
    sequential_calls: int
    calls: int
    read_units: Decimal
    write_units: Decimal

    def __str__(self) -> str:
        """A row under HEADING."""
        return _LAYOUT.format(
            self.name, self.sequential_calls, self.calls, self.read_units, self.write_units
        )


class EndpointBench:
    """Measures requests with one meter and prints a row for each."""

    def __init__(self, meter: Meter, output: Callable[[str], object] = print) -> None:
        self._meter = meter
        self._output = output
        self._rows = 0

    def measure(self, name: str, request: Callable[[], object]) -> EndpointCost:
        """Send `request` once to warm up and once measured.

        The callable raises if the answer is not the expected one, and sends a write anew each
        time (another idempotency key, another row).
        """
        request()
        self._meter.clear()
        request()
        cost = self._cost(name)
        self._print(cost)
        return cost

    def _cost(self, name: str) -> EndpointCost:
        capacity = self._meter.capacity()
        rounds, calls = self._meter.sequential_calls(), len(self._meter.calls)
        return EndpointCost(name, rounds, calls, capacity.read, capacity.write)

    def _print(self, cost: EndpointCost) -> None:
        if self._rows == 0:
            self._output(HEADING)
        self._output(str(cost))
        self._rows += 1


def endpoints_section() -> None:
    """Calls and capacity per endpoint of the application."""
    raise NotImplementedError("endpoints_section: the application's requests go here")
