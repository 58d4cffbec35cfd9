# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The note beside Docker's config file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.login.note import (
    HostNote,
    LoginNote,
    MintedCredential,
    PendingCredential,
    format_note,
    parse_note,
)

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
OLD = MintedCredential("aa11", "kiwi", False, NOW, NOW + timedelta(hours=3), NOW + timedelta(hours=1))
LOGIN = MintedCredential("bb22", "kiwi", True, NOW + timedelta(hours=1), NOW + timedelta(hours=4))
PENDING = PendingCredential("plum", NOW, timedelta(minutes=95))
NOTE = LoginNote({"a.test": HostNote((OLD, LOGIN)), "b.test:5443": HostNote((), PENDING)}, made_file=True)


def test_a_note_is_read_as_it_was_written() -> None:
    text = format_note(NOTE)
    assert text is not None
    assert parse_note(text) == NOTE
    assert json.loads(text)["hosts"]["a.test"]["credentials"][1] == {
        "registry": "kiwi",
        "read_write": True,
        "fingerprint": "bb22",
        "minted_at": "2031-05-06T08:08:09Z",
        "expires_at": "2031-05-06T11:08:09Z",
        "retired_at": None,
    }


def test_without_anything_to_note_there_is_none() -> None:
    assert format_note(LoginNote(made_file=True)) is None
    assert parse_note(None) == LoginNote()
    emptied = NOTE.put("a.test", HostNote()).put("b.test:5443", HostNote())
    assert format_note(emptied) is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"hosts": {}}', '{"made_file": true, "hosts": {"a.test": {"credentials": []}}}',
     '{"made_file": true, "hosts": {"a.test": {"credentials": [{"fingerprint": "aa11"}], "pending": null}}}',
     '{"made_file": true, "hosts": {"a.test": {"credentials": [], "pending": {"registry": "kiwi"}}}}',
     '{"made_file": true, "hosts": []}', "[" * 100_000],
    ids=range(10),
)  # fmt: skip
def test_a_value_that_is_not_a_note_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a note of this module"):
        parse_note(text)


def test_a_new_login_retires_the_one_before_and_leaves_those_before_it_as_they_are() -> None:
    new = MintedCredential("cc33", "kiwi", False, NOW + timedelta(hours=2), NOW + timedelta(hours=5))
    promoted = HostNote((OLD, LOGIN), PENDING).promote(new, "bb22", frozenset({"aa11", "bb22"}))
    assert [(one.fingerprint, one.retired_at) for one in promoted.credentials] == [
        ("aa11", OLD.retired_at),
        ("bb22", new.minted_at),
        ("cc33", None),
    ]
    assert promoted.pending is None
    assert HostNote((OLD, LOGIN)).promote(new, "bb22", frozenset()).credentials == (new,)


def test_a_credential_is_found_and_taken_out_by_its_fingerprint() -> None:
    noted = HostNote((OLD, LOGIN), PENDING)
    assert noted.find("bb22") == LOGIN
    assert noted.find("cc33") is None
    assert noted.without("aa11", "cc33") == HostNote((LOGIN,), PENDING)
    assert noted.registries == {"kiwi", "plum"}


def test_a_possible_leftover_is_reported_with_its_time() -> None:
    assert PENDING.leftover == (
        "a credential of plum may exist that was minted at about 2031-05-06T07:08:09Z and is valid for 1h35m; "
        "the control panel lists the credential by that time under API, Tokens"
    )
