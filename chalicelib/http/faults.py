"""What is wrong with a request, by field."""

from chalicelib.errors import Invalid

MOST_NAMED = 100


class Faults:
    """Collects every bad field of a request; only so many are named."""

    def __init__(self, unknown: str = "Unknown field.") -> None:
        self.unknown = unknown  # what is said of a name that is not declared
        self.by_field: dict[str, list[str]] = {}
        self.count = 0

    @property
    def full(self) -> bool:
        """Whether no further field is named, so that nothing need be looked at any more."""
        return len(self.by_field) >= MOST_NAMED

    def add(self, path: str, message: str) -> None:
        """Say what is wrong with a field."""
        self.count += 1
        if path in self.by_field or not self.full:
            self.by_field.setdefault(path or "body", []).append(message)

    def check(self) -> None:
        """Raises :class:`Invalid` when anything is wrong."""
        if self.by_field:
            only = f" Only the first {MOST_NAMED} are named." if self.full else ""
            raise Invalid(f"Some fields are not valid.{only}", errors=self.by_field)


def join(path: str, name: str) -> str:
    """The path of a field within the field of another path."""
    return f"{path}.{name}" if path else name


def counted(number: int, noun: str) -> str:
    """A number of things: 1 item, 2 items."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
