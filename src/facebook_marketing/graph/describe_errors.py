"""The page about Meta's errors, written from the table that decides on them: it cannot drift (docs/errors.md)."""

from collections.abc import Iterable

from facebook_marketing.catalog.markdown import table
from facebook_marketing.graph.error_table import RULES, WITHOUT_CODE, Rule

_INTRO = """# Troubleshooting by error code

Written by `facebook_marketing.graph.describe_errors.page()`; a test fails when this page is not current. The program
decides by this very table: code, subcode and, where Meta gives one code to several things, text.

A message of ours has four parts: what the error means, what Meta said (`code/subcode text (Meta's title and text for
people)`), Meta's `fbtrace_id`, and what you do. With Meta's support quote the `fbtrace_id`; it is shown wherever Meta
gave one. [`doctor`](doctor.md) looks for most of these troubles before a sync meets them.

Meta writes its texts for people in the language of the token's user, and gives nearly every error HTTP 400 and the
type `OAuthException`: neither says what is wrong. The code does.
"""

_ROWS = """
## By code

The first row that fits counts: one with a subcode before the one without.
"""

_OTHERS = """
## Without a known code
"""

_SOURCES = """
## Where the rows come from

*Meta: …* is Meta's own page of that name; *seen* is from public reports of people who called the API.
"""

_HEAD = ("code", "it means", "what we do by ourselves", "what you do", "source")


def page() -> str:
    """docs/errors.md, whole."""
    return "".join(
        (
            _INTRO,
            _ROWS,
            table(_HEAD, ((f"`{rule.name}`{_quoted(rule)}", *_rest(rule)) for rule in _sorted(RULES))),
            _OTHERS,
            table(("seen", *_HEAD[1:]), ((rule.shown, *_rest(rule)) for rule in WITHOUT_CODE)),
            _SOURCES,
        )
    )


def _sorted(rules: Iterable[Rule]) -> list[Rule]:
    """By code; within a code as they are tried."""
    return sorted(rules, key=lambda rule: (rule.code is not None, rule.code or 0, rule.until is not None))


def _quoted(rule: Rule) -> str:
    return f" {rule.shown}" if rule.shown else ""


def _rest(rule: Rule) -> tuple[str, ...]:
    return rule.meaning, rule.ours, rule.mend, rule.source
