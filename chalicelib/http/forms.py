"""What a form of our own pages sends."""

from urllib.parse import parse_qs, urlsplit

from chalicelib.errors import Denied, Invalid, PayloadTooLarge, UnsupportedMediaType
from chalicelib.http.call import Call
from chalicelib.http.json_text import LOST, printable
from chalicelib.http.negotiation import raw_body

FORM = "application/x-www-form-urlencoded"
MAX_FORM = 65_536


def form(call: Call) -> dict[str, str]:
    """The fields of a form of this very site.

    Raises:
        Denied: the browser says that another site has sent it.
        Invalid: it is not UTF-8, or has a field twice.
        PayloadTooLarge, UnsupportedMediaType: it is no form of ours.
    """
    if not _from_here(call):
        raise Denied("This form was sent from another site.")
    kind = call.headers.get("content-type", FORM).split(";")[0].strip().lower()
    raw = raw_body(call)
    if raw and kind != FORM:
        raise UnsupportedMediaType(f"The body must be {FORM}.")
    if len(raw) > MAX_FORM:
        raise PayloadTooLarge(f"A form may have {MAX_FORM} bytes.")
    try:
        text = raw.decode()
        fields = parse_qs(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        text = LOST
    if LOST in text:
        raise Invalid("The form is not UTF-8.")
    if repeated := {printable(name): ["Given more than once."] for name, values in fields.items() if len(values) > 1}:
        raise Invalid(errors=repeated)
    return {name: values[0] for name, values in fields.items()}


def _from_here(call: Call) -> bool:
    """What the browser says of where the form was; programs say nothing."""
    site = call.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    sender = call.headers.get("origin")
    hosts = {call.headers.get("host"), call.event["requestContext"].get("domainName")}
    return sender is None or _host(sender) in hosts


def _host(sender: str) -> str:
    try:
        return urlsplit(sender).netloc
    except ValueError:
        return ""
