"""Text: what a field takes, bounded in characters before anything is computed with it, and in bytes after."""

import re
import unicodedata

from msgspec import Meta, Struct

from chalicelib.http.faults import counted
from chalicelib.http.json_text import Huge
from chalicelib.names import IGNORABLE, comparison_form

# Character classes of regular expressions, as Python and JSON Schema both read them.
REFUSED = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
BREAKS = r"\t\n\r\u2028\u2029"
FORMATS = (
    r"\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2060-\u2064\u206a-\u206f\ufeff"
    r"\ufff9-\ufffb"
)
BLANK = (
    r"\s\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
)
BYTES_EACH = 4  # of a character in UTF-8; some become longer when they are normalised
CONTROL = "Must be text without control characters, marks that reverse the direction of writing, or lone surrogates."
_ONE_LINE, _SEVERAL_LINES = (re.compile(f"[^{REFUSED}{more}\ud800-\udfff]*") for more in (BREAKS, ""))
_VISIBLE = re.compile(f"[^{REFUSED}\\s{IGNORABLE}]")


class Text(Struct, frozen=True):
    """Bounds of a text in characters, once it is trimmed.

    A text of one line may be a key of a table: it is bounded in bytes too, as it is and as it is compared.
    ``plain`` text has no control or format characters. ``form`` is a pattern, which ``kind`` names.
    """

    shortest: int
    longest: int
    lines: bool = False
    plain: bool = False
    form: str | None = None
    kind: str | None = None

    @property
    def most_bytes(self) -> int:
        """The longest form that a table may have to keep."""
        return self.longest * BYTES_EACH

    def check(self, value: object) -> str:
        """The text, trimmed.

        Raises:
            ValueError: says what is taken.
        """
        if isinstance(value, Huge) or not isinstance(value, str):
            raise ValueError("Must be text.")
        text = value.strip()
        if len(text) > self.longest:
            raise ValueError(f"Must have at most {counted(self.longest, 'character')}.")
        self._check_characters(value)
        if self.shortest and not _VISIBLE.search(text):
            raise ValueError("Must not be empty.")
        if len(text) < self.shortest:
            raise ValueError(f"Must have at least {counted(self.shortest, 'character')}.")
        if self.form and not re.search(self.form, text):
            raise ValueError(f"Must be {self.kind}.")
        self._check_bytes(text)
        return text

    def _check_characters(self, value: str) -> None:
        if not (_SEVERAL_LINES if self.lines else _ONE_LINE).fullmatch(value):
            raise ValueError(CONTROL)
        if self.plain and not value.isascii():
            hidden = next((char for char in value.strip() if unicodedata.category(char) in {"Cc", "Cf"}), None)
            if hidden:
                name = unicodedata.name(hidden, "a control character")
                raise ValueError(f"Must not have invisible characters, such as U+{ord(hidden):04X} {name}.")

    def _check_bytes(self, text: str) -> None:
        if self.lines or text.isascii():
            return
        forms = (text, unicodedata.normalize("NFC", text), comparison_form(text))
        if max(len(form.encode()) for form in forms) > self.most_bytes:
            raise ValueError(f"Must have at most {self.most_bytes} bytes in UTF-8, once it is normalised.")

    def pattern(self) -> str:
        """The characters that it takes, as JSON Schema says it."""
        taken = f"[^{REFUSED}{'' if self.lines else BREAKS}{FORMATS if self.plain else ''}]*"
        return f"^{taken}[^{REFUSED}{BLANK}{FORMATS if self.plain else ''}]{taken}$" if self.shortest else f"^{taken}$"


def text(
    example: str,
    shortest: int,
    longest: int,
    *,
    lines: bool = False,
    plain: bool = False,
    description: str | None = None,
) -> Meta:
    """What a field of text takes, and the same in the schema: see :class:`Text`."""
    rule = Text(shortest, longest, lines, plain)
    return _meta(rule, example, description, rule.pattern())


def formed(example: str, form: str, longest: int, kind: str, *, plain: bool = False) -> Meta:
    """Text of a form, such as an e-mail address; ``kind`` says in a sentence what it must be."""
    return _meta(Text(0, longest, plain=plain, form=form, kind=kind), example, kind, form)


def _meta(rule: Text, example: str, description: str | None, pattern: str) -> Meta:
    return Meta(
        min_length=rule.shortest,
        max_length=rule.longest,
        description=description,
        examples=[example],
        extra={"rule": rule},
        extra_json_schema={"pattern": pattern},
    )
