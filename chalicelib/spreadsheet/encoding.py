"""From the bytes of a text file to its text; what is not Unicode is refused by name."""

import codecs

from chalicelib.errors import Invalid

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAVE = "Save it as “CSV UTF-8” or as a workbook (.xlsx)."
# The letters that texts of a script have most, as each of the old code pages writes them.
_CYRILLIC = frozenset("оеаинтсрвлкОЕАИНТСРВЛК".encode("cp1251"))
_ARABIC = frozenset("اليمنورتبةدعسه".encode("cp1256"))
_SAMPLE = 100_000


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, or in UTF-16 or UTF-32 with a byte order mark.

    Raises:
        Invalid: naming the encoding that the file seems to have.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decoded(content[len(mark) :], encoding)
    if 0 in content[:_SAMPLE]:
        raise _refused("UTF-16 without a byte order mark")
    return _decoded(content, "utf-8")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        pass
    if encoding != "utf-8":
        raise _refused(f"damaged {encoding[:6].upper()}")
    raise _refused(_code_page(content[:_SAMPLE]))


def _refused(encoding: str) -> Invalid:
    text = f"The file is not UTF-8: it seems to be {encoding}. {_SAVE}"
    return Invalid(text, errors={"file": [text]})


def _code_page(content: bytes) -> str:
    """Which of the old code pages a text is in, by its commonest letters."""
    high = [byte for byte in content if byte >= 0x80]
    alone = sum(
        1
        for place, byte in enumerate(content)
        if byte >= 0x80 and max(content[place - 1 : place] + content[place + 1 : place + 2], default=0) < 0x80
    )
    if alone * 2 > len(high):  # accents stand among plain letters; other scripts do not
        return "Windows-1252 (Western European)"
    cyrillic, arabic = (sum(byte in letters for byte in high) for letters in (_CYRILLIC, _ARABIC))
    return "Windows-1251 (Cyrillic)" if cyrillic >= arabic else "Windows-1256 (Arabic)"
