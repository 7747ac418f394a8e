"""What each mode makes of a segment in a SQL destination: within one transaction, in order, the state last."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import pyarrow as pa

from facebook_marketing.sinks import statements as say
from facebook_marketing.sinks.arrow import ROW_ID, deleted_by
from facebook_marketing.sinks.lock import busy
from facebook_marketing.sinks.modes import Mode, tracked
from facebook_marketing.sinks.packed import Packed
from facebook_marketing.sinks.prepare import Ready, child_json, with_values
from facebook_marketing.sinks.restore import COMMITTED, STATE_TABLE, claim_table, versions
from facebook_marketing.sinks.room import NO_JSON, SEEN, Room, Unready, Wanted
from facebook_marketing.sinks.segment import Part, Segment, Sweep
from facebook_marketing.sinks.staging import Freight
from facebook_marketing.sinks.tables import NEW

_CHILDREN_AT_ONCE = 10_000
"""Rows whose lists are taken apart at a time."""

_JSON_OF_STATE = frozenset(("state",))


def apply(room: Room, ready: Sequence[Ready], segment: Segment) -> list[str]:
    """Apply the parts in order, then the checkpoints. Names the streams whose tables stay as they were."""
    dialect = room.dialect(segment.now)
    kept = [one.part.stream.name for one in ready if not _Application(room, one, dialect).run()]
    if segment.claims:
        _claim(room, segment)
    return kept


def prepare_state(room: Room, segment: Segment) -> Freight:
    """Make the table of the checkpoints; its rows."""
    table = claim_table(segment.claims, COMMITTED, segment.now)
    room.fit(STATE_TABLE, table.schema, _JSON_OF_STATE)
    return Freight(STATE_TABLE, table, _JSON_OF_STATE)


def bring_near(room: Room, ready: Sequence[Ready], segment: Segment) -> None:
    """Load every stage before the transaction, where the destination's driver takes no Arrow within one."""
    if not room.staging.ahead:
        return
    freights = [prepare_state(room, segment)] if segment.claims else []
    for one in ready:
        freights += [one.freight] if one.freight else []
        freights += [_keys(room, one)] if one.part.present else []
        for made in _taken_apart(room, one.part):
            room.fit_all(_wanted(one.part, made))
            freights += [_child(room, one.part, name, table) for name, table in made.items()]
    room.staging.load(freights)


def _claim(room: Room, segment: Segment) -> None:
    """Write the checkpoints, unless somebody else has written some since we looked."""
    there = versions(room.client)
    if any(there.get(claim.stream, 0) != room.known.get(claim.stream, 0) for claim in segment.claims):
        raise busy(room.shown)
    freight = prepare_state(room, segment)
    columns = [room.tables.escaped(column) for column in freight.rows.column_names]
    state = room.tables.qualified(STATE_TABLE)
    stage = room.staging.stage(freight, columns, state)
    room.run(
        f"DELETE FROM {state} WHERE stream IN (SELECT stream FROM {stage})",
        say.add(say.Meeting(state, stage, columns)),
    )


def _keys(room: Room, ready: Ready) -> Freight:
    """Objects of which only the key came."""
    keys = pa.table({ROW_ID: pa.array(ready.part.present, pa.string())})
    return Freight(room.tables.name(f"{ready.name}__present"), keys, NO_JSON)


def _taken_apart(room: Room, part: Part) -> Iterator[Mapping[str, pa.Table]]:
    """Child rows by table, some thousand parents at a time; all at once where they are to be loaded ahead."""
    if room.derived is None or part.rows is None:
        return
    many = part.rows.num_rows if room.staging.ahead else _CHILDREN_AT_ONCE
    for parents in part.rows.tables(many):
        tables = room.derived(part.stream, parents)
        yield {name: rows for name, rows in tables.items() if rows.num_rows}


def _wanted(part: Part, made: Mapping[str, pa.Table]) -> list[Wanted]:
    """What must stand for these rows."""
    return [
        Wanted(place, rows.schema, child_json(rows)) for name, rows in made.items() for place in _places(part, name)
    ]


def _places(part: Part, name: str) -> tuple[str, ...]:
    """Tables that the rows of `name` come to, the one in which they wait last."""
    return (name, f"{name}{NEW}") if part.collects else (name,)


