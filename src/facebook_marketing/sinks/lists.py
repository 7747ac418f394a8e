"""Lists of structs (`actions` and its kin) as Arrow: made of rows, widened, and said as JSON text.

A field whose metadata is {"kind": "json"} holds JSON text: a key that nobody knows. A number is a decimal or, as
`NUMBER_TEXT`, the text that Meta sent.
"""

import json
import types
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, chain
from typing import Any, Union, cast, get_args, get_origin

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET

JSON_FIELD = {b"kind": b"json"}
NUMBER_TEXT = pa.binary()

Leaf = Callable[[Sequence[Any]], pa.Array]

_ESCAPED = r'["\\\x00-\x1f]'
_PLAIN_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_UNIONS = (Union, types.UnionType)


def is_list(kind: pa.DataType) -> bool:
    """Whether it is a list of structs."""
    return bool(pa.types.is_list(kind) and pa.types.is_struct(kind.value_type))


# --- of rows --------------------------------------------------------------------------------------------------------


def of_cells(annotation: object, cells: Sequence[Any], leaves: Mapping[type, Leaf]) -> pa.Array:
    """Make an array of cells of this type: lists and Structs of what `leaves` convert. UNSET and None are null.

    Errors: whatever a leaf raises for a value that its type cannot hold.
    """
    [kind] = [one for one in _members(annotation) if one not in {type(None), msgspec.UnsetType}]
    present = [None if cell is UNSET else cell for cell in cells]
    if get_origin(kind) is list:
        return _of_lists(get_args(kind)[0], present, leaves)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _of_structs(kind, present, leaves)
    return leaves[cast("type", kind)](present)


def struct_fields(struct: type[msgspec.Struct]) -> Mapping[str, object]:
    """Annotations by wire name."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(struct)}


def _members(annotation: object) -> tuple[object, ...]:
    return get_args(annotation) if get_origin(annotation) in _UNIONS else (annotation,)


def _of_lists(item: object, cells: Sequence[Any], leaves: Mapping[type, Leaf]) -> pa.Array:
    ends = list(accumulate((0 if cell is None else len(cell) for cell in cells), initial=0))
    starts = [None if cell is None else start for cell, start in zip(cells, ends, strict=False)]
    values = of_cells(item, list(chain.from_iterable(cell for cell in cells if cell is not None)), leaves)
    return pa.ListArray.from_arrays(pa.array([*starts, ends[-1]], pa.int32()), values)


def _of_structs(struct: type[msgspec.Struct], cells: Sequence[Any], leaves: Mapping[type, Leaf]) -> pa.Array:
    fields, arrays = [], []
    for field in msgspec.structs.fields(struct):
        array = of_cells(field.type, [getattr(cell, field.name, None) for cell in cells], leaves)
        said = JSON_FIELD if msgspec.Raw in _members(field.type) else None
        fields.append(pa.field(field.encode_name, array.type, metadata=said))
        arrays.append(array)
    absent = pa.array([cell is None for cell in cells], pa.bool_())
    return pa.StructArray.from_arrays(arrays, fields=fields, mask=absent)


# --- of columns -----------------------------------------------------------------------------------------------------


def typed(array: pa.Array, number: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """The same with what `number` makes of each array of NUMBER_TEXT, however deep."""
    kind = array.type
    if kind == NUMBER_TEXT:
        return number(array)
    if pa.types.is_list(kind):
        values = typed(array.flatten(), number)
        return array if values.type == kind.value_type else _with(array, values)
    if pa.types.is_struct(kind):
        columns = [typed(column, number) for column in array.flatten()]
        fields = [field.with_type(column.type) for field, column in zip(kind, columns, strict=True)]
        return pa.StructArray.from_arrays(columns, fields=fields, mask=array.is_null() if array.null_count else None)
    return array


def _with(lists: pa.Array, values: pa.Array) -> pa.Array:
    """Lists of the same lengths with other values. Null for null."""
    ends = _ends(lists)
    if lists.null_count:
        ends = pc.if_else(pa.concat_arrays([lists.is_null(), pa.array([False])]), pa.scalar(None, pa.int32()), ends)
    return pa.ListArray.from_arrays(ends, values)


def _ends(lists: pa.Array) -> pa.Array:
    """Where each list begins in what `flatten` gives, and where the last one ends."""
    sizes = pc.fill_null(pc.list_value_length(lists), 0)
    return pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(sizes).cast(pa.int32())])


# --- widened --------------------------------------------------------------------------------------------------------


def merged(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Make the type that has every key of both; of a key that both have, what the first one says."""
    if pa.types.is_list(one) and pa.types.is_list(other):
        return pa.list_(merged(one.value_type, other.value_type))
    if not (pa.types.is_struct(one) and pa.types.is_struct(other)):
        return one
    theirs = {field.name: field for field in other}
    both = [f.with_type(merged(f.type, theirs[f.name].type)) if f.name in theirs else f for f in one]
    known = {field.name for field in one}
    return pa.struct([*both, *(field for field in other if field.name not in known)])


