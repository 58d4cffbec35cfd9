# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done to the login in Docker's config file, by what the file has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.docker import DockerCredentials
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.login.docker_config import (
    aside_key,
    change_logins,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.login.note import (
    HostNote,
    LoginNote,
    MintedCredential,
    PendingCredential,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.login.plan import (
    CurrentLogin,
    DesiredLogin,
    plan_login,
    plan_logout,
    reason_to_mint,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.plan import Plan, Step

HOST = "images.test"
PATH = "/ci/config.json"
NOW = datetime(2031, 5, 6, 12, tzinfo=UTC)
LOGIN, OLD, LOST = (DockerCredentials(name, f"dop_v1_{name}") for name in ("login", "old", "lost"))
DESIRED = DesiredLogin("kiwi", read_write=True, lifetime=timedelta(hours=3), longest_push=timedelta(minutes=40))
PENDING = PendingCredential("kiwi", NOW - timedelta(minutes=5), timedelta(hours=3))


def noted(credentials: DockerCredentials, *, left: float = 100, retired: float | None = None, **more: Any) -> Any:
    """A credential that is valid for `left` more minutes, and was replaced `retired` minutes ago."""
    made = MintedCredential(
        fingerprint=credentials.fingerprint,
        registry="kiwi",
        read_write=True,
        minted_at=NOW - timedelta(minutes=80),
        expires_at=NOW + timedelta(minutes=left),
        retired_at=None if retired is None else NOW - timedelta(minutes=retired),
    )
    return replace(made, **more)


def current(
    *records: MintedCredential,
    login: DockerCredentials | None = None,
    aside: tuple[DockerCredentials, ...] = (),
    pending: PendingCredential | None = None,
    **more: Any,
) -> CurrentLogin:
    entries = {HOST: login} if login else {}
    document = change_logins({"detachKeys": "x"}, entries | {aside_key(HOST, one): one for one in aside})
    made = CurrentLogin(
        path=PATH,
        host=HOST,
        document=document,
        note=LoginNote({HOST: HostNote(records, pending)} if records or pending else {}),
        mode=0o600,
        now=NOW,
        registries=frozenset({"kiwi", "fig"}),
    )
    return replace(made, **more)


def steps(plan: Plan[Step]) -> list[tuple[str, str]]:
    return [(step.action, step.message) for step in plan.steps]


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        (None, "there is no login yet"),
        (noted(LOGIN), None),
        (noted(LOGIN, left=40), None),
        (noted(LOGIN, left=39.9), "the current login expires at 2031-05-06T12:39:54Z, and a push may take 40m"),
        (noted(LOGIN, left=0), "the current login expired at 2031-05-06T12:00:00Z"),
        (noted(LOGIN, left=-9), "the current login expired at 2031-05-06T11:51:00Z"),
        (noted(LOGIN, read_write=False), "the current login is read-only"),
        (noted(LOGIN, left=181), None),
        (noted(LOGIN, left=182), "the current login expires at 2031-05-06T15:02:00Z, which is too late"),
    ],
)
def test_a_new_login_is_minted_when_the_current_login_is_not_good(
    login: MintedCredential | None, reason: str | None
) -> None:
    assert reason_to_mint(login, DESIRED, NOW) == reason


def test_a_login_that_can_push_is_replaced_where_pulling_is_enough() -> None:
    assert reason_to_mint(noted(LOGIN), replace(DESIRED, read_write=False), NOW) == "the current login can push"


def test_without_a_longest_push_a_login_is_used_until_it_expires() -> None:
    desired = replace(DESIRED, longest_push=timedelta())
    assert reason_to_mint(noted(LOGIN, left=0.1), desired, NOW) is None
    assert reason_to_mint(noted(LOGIN, left=0), desired, NOW) is not None


MINT = f"mint a read-write credential of kiwi and write it to {PATH}, since"
OLD_NAME = OLD.fingerprint
LEFT = ("revoke_credentials", f"revoke the credential {LOST.fingerprint}, which an interrupted run left")
TIDY = f"remove the temporary files beside {PATH} that a killed run left"


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (current(mode=None), [("log_in", f"{MINT} there is no login yet")]),
        # A note whose file is missing does not prevent a login.
        (current(noted(LOGIN, registry="fig"), mode=None), [("log_in", f"{MINT} there is no login yet")]),
        (current(pending=replace(PENDING, registry="fig")), [("log_in", f"{MINT} there is no login yet")]),
        (current(noted(LOGIN), login=LOGIN), []),
        (
            current(noted(LOGIN), login=LOGIN, is_open=False),
            [("log_in", f"{MINT} the image host does not accept the current login")],
        ),
        (
            current(noted(LOGIN), login=LOGIN, mode=0o644),
            [("protect_file", f"make {PATH} readable only for its owner; the mode is 0644")],
        ),
        (
            current(noted(LOGIN, left=-1), login=LOGIN, mode=0o644),
            [("log_in", f"{MINT} the current login expired at 2031-05-06T11:59:00Z")],
        ),
        # Replaced: it may serve a push, and is revoked once that must have ended, unless it expired first.
        (current(noted(OLD, retired=39), noted(LOGIN), login=LOGIN, aside=(OLD,)), []),
        (
            current(noted(OLD, retired=40), noted(LOGIN), login=LOGIN, aside=(OLD,)),
            [("revoke_credentials", f"revoke the credential {OLD_NAME}, which was replaced at 2031-05-06T11:20:00Z")],
        ),
        (current(noted(OLD, retired=40, left=0), noted(LOGIN), login=LOGIN, aside=(OLD,)), []),
        # Killed: before it was noted, noted and not the login yet, and on its way into the file.
        (
            current(noted(LOGIN), login=LOGIN, aside=(LOST,), pending=PENDING),
            [LEFT],
        ),
        (
            current(noted(LOGIN), noted(LOST), login=LOGIN, aside=(LOST,)),
            [LEFT],
        ),
        (
            current(noted(LOGIN), login=LOGIN, leftovers=(LOST, LOGIN), has_temporary=True),
            [
                LEFT,
                ("remove_temporary_files", TIDY),
            ],
        ),
        (
            current(aside=(LOST,)),
            [
                LEFT,
                ("log_in", f"{MINT} there is no login yet"),
            ],
        ),
    ],
)  # fmt: skip
def test_a_login_is_kept_minted_and_cleared_up(situation: CurrentLogin, expected: list[tuple[str, str]]) -> None:
    plan = plan_login(situation, DESIRED)
    assert steps(plan) == expected
    assert "dop_v1" not in repr((plan, situation))


