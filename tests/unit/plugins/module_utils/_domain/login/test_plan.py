# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done to the login in Docker's config file, by what is found there."""

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
    MintedCredential,
    Note,
    PendingCredential,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.login.plan import (
    FoundLogin,
    WantedLogin,
    plan_login,
    plan_logout,
    reason_to_mint,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.plan import Plan, Step

HOST = "images.test"
PATH = "/ci/config.json"
NOW = datetime(2031, 5, 6, 12, tzinfo=UTC)
LOGIN, OLD, LOST = (DockerCredentials(name, f"dop_v1_{name}") for name in ("login", "old", "lost"))
WANTED = WantedLogin("kiwi", read_write=True, lifetime=timedelta(hours=3), longest_push=timedelta(minutes=40))
MINTING = PendingCredential("kiwi", NOW - timedelta(minutes=5), timedelta(hours=3))


def noted(credentials: DockerCredentials, *, left: float = 100, retired: float | None = None, **more: Any) -> Any:
    """One that lives for `left` minutes more, and was replaced `retired` minutes ago."""
    made = MintedCredential(
        fingerprint=credentials.fingerprint,
        registry="kiwi",
        read_write=True,
        minted_at=NOW - timedelta(minutes=80),
        expires_at=NOW + timedelta(minutes=left),
        retired_at=None if retired is None else NOW - timedelta(minutes=retired),
    )
    return replace(made, **more)


def found(
    *records: MintedCredential,
    login: DockerCredentials | None = None,
    aside: tuple[DockerCredentials, ...] = (),
    pending: PendingCredential | None = None,
    **more: Any,
) -> FoundLogin:
    entries = {HOST: login} if login else {}
    document = change_logins({"detachKeys": "x"}, entries | {aside_key(HOST, one): one for one in aside})
    made = FoundLogin(
        path=PATH,
        host=HOST,
        document=document,
        note=Note({HOST: HostNote(records, pending)} if records or pending else {}),
        mode=0o600,
        now=NOW,
        registries=frozenset({"kiwi", "fig"}),
    )
    return replace(made, **more)


def steps(plan: Plan[Step]) -> list[tuple[str, str]]:
    return [(step.action, step.message) for step in plan.steps]


@pytest.mark.parametrize(
    ("present", "reason"),
    [
        (None, "there is none yet"),
        (noted(LOGIN), None),
        (noted(LOGIN, left=40), None),
        (noted(LOGIN, left=39.9), "the present one expires at 2031-05-06T12:39:54Z, within the 40m of a push"),
        (noted(LOGIN, left=0), "the present one expired at 2031-05-06T12:00:00Z"),
        (noted(LOGIN, left=-9), "the present one expired at 2031-05-06T11:51:00Z"),
        (noted(LOGIN, read_write=False), "the present one is read-only"),
        (noted(LOGIN, left=181), None),
        (noted(LOGIN, left=182), "the present one expires only at 2031-05-06T15:02:00Z"),
    ],
)
def test_another_one_is_minted_when_the_present_one_will_not_do(
    present: MintedCredential | None, reason: str | None
) -> None:
    assert reason_to_mint(present, WANTED, NOW) == reason


def test_one_that_can_push_is_replaced_where_pulling_is_enough() -> None:
    assert reason_to_mint(noted(LOGIN), replace(WANTED, read_write=False), NOW) == "the present one can push"


def test_without_a_longest_push_one_is_used_to_its_end() -> None:
    wanted = replace(WANTED, longest_push=timedelta())
    assert reason_to_mint(noted(LOGIN, left=0.1), wanted, NOW) is None
    assert reason_to_mint(noted(LOGIN, left=0), wanted, NOW) is not None


MINT = f"mint a read-write credential of kiwi and write it to {PATH}, since"
OLD_NAME = OLD.fingerprint
LEFT = ("revoke_credentials", f"revoke the credential {LOST.fingerprint}, which a run that broke off has left")
TIDY = f"remove the temporary files beside {PATH} that a killed run left"


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (found(mode=None), [("log_in", f"{MINT} there is none yet")]),
        # A note without its file stands in nobody's method.
        (found(noted(LOGIN, registry="fig"), mode=None), [("log_in", f"{MINT} there is none yet")]),
        (found(pending=replace(MINTING, registry="fig")), [("log_in", f"{MINT} there is none yet")]),
        (found(noted(LOGIN), login=LOGIN), []),
        (
            found(noted(LOGIN), login=LOGIN, is_open=False),
            [("log_in", f"{MINT} the image host does not take the present one any more")],
        ),
        (
            found(noted(LOGIN), login=LOGIN, mode=0o644),
            [("protect_file", f"make {PATH} readable for its owner only, its mode is 0644")],
        ),
        (
            found(noted(LOGIN, left=-1), login=LOGIN, mode=0o644),
            [("log_in", f"{MINT} the present one expired at 2031-05-06T11:59:00Z")],
        ),
        # Replaced: it may serve a push, and is revoked once that must have ended, unless it expired first.
        (found(noted(OLD, retired=39), noted(LOGIN), login=LOGIN, aside=(OLD,)), []),
        (
            found(noted(OLD, retired=40), noted(LOGIN), login=LOGIN, aside=(OLD,)),
            [("revoke_credentials", f"revoke the credential {OLD_NAME}, which was replaced at 2031-05-06T11:20:00Z")],
        ),
        (found(noted(OLD, retired=40, left=0), noted(LOGIN), login=LOGIN, aside=(OLD,)), []),
        # Killed: before it was noted, noted and not the login yet, and on its way into the file.
        (
            found(noted(LOGIN), login=LOGIN, aside=(LOST,), pending=MINTING),
            [LEFT],
        ),
        (
            found(noted(LOGIN), noted(LOST), login=LOGIN, aside=(LOST,)),
            [LEFT],
        ),
        (
            found(noted(LOGIN), login=LOGIN, leftovers=(LOST, LOGIN), has_temporary=True),
            [
                LEFT,
                ("remove_temporary_files", TIDY),
            ],
        ),
        (
            found(aside=(LOST,)),
            [
                LEFT,
                ("log_in", f"{MINT} there is none yet"),
            ],
        ),
    ],
)  # fmt: skip
def test_a_login_is_kept_minted_and_cleared_up(situation: FoundLogin, expected: list[tuple[str, str]]) -> None:
    plan = plan_login(situation, WANTED)
    assert steps(plan) == expected
    assert "dop_v1" not in repr((plan, situation))


