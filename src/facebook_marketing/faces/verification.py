"""What a verification found: values, and how they are told to people and machines."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from facebook_marketing.catalog.reconciliation import RECONCILIATION
from facebook_marketing.engine.reconcile import Compared, days, differing
from facebook_marketing.plan.windows import Window

_SHOWN = 40
"""Differences that are printed; the table has all."""

Repair = tuple[str, str, date, date]
"""Stream, account, first and last day."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One report of one account, held against Meta's totals. `note` says what was not compared, and why."""

    stream: str
    account: str
    windows: tuple[Window, ...] = ()
    compared: tuple[Compared, ...] = ()
    note: str = ""
    failed: bool = False

    @property
    def spans(self) -> tuple[tuple[date, date], ...]:
        """The days to read again: those that differ, and all where only a campaign's sum does."""
        wrong = [one.cell for one in differing(self.compared)]
        by_day = [cell for cell in wrong if (cell.since, cell.until) not in self._whole]
        known = {cell.entity for cell in by_day}
        unplaced = [cell for cell in wrong if (cell.since, cell.until) in self._whole and cell.entity not in known]
        return days((*by_day, *unplaced))

    @property
    def _whole(self) -> frozenset[tuple[date, date]]:
        return frozenset((window.since, window.until) for window in self.windows if window.days > 1)


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found, and after `--repair` what stayed."""

    checked: tuple[Checked, ...]
    repaired: tuple[Repair, ...] = ()
    calls: int = 0

    @property
    def wrong(self) -> tuple[tuple[Checked, Compared], ...]:
        """Every number that differs."""
        return tuple((one, number) for one in self.checked for number in differing(one.compared))

    @property
    def exit_code(self) -> int:
        """0: all agrees. 1: something could not be compared at all. 3: something differs."""
        if self.wrong:
            return 3
        return 1 if any(one.failed for one in self.checked) else 0

    def text(self) -> str:
        """The report for a person."""
        numbers = sum(len(one.compared) for one in self.checked)
        reports = sum(bool(one.windows) for one in self.checked)
        lines = [f"{numbers:,} numbers of {reports} reports compared with Meta's totals, {self.calls} Graph calls."]
        lines += [f"Read again: {stream}, account {account}, {a} to {b}" for stream, account, a, b in self.repaired]
        wrong = self.wrong
        lines.append(f"{len(wrong)} differ:" if wrong else "None differs.")
        lines += [f"  {_line(one, number)}" for one, number in wrong[:_SHOWN]]
        if len(wrong) > _SHOWN:
            lines.append(f"  … and {len(wrong) - _SHOWN} more: see the table {RECONCILIATION.name}.")
        if wrong and not self.repaired:
            lines.append("`--repair` reads those days again and compares once more.")
        lines += [f"Not compared: {one.stream}, account {one.account}: {one.note}" for one in self.checked if one.note]
        return "\n".join(lines)

    def json(self) -> dict[str, Any]:
        """The same for machines; numbers as text, with every digit."""
        return {
            "exit_code": self.exit_code,
            "calls": self.calls,
            "repaired": [
                {"stream": stream, "account_id": account, "since": str(since), "until": str(until)}
                for stream, account, since, until in self.repaired
            ],
            "not_compared": [
                {"stream": one.stream, "account_id": one.account, "why": one.note} for one in self.checked if one.note
            ],
            "differences": [told(one, number) for one, number in self.wrong],
        }


def _line(one: Checked, number: Compared) -> str:
    cell = number.cell
    span = str(cell.since) if cell.since == cell.until else f"{cell.since} to {cell.until}"
    whose = f", campaign {cell.entity}" if cell.entity else ""
    what = f"{cell.metric} {cell.action_type}".strip()
    why = f" ({number.explanation})" if number.explanation else ""
    return (
        f"{one.stream}, account {one.account}{whose}, {span}: {what} {_plain(number.loaded)} loaded, "
        f"{_plain(number.reported)} reported, difference {_plain(number.difference)}{why}"
    )


def _plain(number: Decimal | None) -> str:
    return "nothing" if number is None else f"{number.normalize():f}"


def told(one: Checked, number: Compared) -> dict[str, Any]:
    """One comparison as JSON has it, and as the table does."""
    cell = number.cell
    return {
        "stream": one.stream,
        "account_id": one.account,
        "level": "campaign" if cell.entity else "account",
        "entity_id": cell.entity,
        "since": str(cell.since),
        "until": str(cell.until),
        "metric": cell.metric,
        "action_type": cell.action_type,
        "loaded": _plain(number.loaded),
        "reported": None if number.reported is None else _plain(number.reported),
        "difference": None if number.difference is None else _plain(number.difference),
        "within_tolerance": number.within,
        "explanation": number.explanation,
    }
