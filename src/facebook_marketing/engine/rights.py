"""Edges that Meta keeps closed to a token: which refusals say so, and the gap that tells the user what is missing."""

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.engine.desk import Desk, LostError, OddAccountError
from facebook_marketing.graph.client import Refusal
from facebook_marketing.graph.verdicts import Kind

VERDICT = "permission"
_CAPABILITIES = frozenset({3, 10})
_WHOLE_ACCOUNT = frozenset({270, 294})


def lacks_rights(refusal: Refusal) -> bool:
    """Whether Meta refuses because of a permission, a role or a capability of the app (Meta: permission codes)."""
    code = refusal.fault.code or 0
    permission = 200 <= code < 300 and code not in _WHOLE_ACCOUNT  # noqa: PLR2004 - Meta's range of permission codes
    return permission or code in _CAPABILITIES or refusal.verdict.kind is Kind.DROP_FIELD


async def is_closed(desk: Desk, stream: Stream, account: str, refusal: Refusal) -> bool:
    """Whether the token may read the account and not this edge of it; where a stream says what it needs, that is a gap.

    An edge that Meta does not have for the account is closed as well. What stood open at the beginning of the walk is
    no longer a matter of rights.
    """
    if stream.needs is None or desk.delivered(stream, account):
        return False
    if not lacks_rights(refusal) and refusal.verdict.kind is not Kind.SKIP_NODE:
        return False
    return await is_readable(desk, account)


async def is_readable(desk: Desk, account: str) -> bool:
    """Whether the token may read the account at all."""
    try:
        await desk.facts(account)
    except OddAccountError:
        pass  # it can be read
    except LostError:
        return False
    return True


async def say_closed(desk: Desk, stream: Stream, account: str, refusal: Refusal, what: str | None = None) -> None:
    """Records the gap. `what` could not be read: the whole stream unless it is said."""
    text = (
        f"Meta does not let the token read {what or stream.name}: {refusal.fault}. "
        f"It needs {stream.needs}: give it to the token, or leave the stream {stream.name} out."
    )
    await desk.gap(stream, account, text, refusal.fault, verdict=VERDICT)
