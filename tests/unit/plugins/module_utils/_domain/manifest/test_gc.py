# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The garbage collection of a manifest, and the errors in its fields."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.manifest.reader import (
    Document,
    ManifestSet,
    read_manifests,
)

WINDOW = {"days": ["friday"], "start": "22:30", "duration": "90m", "time_zone": "Asia/Kathmandu"}
PLACE = "m.yaml document 1 (res), spec.garbage_collection"


def document(block: Any, *, enabled: Any = True) -> Document:
    spec = {"name": "kiwi", "subscription_tier": "BASIC", "region": "syd1", "garbage_collection_enabled": enabled}
    content = {
        "apiVersion": "digital-ocean.planton.dev/v1",
        "kind": "DigitalOceanContainerRegistry",
        "metadata": {"name": "res"},
        "spec": {**spec, "garbage_collection": block},
    }
    return Document("m.yaml", 1, content)


def read(*blocks: Any, enabled: Any = True) -> ManifestSet:
    return read_manifests([document(block, enabled=enabled) for block in blocks])


def block_of(text: str) -> Any:
    return read(yaml.safe_load(text)).manifests[0].shape()["garbage_collection"]


def faults(*blocks: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read(*blocks)
    return [str(fault) for fault in caught.value.field_errors]


def test_fields_are_read_by_the_names_of_the_options_in_any_spelling_and_case() -> None:
    snake = """
    type: untagged_manifests
    maintenance_windows: [{days: [friday, monday], start: "22:30", duration: 90m, time_zone: Asia/Kathmandu}]
    blackout_dates: [2031-12-24, 2031-12-30/2032-01-02]
    min_interval: 7h
    max_age: 192h
    outside_window: wait
    overrun: cancel
    quiet_period: 15m
    stuck_after: 50m
    on_stuck: cancel
    """
    camel = """
    type: UNTAGGED_MANIFESTS
    maintenanceWindows: [{days: [FRIDAY, Monday], start: "22:30", duration: 90m, timeZone: Asia/Kathmandu}]
    blackoutDates: ["2031-12-24", 2031-12-30/2032-01-02]
    minInterval: 7h
    maxAge: 192h
    outsideWindow: WAIT
    overrun: Cancel
    quietPeriod: 15m
    stuckAfter: 50m
    onStuck: CANCEL
    """
    assert block_of(snake) == block_of(camel) == {
        "type": "untagged_manifests",
        "maintenance_windows": [WINDOW | {"days": ["friday", "monday"]}],
        "blackout_dates": ["2031-12-24", "2031-12-30/2032-01-02"],
        "min_interval": "7h",
        "max_age": "192h",
        "outside_window": "wait",
        "overrun": "cancel",
        "quiet_period": "15m",
        "stuck_after": "50m",
        "on_stuck": "cancel",
    }  # fmt: skip


def test_empty_fields_are_left_out_except_an_empty_list_of_blackout_dates() -> None:
    assert block_of("{}") == block_of("overrun:") == {}
    assert block_of("{blackout_dates: [], quiet_period: }") == {"blackout_dates": []}


def test_a_window_without_a_time_zone_is_in_utc() -> None:
    (window,) = block_of('maintenance_windows: [{days: [friday], start: "22:30", duration: 90m}]')[
        "maintenance_windows"
    ]
    assert window == WINDOW | {"time_zone": "UTC"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("overun: cancel", ".overun: this field is not known; did you mean overrun"),
        ("blackoutDate: []", ".blackoutDate: this field is not known; did you mean blackoutDates"),
        ("{overrun: cancel, type: all}", ".type: 'all' is not known; use unreferenced_blobs, untagged_manifests or "),
        ("overrun: stop", ".overrun: 'stop' is not known; use finish or cancel"),
        ("outside_window: never", ".outside_window: 'never' is not known; use skip, fail or wait"),
        ("on_stuck: finish", ".on_stuck: 'finish' is not known; use fail or cancel"),
        ("on_stuck: off", ".on_stuck: YAML reads it as the boolean false (so also on, off, yes and no); quote it"),
        ("{max_age: 7h, maxAge: 7h}", ".max_age: the field is given twice, as max_age and maxAge; keep one"),
        ("[overrun]", ": the value is a list; write a map of its fields"),
        ("allow_delete_untagged_manifests: true", ".allow_delete_untagged_manifests: this field is not known; known "),
        ("max_age: 8d", ".max_age: '8d' is not a duration; write hours and minutes, such as 4h, 90m or 4h30m"),
        ("quiet_period: 20", ".quiet_period: YAML reads it as a number, 20; write hours and minutes, such as 4h, "),
        ("stuckAfter: 0m", ".stuckAfter: stuck_after must be greater than 0; 15m or more is recommended"),
        ("blackout_dates: 2031-12-24", ".blackout_dates: the value is a date; write a list of dates"),
        ("blackout_dates: [2031-12-24, 24.12.]", ".blackout_dates[1]: '24.12.' is no date and no range of dates; "),
        ("blackout_dates: [2031-02-29/2031-03-01]", ".blackout_dates[0]: '2031-02-29/2031-03-01' is no date and no"),
        ("blackoutDates: [2031-05-02/2031-05-01]", ".blackoutDates[0]: 2031-05-02/2031-05-01 ends before it begins; "),
        ("blackout_dates: [2031-05-02 03:04:05]", ".blackout_dates[0]: YAML reads it as a date, 2031-05-02 03:04:05; "),
        ("blackout_dates: [2031]", ".blackout_dates[0]: YAML reads it as a number, 2031; write 2026-12-24, or"),
        ("maintenance_windows: []", ".maintenance_windows: the list is empty; name at least one"),
        ("maintenance_windows: {days: [friday]}", ".maintenance_windows: the value is a map; write a list of maps"),
        ("maintenance_windows: [friday]", ".maintenance_windows[0]: the value is text; write a map of its fields"),
    ],
)  # fmt: skip
def test_an_error_of_the_block_names_its_place_and_the_fix(text: str, fault: str) -> None:
    (found,) = faults(yaml.safe_load(text))
    assert found.startswith(PLACE + fault)


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("days: []", ".days: the list is empty; use monday, tuesday, wednesday, thursday, friday, saturday or sunday"),
        ("days: friday", ".days: the value is text; write a list of strings"),
        ("days: [friday, Caturday]", ".days[1]: 'Caturday' is not known; use monday, "),
        ("days:", ".days: the field is missing; give monday, "),
        ("start: 22:30", '.start: YAML reads it as a number, 1350; quote it: "22:30"'),
        ("start: 9:05", '.start: YAML reads it as a number, 545; quote it: "09:05"'),
        ("start: 2230", '.start: YAML reads it as a number, 2230; write "HH:MM" with quotes'),
        ('start: "24:00"', '.start: \'24:00\' is not a time of day; write "HH:MM" with quotes, such as "03:00"'),
        ("start:", '.start: the field is missing; write "HH:MM" with quotes, such as "03:00"'),
        ("duration: 4", ".duration: YAML reads it as a number, 4; write hours and minutes, such as 4h, 90m or 4h30m"),
        ("duration: 169h", ".duration: a window cannot last 169h; use more than 0 and at most 168h"),
        ("duration: 0m", ".duration: a window cannot last 0m; use more than 0"),
        ("duration:", ".duration: the field is missing; write hours and minutes, such as 4h, 90m or 4h30m"),
        ("time_zone: Asia/Katmandoo", ".time_zone: there is no time zone 'Asia/Katmandoo'; did you mean Asia/Kat"),
        ("time_zone: +05:45", ".time_zone: there is no time zone '+05:45'; write its tz name, such as Europe/Berlin"),
        ("time_zone: 5:45", ".time_zone: YAML reads it as a number, 345; write its tz name"),
        ("timezone: UTC", ".timezone: this field is not known; did you mean timeZone"),
    ],
)
def test_an_error_of_a_window_names_its_number(part: str, fault: str) -> None:
    (found,) = faults({"maintenance_windows": [WINDOW, WINDOW | yaml.safe_load(part)]})
    assert found.startswith(f"{PLACE}.maintenance_windows[1]{fault}")


