"""The state that stands in a destination, without a sync."""

from typing import Any

import msgspec

from facebook_marketing.sinks.destination import WarehouseError, parse


def saved_states(destination: str, dataset: str) -> dict[str, Any]:
    """Read each stream's last committed state; none where the destination does not stand yet. Blocking.

    Errors: WarehouseError.
    """
    to = parse(destination)
    place = to.file or to.folder
    if place is not None and not place.exists():
        return {}
    try:
        from facebook_marketing.sinks.loading import Loader  # noqa: PLC0415 - dlt loads only when it is needed
    except ModuleNotFoundError as error:
        message = f"A warehouse needs {error.name}. Install it: pip install 'facebook-marketing[warehouse]'."
        raise WarehouseError(message) from error
    loader = Loader(to, dataset, None)
    try:
        claims = loader.saved().claims
    finally:
        loader.close()
    states = {name: msgspec.json.decode(claim.state) for name, claim in claims.items()}
    return {name: state for name, state in states.items() if state is not None}
