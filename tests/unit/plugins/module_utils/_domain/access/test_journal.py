# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: its states, and that a journal is read as it was written."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.journal import (
    CURRENT,
    NEW,
    OLD,
    VERIFIED,
    Journal,
    journal_name,
    read_journal,
    write_journal,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.ownership import JOURNAL, is_marked
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import Secret
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.rotation import Credential
from support.access_states import DAY, ETERNAL, EXPIRED, FIRST, HOUR, NOW, SECOND, config, journal, journal_secret

THIRD = replace(SECOND, config=config("t-7"))


@st.composite
def journals(draw: st.DrawFn) -> Journal:
    found = Journal()
    seconds = st.integers(-9_999_999, 9_999_999).map(lambda number: NOW + timedelta(seconds=number))
    for token in draw(st.lists(st.text(min_size=1), unique=True, max_size=5)):
        one = Credential(config(token), draw(seconds), draw(st.none() | seconds))
        found = found.add(one, draw(st.sampled_from([NEW, VERIFIED, CURRENT, OLD])), draw(st.none() | seconds))
    return found


@given(journals())
def test_a_journal_is_read_as_it_was_written(found: Journal) -> None:
    assert read_journal(journal_secret(found)) == found


def test_a_journal_is_a_secret_of_ours_in_kube_system() -> None:
    secret = journal_secret(journal((FIRST, NEW)), "plum")
    assert (secret.namespace, secret.name, secret.content.type) == ("kube-system", "docr-journal-plum", "Opaque")
    assert journal_name("plum") == secret.name
    assert is_marked(secret, "plum", JOURNAL)
    assert not is_marked(secret, "kiwi", JOURNAL)
    assert not is_marked(secret, "plum", "direct")


def raw(**more: Any) -> dict[str, Any]:
    """A journal of one entry, as it is written, with something else in it."""
    content = write_journal(journal((FIRST, OLD, NOW)), {})
    found: dict[str, Any] = json.loads(base64.b64decode(content.data["journal.json"]))
    found["credentials"][0] |= more
    return found


def holding(data: dict[str, str]) -> Secret:
    secret = journal_secret(Journal())
    return replace(secret, content=replace(secret.content, data=data))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(raw(fingerprint=SECOND.fingerprint)),
        json.dumps(raw(state="stolen")),
        json.dumps(raw(config="null")),
        json.dumps(raw(config=None)),
        json.dumps(raw(minted_at="yesterday")),
        json.dumps(raw(minted_at=None)),
        json.dumps(raw(expires_at=7)),
        json.dumps(raw(retired_at="")),
        '{"credentials": [{}]}',
        '{"credentials": [7]}',
        '{"credentials": 7}',
        '{"credentials": null}',
        "{}",
        "[]",
        "7",
        "{",
        "",
        "\udcff",
    ],
)
def test_a_journal_that_was_edited_is_refused_without_showing_it(text: str) -> None:
    data = {"journal.json": base64.b64encode(text.encode(errors="surrogateescape")).decode()}
    with pytest.raises(ValueError, match="the secret holds no journal of credentials") as caught:
        read_journal(holding(data))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("data", [{}, {"other": "e30="}, {"journal.json": "%"}, {"journal.json": "é"}])
def test_a_secret_without_a_journal_is_refused(data: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="the secret holds no journal of credentials"):
        read_journal(holding(data))


@pytest.mark.parametrize(
    ("found", "current", "verified"),
    [
        (Journal(), None, None),
        (journal((FIRST, CURRENT)), FIRST, None),
        (journal((FIRST, OLD), (SECOND, VERIFIED)), None, SECOND),
        (journal((FIRST, NEW), (SECOND, CURRENT), (THIRD, VERIFIED)), SECOND, THIRD),
        (journal((FIRST, CURRENT), (SECOND, CURRENT)), SECOND, None),
    ],
)
def test_newest_entry_of_a_state_counts(
    found: Journal, current: Credential | None, verified: Credential | None
) -> None:
    assert (found.current, found.verified) == (current, verified)


def test_promotion_makes_a_credential_current_and_the_others_old() -> None:
    found = journal((ETERNAL, OLD, NOW - DAY), (FIRST, CURRENT), (THIRD, NEW), (SECOND, NEW))
    assert found.promote(SECOND, NOW) == journal(
        (ETERNAL, OLD, NOW - DAY), (FIRST, OLD, NOW), (THIRD, OLD, NOW), (SECOND, CURRENT)
    )
    again = found.promote(SECOND, NOW)
    assert again.promote(SECOND, NOW + DAY) == again