def test_all_errors_are_reported_at_once_in_the_spelling_of_the_document() -> None:
    window = {"days": ["friday", 5], "start": 1350, "duration": "long", "timeZone": "Mars/Base"}
    found = faults({"maintenanceWindows": [window], "blackoutDates": ["soon"], "onStuck": "panic"})
    assert [fault.removeprefix(f"{PLACE}.").partition(":")[0] for fault in found] == [
        "maintenanceWindows[0].days[1]",
        "maintenanceWindows[0].start",
        "maintenanceWindows[0].duration",
        "maintenanceWindows[0].timeZone",
        "blackoutDates[0]",
        "onStuck",
    ]


def test_two_documents_for_a_registry_say_the_same_of_its_collections() -> None:
    said = {"maintenanceWindows": [WINDOW], "overrun": "CANCEL"}
    same = {"maintenance_windows": [{**WINDOW, "days": ["FRIDAY"]}], "overrun": "cancel", "type": None}
    assert len(read(said, same).manifests) == len(read(None, {}, {"overrun": None}).manifests) == 1
    (fault,) = faults(said, same | {"overrun": "finish"})
    assert "which says another garbage_collection; let both say the same" in fault


@pytest.mark.parametrize("enabled", [False, None])
def test_a_block_of_a_registry_without_collections_is_reported_as_without_effect(enabled: bool | None) -> None:
    told = read({"overrun": "cancel"}, enabled=enabled)
    assert told.manifests[0].garbage_collection == {"overrun": "cancel"}
    assert told.warnings == (f"{PLACE}: the block has no effect, since garbage_collection_enabled is not true.",)
    assert read({}, enabled=enabled).warnings == read({"overrun": "cancel"}).warnings == ()


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["days", "start", "duration", "time_zone"]),
    st.text() | st.integers() | st.floats() | st.dates() | st.datetimes() | st.just(10**5000) | st.lists(st.text()),
)
def test_no_value_whatever_of_a_window_raises_anything_else(part: str, value: Any) -> None:
    with contextlib.suppress(InvalidInput):
        read({"maintenance_windows": [WINDOW | {part: value}], "blackout_dates": [value], "max_age": value})
