# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of the steps, and the effect of a change on a service account's list."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access import steps
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import (
    AccountChange,
    SecretWrite,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import Pod
from support.access_states import DIRECT, FIRST, OPERATOR, PEAR, SECOND, access, account, journal, ours

names = st.lists(st.sampled_from(["zeta", "alpha", DIRECT, OPERATOR, "kiwi", "theirs"]), unique=True).map(tuple)


@pytest.mark.parametrize(
    ("present", "add", "remove", "expected"),
    [
        ((), (DIRECT,), (), (DIRECT,)),
        (("zeta", "alpha"), (DIRECT, OPERATOR), (), ("zeta", "alpha", DIRECT, OPERATOR)),
        (("zeta", DIRECT, "alpha"), (DIRECT,), (), ("zeta", DIRECT, "alpha")),
        (("zeta", DIRECT, "alpha", DIRECT), (), (DIRECT,), ("zeta", "alpha")),
        (("zeta",), (), (DIRECT,), ("zeta",)),
        ((OPERATOR, "zeta"), (DIRECT,), (OPERATOR,), ("zeta", DIRECT)),
        (("zeta", "zeta"), (DIRECT,), (), ("zeta", "zeta", DIRECT)),
    ],
)
def test_account_change_appends_and_removes_names(
    present: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    found = account(PEAR, *present)
    assert AccountChange(account("elsewhere"), add, remove).names_of(found) == expected


@given(names, names, names)
def test_account_change_keeps_other_names_in_order_and_is_idempotent(
    present: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...]
) -> None:
    remove = tuple(one for one in remove if one not in add)
    change = AccountChange(account(PEAR), add, remove)
    after = change.names_of(account(PEAR, *present))
    assert [one for one in after if one in present] == [one for one in present if one not in remove]
    assert set(after) == (set(present) - set(remove)) | set(add)
    assert change.names_of(account(PEAR, *after)) == after


def test_messages_name_a_single_object_and_count_several() -> None:
    pods = [Pod(PEAR, f"web-{number}", "default") for number in range(12)]
    both = AccountChange(account(PEAR, name="build"), (DIRECT,), (OPERATOR,))
    desired = access("operator")
    found = [
        steps.WritePullSecrets("orchard", desired, (SecretWrite(PEAR),)),
        steps.PatchServiceAccounts("orchard", (both,)),
        steps.EndOneClick("orchard", desired),
        steps.DeletePullSecrets("orchard", "kiwi", "direct", (ours(PEAR),)),
        steps.DeleteOperatorSecret("orchard", "kiwi", ours("kube-system", method="operator")),
        steps.RecreatePods("orchard", tuple(pods[:1])),
        steps.RecreatePods("orchard", tuple(pods)),
        steps.RecordCredential("orchard", desired, journal((FIRST, "new"))),
        steps.RevokeCredentials("orchard", "kiwi", (SECOND,)),
    ]
    remade = "made before a pull secret was there, for the controller to make again"
    ten = ", ".join(sorted(f"pear/web-{number}" for number in range(12))[:10])
    assert [step.message for step in found] == [
        f"write the pull secret {OPERATOR} into the namespace pear of the cluster orchard",
        f"add {DIRECT} to and remove {OPERATOR} from the service account pear/build of the cluster orchard",
        "end the one-click integration of the cluster orchard with the registry kiwi",
        f"delete the pull secret {DIRECT} from the namespace pear of the cluster orchard",
        f"delete the secret kube-system/{OPERATOR} of the cluster orchard, and wait until its copies are deleted",
        f"delete the pod pear/web-0 of the cluster orchard, {remade}",
        f"delete 12 pods ({ten} and 2 more) of the cluster orchard, {remade}",
        "record in the journal of the cluster orchard the credentials that its secrets for kiwi hold",
        f"revoke the credential {SECOND.fingerprint} of the registry kiwi for the cluster orchard",
    ]
    assert {step.target for step in found} == {"orchard"}


def test_no_step_shows_a_token() -> None:
    secret = replace(ours(PEAR), uid="u-7")
    every = [
        steps.MintCredential("orchard", access(), "the cluster has no credential yet"),
        steps.WritePullSecrets("orchard", access(), (SecretWrite(PEAR, secret),)),
        steps.RevokeCredentials("orchard", "kiwi", (FIRST,)),
        steps.RecordCredential("orchard", access(), journal((FIRST, "new"))),
        steps.DeletePullSecrets("orchard", "kiwi", "direct", (secret,)),
    ]
    token = FIRST.login.token
    data = next(iter(secret.content.data.values()))
    assert not any(token in repr(one) or data in repr(one) for one in every)
