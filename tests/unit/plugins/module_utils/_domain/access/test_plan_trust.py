# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans where a new credential cannot be verified, and where secrets were edited or excluded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import (
    ClusterAccess,
    CurrentCluster,
    DesiredAccess,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.journal import (
    CURRENT,
    NEW,
    OLD,
    Journal,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.plan import plan_presence
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.rotation import (
    Credential,
    RotationPolicy,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import Unreachable
from support.access_states import (
    DIRECT,
    ETERNAL,
    EXPIRED,
    FIG,
    FIRST,
    FORCED,
    HOUR,
    NOW,
    PEAR,
    RENEWED,
    SECOND,
    SETTLED,
    STALE,
    SYSTEM,
    access,
    actions,
    cluster,
    credential,
    edited,
    everywhere,
    journal,
    named,
    ours,
)

LONG_AGO = NOW - 4 * HOUR
RENEWAL = ["mint_credentials", "write_pull_secrets", "activate_credential"]


def plan(state: CurrentCluster, *accesses: DesiredAccess) -> Any:
    return plan_presence(ClusterAccess(state, accesses or (access(),)), recreates_pods=False)


def places(found: Any, action: str, field: str) -> list[Any]:
    """What the steps of an action write."""
    return [one for step in found.steps if step.action == action for one in getattr(step, field)]


SILENT = Unreachable("reach the image host", "no route", "see whether the image host is there")
OVERDUE = credential("t-6", 41, 19)


@pytest.mark.parametrize(
    ("noted", "policy", "steps", "is_error"),
    [
        (journal((STALE, CURRENT)), RENEWED, [], False),
        (journal((STALE, CURRENT), (SECOND, NEW)), RENEWED, [], False),
        (journal((STALE, CURRENT)), FORCED, [], True),
        (journal((OVERDUE, CURRENT)), RENEWED, [], True),
        (journal((ETERNAL, CURRENT)), RENEWED, [], False),
        (journal((EXPIRED, CURRENT)), RENEWED, [], True),
        (None, RENEWED, [], True),
        (journal((SECOND, NEW)), RENEWED, [], True),
        (SETTLED, RENEWED, [], False),
    ],
    ids=["due", "minted before", "forced", "overdue", "endless", "expired", "first", "first, minted", "not due"],
)
def test_nothing_is_minted_or_replaced_while_no_credential_can_be_verified(
    noted: Journal | None, policy: RotationPolicy, steps: list[str], is_error: bool
) -> None:
    secrets = everywhere(noted.current) if noted and noted.current else []
    state = replace(
        cluster(secrets, named(DIRECT) if secrets else named(), noted, is_accepted=None), check_error=SILENT
    )
    found = plan(state, access(policy=policy))
    assert actions(found.steps) == steps
    assert bool(found.errors) is is_error
    assert bool(found.warnings) is (not is_error and noted != SETTLED)
    told = str(found.errors[0]) if is_error else " ".join(found.warnings)
    assert noted == SETTLED or ("no route" in told and "verify_credentials" in told)


def test_overdue_renewal_names_the_expiry_and_new_namespaces_get_the_credential_in_use() -> None:
    noted = journal((OVERDUE, CURRENT))
    state = replace(cluster(everywhere(OVERDUE)[:2], named(DIRECT), noted, is_accepted=None), check_error=SILENT)
    found = plan(state)
    assert [one.namespace for one in places(found, "write_pull_secrets", "writes")] == [FIG]
    assert "the credential in use stays and expires at 2026-07-28T16:20:00Z" in str(found.errors[0])


def test_postponed_renewal_is_a_warning_with_the_time_from_which_the_task_fails() -> None:
    state = replace(cluster(everywhere(STALE), named(DIRECT), journal((STALE, CURRENT))), check_error=SILENT)
    (warning,) = plan(state).warnings
    assert "stays and expires at 2026-08-17T16:20:00Z. From 2026-07-28T16:20:00Z the task fails." in warning


def test_credential_of_a_killed_run_is_written_only_after_it_is_verified() -> None:
    noted = journal((STALE, CURRENT), (SECOND, NEW))
    state = cluster(everywhere(STALE), named(DIRECT), noted)
    for is_accepted, expected in [
        (True, ["record_credential", "write_pull_secrets", "activate_credential"]),
        (False, RENEWAL),
        (None, RENEWAL),
    ]:
        found = replace(state.registries["kiwi"], is_new_accepted=is_accepted)
        assert actions(plan(replace(state, registries={"kiwi": found})).steps)[: len(expected)] == expected


def test_excluded_namespace_keeps_its_secret_and_the_credential_in_it() -> None:
    noted = journal((STALE, OLD, LONG_AGO), (SECOND, CURRENT))
    secrets = [ours(SYSTEM, SECOND), ours(PEAR, STALE), ours(FIG, SECOND)]
    state = cluster(secrets, named(DIRECT), noted, chosen=[SYSTEM, FIG])
    found = plan(state, access(exclude_namespaces=(PEAR,)))
    assert found.steps == ()
    assert f"The excluded namespaces {PEAR} of the cluster orchard keep the secret {DIRECT}" in found.warnings[0]
    forced = plan(state, access(policy=FORCED, exclude_namespaces=(PEAR,)))
    assert places(forced, "revoke_credentials", "credentials") == [STALE, SECOND]


@pytest.mark.parametrize(
    ("policy", "revoked"),
    [
        (RENEWED, []),
        (replace(FORCED, waits_for_all=True), [SECOND]),
        (FORCED, [STALE, SECOND]),
    ],
    ids=["renewal", "rotation that waits", "rotation"],
)
def test_credential_stays_that_a_secret_without_its_labels_holds(
    policy: RotationPolicy, revoked: list[Credential]
) -> None:
    """A user of the namespace, a webhook or a tool may remove the labels; pods there still use the secret."""
    bare = ours(PEAR, STALE)
    bare = replace(bare, content=replace(bare.content, labels={}))
    noted = journal((STALE, OLD, LONG_AGO), (SECOND, CURRENT))
    found = plan(cluster([ours(SYSTEM, SECOND), bare, ours(FIG, SECOND)], named(DIRECT), noted), access(policy=policy))
    assert places(found, "revoke_credentials", "credentials") == revoked
    assert f"secrets that this collection did not make have the same names: {PEAR}/{DIRECT}" in str(found.errors[0])


def test_credential_that_a_rotation_revoked_stays_in_an_excluded_namespace_and_is_not_recorded_again() -> None:
    secrets = [ours(SYSTEM, SECOND), ours(PEAR, STALE), ours(FIG, SECOND)]
    state = cluster(secrets, named(DIRECT), journal((SECOND, CURRENT)), chosen=[SYSTEM, FIG])
    assert plan(state, access(exclude_namespaces=(PEAR,))).steps == ()
    assert actions(plan(state).steps)[0] == "record_credential"


def test_edited_secret_is_written_again_and_reported() -> None:
    state = cluster([ours(SYSTEM), ours(PEAR), edited(ours(FIG))], named(DIRECT), SETTLED)
    found = plan(state)
    assert [one.namespace for one in places(found, "write_pull_secrets", "writes")] == [FIG]
    assert found.warnings == (
        f"Another writer edited {FIG}/{DIRECT} of the cluster orchard. The task writes these secrets again.",
    )


def test_lost_journal_takes_the_credential_of_most_secrets_as_current() -> None:
    """A user of one namespace may write a credential of its own into the secret there."""
    found = plan(cluster([ours(SYSTEM), ours(PEAR), ours(FIG, SECOND)], named(DIRECT)))
    assert found.steps[0].journal == journal((FIRST, CURRENT), (SECOND, OLD, NOW))