def test_the_current_and_the_desired_login_are_shown_without_secrets() -> None:
    plan = plan_login(current(noted(LOGIN, read_write=False), login=LOGIN, mode=0o640), DESIRED)
    name, ends = LOGIN.fingerprint, "2031-05-06T13:40:00Z"
    before = {"registry": "kiwi", "read_write": False, "fingerprint": name, "expires_at": ends}
    after = {"registry": "kiwi", "read_write": True, "fingerprint": "new", "expires_at": "3h after its minting"}
    assert plan.before == {"path": PATH, "mode": "0640", "login": before}
    assert plan.after == {"path": PATH, "mode": "0600", "login": after}
    same = plan_login(current(noted(LOGIN), login=LOGIN), DESIRED)
    assert same.before == same.after


ELSEWHERE = "set another path, and set DOCKER_CONFIG to its folder for the clients that push and pull"
KEPT = f"Docker keep the login of {HOST}"
ONE = "and Docker keeps one login for a host"
REMOVE_FIG = "remove the login with state=absent and registry=fig"
OURS = f"written by this module, {ONE}"


@pytest.mark.parametrize(
    ("situation", "faults"),
    [
        (current(registries=frozenset()), ["the team has no registry kiwi; the team has none"]),
        (current(registries=frozenset({"fig", "date"})), ["the team has no registry kiwi; the team has date, fig"]),
        (
            current(document={"credsStore": "desktop"}),
            [f"its credsStore makes {KEPT} with 'desktop', not in this file; {ELSEWHERE}"],
        ),
        (
            current(document={"credHelpers": {HOST: "pass"}}),
            [f"its credHelpers makes {KEPT} with 'pass', not in this file; {ELSEWHERE}"],
        ),
        (
            current(login=LOGIN),
            [
                (
                    f"its entry {HOST} was not {OURS}; remove the entry with docker logout {HOST}, also where the note "
                    f"{PATH}.docr.json of this module was lost, or {ELSEWHERE}"
                )
            ],
        ),
        (current(noted(OLD), login=LOGIN), ["its entry images.test was not written by this module"]),
        (current(noted(LOGIN), document={"auths": {HOST: {"identitytoken": "x"}}}), ["its entry images.test was not"]),
        (
            current(document={"auths": {f"https://{HOST}/v1/": {"auth": "eDp5"}}}),
            ["its entry https://images.test/v1/ was not written by this module"],
        ),
        (
            current(noted(LOGIN, registry="fig"), login=LOGIN),
            [f"it holds a login of fig for {HOST}, {ONE}; {ELSEWHERE}, or {REMOVE_FIG}"],
        ),
        (current(noted(LOGIN, registry="fig", left=-1), login=LOGIN), ["it holds a login of fig"]),
        (current(aside=(LOST,), pending=replace(PENDING, registry="fig")), ["it holds a login of fig"]),
        (
            current(registries=frozenset(), document={"credsStore": "pass", "auths": {HOST: {"auth": "eDp5"}}}),
            ["the team has no registry kiwi", "its credsStore makes", "its entry images.test was not"],
        ),
    ],
)  # fmt: skip
def test_every_login_that_this_module_cannot_write_is_refused_with_advice(
    situation: CurrentLogin, faults: list[str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_login(situation, DESIRED)
    texts = [f"{fault.what}; {fault.advice}" for fault in caught.value.field_errors]
    assert [text.startswith(fault) for text, fault in zip(texts, faults, strict=True)] == [True] * len(faults), texts


REMOVE = ("remove_login", f"remove the login of kiwi from {PATH}")


@pytest.mark.parametrize(
    ("situation", "expected", "notes"),
    [
        (current(mode=None), [], 0),
        (current(noted(LOGIN), login=LOGIN), [LOGIN, REMOVE], 0),
        (current(noted(LOGIN, left=0), login=LOGIN), [REMOVE], 0),
        (current(noted(OLD, retired=5), noted(LOGIN), login=LOGIN, aside=(OLD,)), [LOGIN, OLD, REMOVE], 0),
        (current(noted(OLD, retired=5, left=0), noted(LOGIN), login=LOGIN, aside=(OLD,)), [LOGIN, REMOVE], 0),
        (current(aside=(LOST,), pending=PENDING), [LOST, REMOVE], 0),
        (current(noted(LOGIN)), [REMOVE], 1),
        (current(pending=PENDING), [REMOVE], 0),
        # The login of another program is reported and kept.
        (current(login=LOGIN), [], 1),
        (current(noted(OLD), login=LOGIN), [REMOVE], 2),
        (current(noted(LOGIN, registry="fig"), login=LOGIN), [], 1),
        (current(noted(LOGIN, registry="fig"), mode=None), [], 1),
        (current(noted(LOGIN), login=LOGIN, document={"credsStore": "pass"}), [REMOVE], 1),
    ],
)
def test_a_login_is_revoked_and_removed_and_those_of_others_are_left(
    situation: CurrentLogin, expected: list[Any], notes: int
) -> None:
    plan = plan_logout(situation, "kiwi")
    assert [getattr(step, "credentials", None) or (step.action, step.message) for step in plan.steps] == expected
    assert len(plan.notes) == notes
    assert plan.after["login"] is None or not plan.steps


def test_a_credential_that_another_program_removed_is_reported_until_it_expires() -> None:
    lost = current(noted(OLD, retired=5), noted(LOGIN), login=LOGIN)
    (note,) = plan_login(lost, DESIRED).notes
    assert note == (
        f"The credential {OLD.fingerprint}, minted at 2031-05-06T10:40:00Z, was removed from {PATH} by another program "
        "and cannot be revoked here; the credential expires at 2031-05-06T13:40:00Z."
    )
    assert plan_login(current(noted(OLD, retired=5, left=0), noted(LOGIN), login=LOGIN), DESIRED).notes == ()


@pytest.mark.parametrize(
    ("situation", "warns"),
    [
        (current(pending=PENDING), True),
        (current(noted(LOGIN), login=LOGIN, pending=PENDING), True),
        (current(noted(LOGIN), login=LOGIN, aside=(LOST,), pending=PENDING), False),
        (current(pending=replace(PENDING, since=NOW - timedelta(hours=3))), False),
        (current(noted(LOGIN), login=LOGIN), False),
    ],
)
def test_a_credential_that_may_have_been_minted_is_warned_of_until_it_expires(
    situation: CurrentLogin, warns: bool
) -> None:
    for plan in (plan_login(situation, DESIRED), plan_logout(situation, "kiwi")):
        words = [one.startswith("A run ended while it minted a credential, so a credential of kiwi may exist")
                 for one in plan.warnings]  # fmt: skip
        assert words == [True] * warns
