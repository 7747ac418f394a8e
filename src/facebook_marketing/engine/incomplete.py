"""How a read that is not complete is said: one line a reason, an error for it, a warning for it."""

import re
from collections import defaultdict
from collections.abc import Sequence

from facebook_marketing.engine.door import Failure, Outcome

_TRACE = re.compile(r"\.? \[fbtrace_id [^\]]*\]")


class IncompleteError(Exception):
    """Something was not read to its end; everything else was. `outcome` says what, account by account."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("\n".join(["Not read to the end:", *reasons(outcome.failures)]))
        self.outcome = outcome


class IncompleteWarning(UserWarning):
    """A stream was not read to its end: what was read is loaded, the next run asks for the rest."""


def reasons(failures: Sequence[Failure]) -> list[str]:
    """A line for each reason, with the streams that it stopped: thirty streams of a dead token are one line."""
    streams = defaultdict[tuple[str, str], list[str]](list)
    for failure in failures:
        streams[failure.account, _reason(failure)].append(failure.stream)
    return [
        f"  account {account}, {', '.join(dict.fromkeys(names))}: {reason}"
        for (account, reason), names in streams.items()
    ]


def _reason(failure: Failure) -> str:
    """The failure's text without what differs between streams that failed for the same reason."""
    text = failure.text.removeprefix(f"{failure.stream} of account {failure.account}: ")
    return _TRACE.sub("", text.removeprefix(f"Account {failure.account}: "))
