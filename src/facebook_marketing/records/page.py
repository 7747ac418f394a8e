"""What must be known of a page's bytes before msgspec may decode them."""

import re

import msgspec

# Strings that msgspec takes for a number or for null: "NaN", "sNaN1", "-Infinity", "N_aN", "null", in lower case here.
# They may be spelled with escapes. Other texts are found too ("Conan 2"): their row is only read more slowly.
# One leading letter to search for, because this runs over every byte of every page.
_ODD = re.compile(rb'n_*(?:a_*n[\d\s"\\_\x80-\xff]|f_*(?:i_*n_*i_*t_*y_*)?[\s"\\\x80-\xff]|ull")')
_ODD_ESCAPES = re.compile(rb"\\u00(?:[46][1569ce]|[57][3459f])")


def is_odd(page: bytes) -> bool:
    """True when the page, or row, may hold a string that would be read as a number or null and is none."""
    low = page.lower()
    return _ODD.search(low) is not None or (b"\\" in low and _ODD_ESCAPES.search(low) is not None)


def one_line(page: bytes) -> bytes:
    """The page as one line of true UTF-8: free-form values leave as they came, and records leave a line each.

    Raises:
        msgspec.DecodeError: a page of several lines is no JSON.
    """
    if not page.isascii():
        page = page.decode("utf-8", "replace").encode()
    return msgspec.json.format(page, indent=-1) if b"\n" in page or b"\r" in page else page
