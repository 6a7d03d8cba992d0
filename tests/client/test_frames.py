"""Frames: types that can be missing, moments in UTC, and nested things as columns."""

import datetime as dt

import pandas as pd

from gateway.client.frames import frame_of


def test_each_column_has_the_type_of_its_values_and_room_for_what_is_missing() -> None:
    frame = frame_of(
        [
            {
                "name": "a",
                "jobs": 3,
                "bytes": "9007199254740993",
                "share": 0.5,
                "isOpen": True,
                "endedAt": "2026-03-01T12:00:00+03:00",
                "request": {"name": "PROD2025-013"},
                "rules": [{"state": "OK"}],
                "nothing": None,
            },
            {
                "name": None,
                "jobs": None,
                "bytes": 7,
                "share": 1,
                "isOpen": None,
                "endedAt": None,
            },
        ]
    )

    types = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert types == {
        "name": "string",
        "jobs": "Int64",
        "bytes": "Int64",
        "share": "Float64",
        "isOpen": "boolean",
        "endedAt": "datetime64[us, UTC]",
        "request.name": "string",
        "rules": "object",
        "nothing": "object",
    }
    assert frame["bytes"].tolist() == [9_007_199_254_740_993, 7]
    assert frame["endedAt"][0] == pd.Timestamp(dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC))
    assert frame["jobs"].isna().tolist() == [False, True]


def test_digits_that_are_a_name_stay_a_text() -> None:
    assert str(frame_of([{"version": "4172"}]).dtypes["version"]) == "string"


def test_without_rows_there_is_an_empty_frame() -> None:
    assert frame_of([]).empty
