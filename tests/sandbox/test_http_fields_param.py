"""The grammar of ``fields``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.sandbox.errors import GraphError
from facebook_marketing.sandbox.fields_param import Field, parse_fields

NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=9)
TREES: st.SearchStrategy["Tree"] = st.recursive(
    st.builds(lambda name: [(name, [])], NAMES),
    lambda inner: st.lists(st.tuples(NAMES, inner), min_size=1, max_size=4),
    max_leaves=12,
)
Tree = list[tuple[str, "Tree"]]


def written(tree: Tree) -> str:
    return ",".join(name + (f"{{{written(inner)}}}" if inner else "") for name, inner in tree)


def read_back(fields: tuple[Field, ...]) -> Tree:
    return [(field.name, read_back(field.children)) for field in fields]


@given(TREES)
def test_every_nesting_reads_back_as_it_was_written(tree: Tree) -> None:
    assert read_back(parse_fields(written(tree))) == tree


def test_edge_parameters_alias_and_children_are_kept() -> None:
    filtering = '[{"field":"ad.id","value":"(,)"}]'
    (field,) = parse_fields(f"insights.date_preset(last_7d).filtering({filtering}).as(week){{spend}}")
    assert field.key == "week"
    assert field.params.text("date_preset") == "last_7d"
    assert field.params.mappings("filtering") == ({"field": "ad.id", "value": "(,)"},)
    assert [child.name for child in field.children] == ["spend"]


@pytest.mark.parametrize(
    ("text", "message"),
    (
        (
            "likes.limit(1000){id},comments.limit(1000){id}{from}",
            (
                'Syntax error "Expected end of string instead of "{"." at character 46: '
                "likes.limit(1000){id},comments.limit(1000){id}{from}"
            ),
        ),
        ("id,,name", 'Syntax error "Expected name." at character 3: id,,name'),
        ("adset{id", 'Syntax error "Expected "}" instead of end of string." at character 8: adset{id'),
    ),
)
def test_a_syntax_error_is_2500_with_the_place_and_the_whole_text(text: str, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        parse_fields(text)
    assert (caught.value.code, caught.value.message) == (2500, message)


def test_no_text_asks_for_nothing() -> None:
    assert parse_fields(" ") == ()
