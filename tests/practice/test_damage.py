"""What a fault makes of the list in an answer."""

import json

import pytest

from gateway.practice.damage import doubled, emptied, halved

ENVELOPE = b'{"totalResults": 4, "Resources": [1, 2, 3, 4]}'


@pytest.mark.parametrize(
    ("body", "empty", "half", "twice"),
    [
        (b"[1, 2]", b"[]", b"[1]", b"[1, 1, 2, 2]"),
        (b'{"a": 1, "b": 2}', b"{}", b'{"a": 1}', b'{"a": 1, "a": 1, "b": 2, "b": 2}'),
        (b'{"a": 1}\n{"a": 2}\n', b"", b'{"a": 1}\n', b'{"a": 1}\n{"a": 1}\n{"a": 2}\n{"a": 2}\n'),
        (b'"word"', b'"word"', b'"word"', b'"word"'),
    ],
)
def test_lists_of_every_shape_are_damaged_alike(body: bytes, empty: bytes, half: bytes, twice: bytes) -> None:
    assert (emptied(body), halved(body), doubled(body)) == (empty, half, twice)


def test_an_envelope_keeps_its_count_and_loses_half_its_list() -> None:
    assert json.loads(halved(ENVELOPE)) == {"totalResults": 4, "Resources": [1, 2]}


def test_an_empty_envelope_is_still_an_envelope() -> None:
    assert json.loads(emptied(ENVELOPE)) == {"totalResults": 4, "Resources": []}