def test_promotion_of_an_old_credential_clears_its_retirement() -> None:
    found = journal((FIRST, OLD, NOW - DAY), (SECOND, CURRENT))
    assert found.promote(FIRST, NOW) == journal((FIRST, CURRENT), (SECOND, OLD, NOW))


def test_retirement_keeps_the_time_of_credentials_that_are_already_old() -> None:
    found = journal((ETERNAL, OLD, NOW - DAY), (FIRST, OLD), (SECOND, CURRENT), (THIRD, NEW))
    retired = journal((ETERNAL, OLD, NOW - DAY), (FIRST, OLD, NOW), (SECOND, OLD, NOW), (THIRD, NEW))
    assert found.retire_all_but(THIRD.fingerprint, NOW) == retired


@given(journals(), st.integers(0, 5))
def test_promotion_leaves_one_current_and_no_new_credential(found: Journal, number: int) -> None:
    if not found.entries:
        return
    one = found.entries[number % len(found.entries)].credential
    after = found.promote(one, NOW)
    assert (after.current, after.verified) == (one, None)
    assert [entry.credential for entry in after.entries] == [entry.credential for entry in found.entries]
    assert one not in after.due(NOW, timedelta(0))


@pytest.mark.parametrize(
    ("found", "wait", "due"),
    [
        (journal((FIRST, OLD, NOW - 3 * HOUR), (SECOND, OLD, NOW - 2 * HOUR)), 3 * HOUR, (FIRST,)),
        (journal((FIRST, CURRENT), (SECOND, NEW)), 0 * HOUR, ()),
        (journal((FIRST, OLD)), 3 * HOUR, ()),
        (journal((FIRST, OLD)), 0 * HOUR, (FIRST,)),
        (journal((FIRST, OLD, NOW + HOUR), (SECOND, OLD, NOW + 2 * HOUR)), 3 * HOUR, (SECOND,)),
    ],
    ids=["long enough", "in use", "unknown time", "unknown time, and at once", "by a wrong clock"],
)
def test_old_credentials_are_due_after_revoke_after(
    found: Journal, wait: timedelta, due: tuple[Credential, ...]
) -> None:
    assert found.due(NOW, wait) == due


def test_revoked_credentials_are_removed_from_the_journal() -> None:
    found = journal((FIRST, OLD), (SECOND, CURRENT), (THIRD, NEW))
    assert found.without([FIRST.fingerprint, THIRD.fingerprint, "unknown"]) == journal((SECOND, CURRENT))


def test_new_credential_becomes_verified_or_old_by_the_check() -> None:
    found = journal((FIRST, CURRENT), (SECOND, NEW))
    assert (found.unverified, found.in_use) == (SECOND, FIRST)
    taken = found.judge(SECOND.fingerprint, is_accepted=True, now=NOW)
    assert (taken, taken.in_use) == (journal((FIRST, CURRENT), (SECOND, VERIFIED)), SECOND)
    refused = found.judge(SECOND.fingerprint, is_accepted=False, now=NOW)
    assert (refused, refused.in_use) == (journal((FIRST, CURRENT), (SECOND, OLD, NOW)), FIRST)


def test_retired_credentials_keep_the_time_of_their_first_retirement() -> None:
    found = journal((ETERNAL, OLD, NOW - DAY), (FIRST, CURRENT), (SECOND, VERIFIED))
    doomed = [ETERNAL.fingerprint, FIRST.fingerprint]
    retired = found.retire(doomed, NOW)
    assert retired == journal((ETERNAL, OLD, NOW - DAY), (FIRST, OLD, NOW), (SECOND, VERIFIED))
    assert retired.retired == set(doomed)


@pytest.mark.parametrize(
    ("current", "is_accepted", "state"),
    [(FIRST, None, CURRENT), (FIRST, True, CURRENT), (FIRST, False, OLD), (EXPIRED, None, OLD), (EXPIRED, True, OLD)],
)
def test_current_credential_that_ended_beside_a_verified_credential_is_old(
    current: Credential, is_accepted: bool | None, state: str
) -> None:
    found = journal((current, CURRENT), (SECOND, VERIFIED)).retire_former(is_accepted, NOW)
    assert [one.state for one in found.entries] == [state, VERIFIED]
    assert journal((current, CURRENT)).retire_former(is_accepted, NOW) == journal((current, CURRENT))


def test_credential_that_only_secrets_hold_is_not_current_beside_a_verified_credential() -> None:
    found = journal((SECOND, VERIFIED)).with_lost([FIRST], NOW)
    assert [(one.credential, one.state) for one in found.entries] == [(SECOND, VERIFIED), (FIRST, OLD)]