def widened(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Give lists of structs the keys that they lack, as nulls. Every key of theirs is one of `kind`."""
    if array.type == kind:
        return array
    if pa.types.is_list(kind):
        return _with(array, widened(array.flatten(), kind.value_type))
    mine = dict(zip((field.name for field in array.type), array.flatten(), strict=True))
    whole = [
        widened(mine[field.name], field.type) if field.name in mine else pa.nulls(len(array), field.type)
        for field in kind
    ]
    return pa.StructArray.from_arrays(whole, fields=list(kind), mask=array.is_null())


# --- as text --------------------------------------------------------------------------------------------------------


def json_texts(array: pa.Array) -> pa.Array:
    """Say each list as JSON: keys without a value are left out, numbers keep their digits.

    Errors: pyarrow.ArrowInvalid for a text that stands for a number and is no JSON number ("+5").
    """
    return _text(array, json_field=False)


def _text(array: pa.Array, *, json_field: bool) -> pa.Array:
    """Null for null."""
    kind = array.type
    if pa.types.is_list(kind):
        items = pc.fill_null(_text(array.flatten(), json_field=json_field), "null")
        joined = pc.binary_join(pa.ListArray.from_arrays(_ends(array), items), ",")
        whole = pc.binary_join_element_wise("[", joined, "]", "")
        return pc.if_else(array.is_valid(), whole, pa.scalar(None, pa.string())) if array.null_count else whole
    if pa.types.is_struct(kind):
        return _object_text(array)
    if kind == NUMBER_TEXT:
        return _number_text(array)
    if pa.types.is_string(kind):
        return array if json_field else _quoted(array)
    if pa.types.is_decimal(kind):
        return pc.ascii_rtrim(pc.ascii_rtrim(array.cast(pa.string()), characters="0"), characters=".")
    return array.cast(pa.string())


def _object_text(array: pa.StructArray) -> pa.Array:
    """Join a struct's keys: those that every one has at once, the others with their comma."""
    names = [json.dumps(field.name) for field in array.type]
    values = [
        _text(column, json_field=field.metadata == JSON_FIELD)
        for field, column in zip(array.type, array.flatten(), strict=True)
    ]
    there = [(name, value) for name, value in zip(names, values, strict=True) if value.null_count < len(value)]
    there.sort(key=lambda one: one[1].null_count > 0)
    if not there:
        return pa.repeat(pa.scalar("{}"), len(array))
    parts: list[Any] = []
    for name, value in there:
        if value.null_count:
            parts.append(pc.fill_null(pc.binary_join_element_wise(f",{name}:", value, ""), ""))
        else:
            parts += [f",{name}:", value]
    if there[0][1].null_count:
        body = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*parts, ""), 1)
        return pc.binary_join_element_wise("{", body, "}", "")
    return pc.binary_join_element_wise("{" + parts[0][1:], *parts[1:], "}", "")


def _quoted(array: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(array, _ESCAPED)).as_py():
        return pa.array([None if text is None else json.dumps(text, ensure_ascii=False) for text in array.to_pylist()])
    return pc.binary_join_element_wise('"', array, '"', "")


def _number_text(array: pa.Array) -> pa.Array:
    if pc.any(pc.invert(pc.match_substring_regex(array, _PLAIN_NUMBER))).as_py():
        raise pa.ArrowInvalid("no plain number")
    return array.cast(pa.string())