def test_a_present_and_an_asked_for_side_are_shown_without_secrets() -> None:
    plan = plan_login(found(noted(LOGIN, read_write=False), login=LOGIN, mode=0o640), WANTED)
    name, ends = LOGIN.fingerprint, "2031-05-06T13:40:00Z"
    before = {"registry": "kiwi", "read_write": False, "fingerprint": name, "expires_at": ends}
    after = {"registry": "kiwi", "read_write": True, "fingerprint": "new", "expires_at": "3h after its minting"}
    assert plan.before == {"path": PATH, "mode": "0640", "login": before}
    assert plan.after == {"path": PATH, "mode": "0600", "login": after}
    same = plan_login(found(noted(LOGIN), login=LOGIN), WANTED)
    assert same.before == same.after


ELSEWHERE = "name another path, and set DOCKER_CONFIG to its folder for those who push and pull"
KEPT = f"Docker keep the login of {HOST}"
ONE = "and Docker knows one login for a host"
OURS = f"written by this module, {ONE}"


@pytest.mark.parametrize(
    ("situation", "faults"),
    [
        (found(registries=frozenset()), ["the team has no registry kiwi; it has none"]),
        (found(registries=frozenset({"fig", "date"})), ["the team has no registry kiwi; it has date, fig"]),
        (
            found(document={"credsStore": "desktop"}),
            [f"its credsStore has {KEPT} with 'desktop', and not in this file; {ELSEWHERE}"],
        ),
        (
            found(document={"credHelpers": {HOST: "pass"}}),
            [f"its credHelpers has {KEPT} with 'pass', and not in this file; {ELSEWHERE}"],
        ),
        (
            found(login=LOGIN),
            [f"its entry {HOST} was not {OURS}; end it with docker logout {HOST}, or {ELSEWHERE}"],
        ),
        (found(noted(OLD), login=LOGIN), ["its entry images.test was not written by this module"]),
        (found(noted(LOGIN), document={"auths": {HOST: {"identitytoken": "x"}}}), ["its entry images.test was not"]),
        (
            found(document={"auths": {f"https://{HOST}/v1/": {"auth": "eDp5"}}}),
            ["its entry https://images.test/v1/ was not written by this module"],
        ),
        (
            found(noted(LOGIN, registry="fig"), login=LOGIN),
            [f"it holds a login of fig for {HOST}, {ONE}; {ELSEWHERE}, or end it with state absent and registry fig"],
        ),
        (found(noted(LOGIN, registry="fig", left=-1), login=LOGIN), ["it holds a login of fig"]),
        (found(aside=(LOST,), pending=replace(MINTING, registry="fig")), ["it holds a login of fig"]),
        (
            found(registries=frozenset(), document={"credsStore": "pass", "auths": {HOST: {"auth": "eDp5"}}}),
            ["the team has no registry kiwi", "its credsStore has", "its entry images.test was not"],
        ),
    ],
)  # fmt: skip
def test_what_is_not_ours_to_do_is_refused_all_at_once_with_the_way_out(
    situation: FoundLogin, faults: list[str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_login(situation, WANTED)
    texts = [f"{fault.what}; {fault.advice}" for fault in caught.value.field_errors]
    assert [text.startswith(fault) for text, fault in zip(texts, faults, strict=True)] == [True] * len(faults), texts


REMOVE = ("remove_login", f"remove the login of kiwi from {PATH}")


@pytest.mark.parametrize(
    ("situation", "expected", "notes"),
    [
        (found(mode=None), [], 0),
        (found(noted(LOGIN), login=LOGIN), [LOGIN, REMOVE], 0),
        (found(noted(LOGIN, left=0), login=LOGIN), [REMOVE], 0),
        (found(noted(OLD, retired=5), noted(LOGIN), login=LOGIN, aside=(OLD,)), [LOGIN, OLD, REMOVE], 0),
        (found(noted(OLD, retired=5, left=0), noted(LOGIN), login=LOGIN, aside=(OLD,)), [LOGIN, REMOVE], 0),
        (found(aside=(LOST,), pending=MINTING), [LOST, REMOVE], 0),
        (found(noted(LOGIN)), [REMOVE], 1),
        (found(pending=MINTING), [REMOVE], 0),
        # Somebody else's: told and left.
        (found(login=LOGIN), [], 1),
        (found(noted(OLD), login=LOGIN), [REMOVE], 2),
        (found(noted(LOGIN, registry="fig"), login=LOGIN), [], 1),
        (found(noted(LOGIN, registry="fig"), mode=None), [], 1),
        (found(noted(LOGIN), login=LOGIN, document={"credsStore": "pass"}), [REMOVE], 1),
    ],
)
def test_a_login_is_revoked_and_removed_and_those_of_others_are_left(
    situation: FoundLogin, expected: list[Any], notes: int
) -> None:
    plan = plan_logout(situation, "kiwi")
    assert [getattr(step, "credentials", None) or (step.action, step.message) for step in plan.steps] == expected
    assert len(plan.notes) == notes
    assert plan.after["login"] is None or not plan.steps


def test_what_somebody_took_out_of_the_file_is_told_until_it_ends() -> None:
    lost = found(noted(OLD, retired=5), noted(LOGIN), login=LOGIN)
    (note,) = plan_login(lost, WANTED).notes
    assert note == (
        f"The credential {OLD.fingerprint}, minted at 2031-05-06T10:40:00Z, was removed from {PATH} by another program "
        "and cannot be revoked here; the credential expires at 2031-05-06T13:40:00Z."
    )
    assert plan_login(found(noted(OLD, retired=5, left=0), noted(LOGIN), login=LOGIN), WANTED).notes == ()


@pytest.mark.parametrize(
    ("situation", "warns"),
    [
        (found(pending=MINTING), True),
        (found(noted(LOGIN), login=LOGIN, pending=MINTING), True),
        (found(noted(LOGIN), login=LOGIN, aside=(LOST,), pending=MINTING), False),
        (found(pending=replace(MINTING, since=NOW - timedelta(hours=3))), False),
        (found(noted(LOGIN), login=LOGIN), False),
    ],
)
def test_what_may_have_been_minted_and_not_written_is_warned_of_until_it_ends(
    situation: FoundLogin, warns: bool
) -> None:
    for plan in (plan_login(situation, WANTED), plan_logout(situation, "kiwi")):
        words = [one.startswith("A run ended while it asked for a credential, so a credential of kiwi may be left")
                 for one in plan.warnings]  # fmt: skip
        assert words == [True] * warns
