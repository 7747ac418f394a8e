"""The refusals of the simulated Graph API: one exception that knows its JSON body.

Shapes are those of Meta's error envelope (``{"error": {...}}``): ``message``, ``type``, ``code``, then the
optional ``error_subcode``, ``is_transient``, ``error_user_title``, ``error_user_msg``, ``error_data`` and
always ``fbtrace_id``.
"""

from collections.abc import Mapping

__all__ = ["GraphError"]


class GraphError(Exception):
    """A refusal as the Graph API writes it.

    ``code`` and ``subcode`` are Meta's numbers, ``status`` the HTTP status that carries the envelope, ``headers``
    extra reply headers, ``data`` the content of ``error_data``. ``transient`` is left out of the body when None;
    ``only`` names the members to write where Meta is known to send a shorter envelope.
    """

    def __init__(  # noqa: PLR0913 - the envelope has this many members
        self,
        message: str,
        code: int,
        *,
        subcode: int | None = None,
        status: int = 400,
        type: str = "OAuthException",  # noqa: A002 - the member's name on the wire
        transient: bool | None = None,
        user_title: str | None = None,
        user_msg: str | None = None,
        headers: Mapping[str, str] | None = None,
        data: object = None,
        only: tuple[str, ...] | None = None,
    ) -> None:
        """Keep every member of the envelope."""
        super().__init__(message)
        self.message = message
        self.code = code
        self.subcode = subcode
        self.status = status
        self.type = type
        self.transient = transient
        self.user_title = user_title
        self.user_msg = user_msg
        self.headers: Mapping[str, str] = dict(headers or {})
        self.data = data
        self.only = only

    def __str__(self) -> str:
        """Return code, subcode and message, as a log line wants them."""
        number = f"{self.code}/{self.subcode}" if self.subcode is not None else str(self.code)
        return f"{number}: {self.message}"

    def envelope(self, trace: str) -> dict[str, object]:
        """Return the JSON body; ``trace`` is the ``fbtrace_id``."""
        members: dict[str, object | None] = {
            "message": self.message,
            "type": self.type,
            "code": self.code,
            "error_data": self.data,
            "error_subcode": self.subcode,
            "is_transient": self.transient,
            "error_user_title": self.user_title,
            "error_user_msg": self.user_msg,
            "fbtrace_id": trace,
        }
        names = self.only or tuple(members)
        return {"error": {name: members[name] for name in names if members[name] is not None}}