def _child(room: Room, part: Part, name: str, rows: pa.Table) -> Freight:
    json = child_json(rows)
    places = _places(part, name)
    *_, names = (room.fitting(place, rows.schema, json) for place in places)
    renamed = frozenset(new for old, new in zip(rows.column_names, names, strict=True) if old in json)
    return Freight(room.tables.name(places[-1]), with_values(rows.rename_columns(names)), renamed)


def make_children(room: Room, ready: Sequence[Ready]) -> None:
    """Make every child table of these parts that has a row: the transaction begins once more and no more."""
    for one in ready:
        for made in _taken_apart(room, one.part):
            room.fit_all(_wanted(one.part, made))


class _Application:
    """One part in its transaction."""

    def __init__(self, room: Room, ready: Ready, dialect: say.Dialect) -> None:
        self._room = room
        self._ready = ready
        self._part = ready.part
        self._dialect = dialect
        self._table = room.tables.qualified(ready.name)
        self._into = room.tables.qualified(ready.into)
        self._history = room.tables.qualified(ready.history) if ready.history else None
        self._stream = room.literal(ready.part.stream.name)
        self._seen = room.tables.qualified(SEEN)

    def run(self) -> bool:
        """Rows, then what is still there, then what is gone, then the end. False: the old table was kept."""
        if self._ready.begins and self._history:
            self._room.run(say.first_versions(self._seed(), self._dialect, tracked=tracked(self._part.stream)))
        if self._ready.freight is not None:
            self._rows(self._ready.freight)
        if self._part.soft_deletes:
            self._present()
        if self._part.replaces:
            self._sweep()
        return self._end() if self._ready.ended else True

    @property
    def _arrived(self) -> Packed:
        assert self._part.rows is not None  # noqa: S101 - the caller's condition
        return self._part.rows

    def _rows(self, freight: Freight) -> None:
        if self._part.mode is Mode.INCREMENTAL_APPEND:
            self._append(freight)
        elif self._part.collects or (self._history is None and not self._part.soft_deletes):
            self._replace(freight)
        else:
            self._renew(freight)

    def _replace(self, freight: Freight) -> None:
        """One row a key. Only the keys are staged: the rows go straight in."""
        keys = Freight(freight.target, pa.table({ROW_ID: self._arrived.ids()}), NO_JSON)
        stage = self._room.staging.stage(keys, [ROW_ID], self._into)
        older = self._drop_older(stage)
        self._room.staging.insert(freight, self._ready.columns, self._into)
        self._renew_children(stage, older=older)

    def _renew(self, freight: Freight) -> None:
        """One row a key, and its versions."""
        stage = self._room.staging.stage(freight, self._ready.columns, self._into)
        meet = say.Meeting(self._into, stage, self._ready.columns)
        if self._arrived.deleted:
            self._room.run(say.keep_first_deletion(meet, self._dialect))
        if self._history:
            self._room.run(*say.versions(say.Meeting(self._history, stage, self._ready.columns), self._dialect))
        older = self._drop_older(stage)
        self._room.run(say.add(meet))
        self._renew_children(stage, older=older)

    def _append(self, freight: Freight) -> None:
        """What is new or changed is added."""
        stage = self._room.staging.stage(freight, self._ready.columns, self._into)
        meet = say.Meeting(self._into, stage, self._ready.columns)
        self._room.run(say.drop_unchanged(meet), say.add(meet))
        for child in self._children():
            columns = [self._room.tables.escaped(column) for column in child.rows.column_names]
            target = self._room.tables.qualified(child.target)
            rows = self._room.staging.stage(child, columns, target)
            self._room.run(say.drop_strangers(rows, stage), say.add(say.Meeting(target, rows, columns)))

    def _drop_older(self, stage: str) -> bool:
        """Drop what the stage takes the place of; says whether there was any."""
        meet = say.Meeting(self._into, stage, (), self._ready.within)
        rows = self._room.client.execute_sql(say.count_older(meet))
        if not rows or not rows[0][0]:
            return False
        self._room.run(say.drop_older(meet))
        self._room.replaced = True
        return True

    def _renew_children(self, parents: str, *, older: bool) -> None:
        """Child rows of staged parents make room for theirs of today."""
        if older:
            suffix = NEW if self._part.collects else ""
            self._room.run(*(say.drop_children(table, parents) for table in self._standing(suffix)))
        for child in self._children():
            columns = [self._room.tables.escaped(column) for column in child.rows.column_names]
            self._room.staging.insert(child, columns, self._room.tables.qualified(child.target))

    def _children(self) -> Iterator[Freight]:
        """Errors: Unready when a table is to be made first; all those of the same parents are then made at once."""
        room, part = self._room, self._part
        for made in _taken_apart(room, part):
            wanted = _wanted(part, made)
            if any(room.tables.fitting(*one) is None for one in wanted):
                raise Unready(partial(room.fit_all, wanted))
            yield from (_child(room, part, name, rows) for name, rows in made.items())

    def _standing(self, suffix: str = "") -> list[str]:
        """Child tables that have had a row."""
        tables = self._room.tables
        names = (f"{name}{suffix}" for name in self._ready.children)
        return [tables.qualified(name) for name in names if tables.stands(name)]

    def _present(self) -> None:
        """Objects that are still there as they were: what was deleted of them is not."""
        if not self._part.present:
            return
        present = self._room.staging.stage(_keys(self._room, self._ready), [ROW_ID], self._seen)
        own = [self._room.tables.escaped(column) for column in deleted_by(self._part.stream)]
        self._room.run(say.undelete(self._table, present, own, self._dialect))
        self._room.run(*say.see(self._seen, self._stream, present, self._dialect))
        if self._history:
            self._room.run(say.reopen(self._seed(), present, self._dialect))

    def _sweep(self) -> None:
        """What was not met where everything was read is gone: objects softly, rows of reports for good."""
        names = {column.name for column in self._part.stream.columns}
        soft = tracked(self._part.stream)
        for sweep in self._part.swept:
            if "account_id" not in names or (sweep.window is None) != soft:
                continue
            unmet = self._unmet(sweep)
            if self._history:
                self._room.run(say.close_unmet(self._history, unmet, self._dialect, tracked=soft))
            self._room.run(*([say.sweep(unmet, self._dialect)] if soft else say.forget(unmet, self._standing())))

    def _unmet(self, sweep: Sweep) -> say.Unmet:
        days = None
        if sweep.window is not None:
            first, last = (f"CAST({self._room.literal(day)} AS DATE)" for day in sweep.window)
            days = first, last
        account, since = self._room.literal(sweep.account), self._dialect.at(sweep.began)
        return say.Unmet(self._table, account, since, self._seen, self._stream, days)

    def _end(self) -> bool:
        """Take over what was collected; keep the old table where not all of it was read."""
        mode, complete = self._part.mode, self._part.complete
        if mode is Mode.OVERWRITE and not complete:
            return False
        if mode is Mode.OVERWRITE and self._history:
            self._refresh_history()
        for name in (self._ready.name, *self._ready.children):
            if mode is Mode.OVERWRITE and self._room.tables.stands(name):
                self._room.replaced = True
                self._room.run(say.empty(self._room.tables.qualified(name)))
            if self._room.tables.stands(f"{name}{NEW}"):
                self._room.run(say.add(self._whole(name, f"{name}{NEW}")))
        return True

    def _refresh_history(self) -> None:
        """What a full refresh found makes versions too; what it did not find has none any more."""
        history = self._ready.history
        assert history is not None  # noqa: S101 - the caller's condition
        gone = "1 = 1"
        if self._room.tables.stands(self._ready.into):
            self._room.run(*say.versions(self._whole(history, self._ready.into), self._dialect))
            gone = say.absent(self._room.tables.qualified(history), self._into)
        self._room.run(say.close_versions(self._room.tables.qualified(history), gone, self._dialect))

    def _seed(self) -> say.Meeting:
        """The history meets the current table."""
        assert self._ready.history is not None  # noqa: S101 - the caller's condition
        return self._whole(self._ready.history, self._ready.name)

    def _whole(self, name: str, source: str) -> say.Meeting:
        """Meet with another table of ours: all columns that both have."""
        tables = self._room.tables
        escape: Callable[[str], str] = self._room.client.capabilities.escape_identifier
        columns = [escape(column) for column in tables.columns(source) if column in tables.columns(name)]
        return say.Meeting(tables.qualified(name), tables.qualified(source), columns)
