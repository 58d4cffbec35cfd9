# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods that fail to pull, and which of them are recreated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import (
    AccountChange,
    DesiredAccess,
    RegistryAccess,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.pods import (
    fails_to_pull,
    is_failing,
    plan_recreation,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    Container,
    FieldManager,
    Pod,
    Secret,
    ServiceAccount,
)
from support.access_states import DAY, DIRECT, HOUR, NOW, OPERATOR, PEAR, access, account, cluster, ours, pod

KIWI, PLUM = "images.quay:7443/kiwi", "images.quay:7443/plum"


def container(image: str = f"{KIWI}/web:v7", waiting: str | None = "ImagePullBackOff") -> Container:
    return Container("app", image, waiting)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (container(), True),
        (container(waiting="ErrImagePull"), True),
        (container(waiting="illegal base64 data at input byte 4"), True),
        (container(waiting="CrashLoopBackOff"), False),
        (container(waiting=None), False),
        (container(f"{KIWI}-dried/web"), False),
        (container("docker.io/kiwi/web"), False),
        (container(KIWI), False),
    ],
)
def test_container_fails_if_an_image_of_the_registry_was_not_pulled(found: Container, expected: bool) -> None:
    assert fails_to_pull(found, KIWI) is expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (pod(containers=(container("x"), container(f"{PLUM}/web"))), True),
        (pod(containers=(container("x"),)), False),
        (pod(), False),
        (pod(containers=(container(),), is_terminating=True), False),
    ],
)
def test_a_pod_fails_with_any_of_its_containers(found: Pod, expected: bool) -> None:
    assert is_failing(found, [KIWI, PLUM]) is expected
    assert not is_failing(found, [])


def made_again(
    found: Pod,
    held: ServiceAccount | None,
    desired: DesiredAccess,
    *,
    change: AccountChange | None = None,
    secret: Secret | None = None,
) -> bool:
    state = cluster([secret] if secret else [], [held] if held else [], pods=[found])
    steps = list(plan_recreation(state, [RegistryAccess(state, desired)], [change] if change else []))
    assert [getattr(step, "pods", None) for step in steps] in ([], [(found,)])
    return bool(steps)


UNREADABLE = (container(waiting="unexpected end of JSON input"),)
HAS = account(PEAR, "theirs", DIRECT)
LACKS = account(PEAR, "theirs")
GIVEN = AccountChange(LACKS, (DIRECT,))
LATE = replace(ours(PEAR), created_at=NOW - HOUR)


def since(days_ago: float | None, manager: str = "planton.digitalocean") -> ServiceAccount:
    time = None if days_ago is None else NOW - days_ago * DAY
    return replace(HAS, managers=(FieldManager("other", "Update", NOW), FieldManager(manager, "Update", time)))


@pytest.mark.parametrize(
    ("found", "held", "change", "secret", "expected"),
    [
        (pod("theirs"), LACKS, GIVEN, None, True),
        (pod("theirs"), LACKS, None, None, False),
        (pod("theirs", controller=None), LACKS, GIVEN, None, False),
        (pod("theirs", controller="Job/import"), LACKS, GIVEN, None, False),
        (pod("theirs", controller="Workflow/import"), LACKS, GIVEN, None, False),
        (pod("theirs", controller="StatefulSet/store"), LACKS, GIVEN, None, True),
        (pod("theirs", controller="DaemonSet/agent"), LACKS, GIVEN, None, True),
        (pod(DIRECT), LACKS, GIVEN, None, False),
        (pod(""), LACKS, GIVEN, None, False),
        # A kubelet of 1.34 or newer: the secret that cannot be read is, or is not, a secret of the new pod.
        (pod("theirs", containers=UNREADABLE), LACKS, GIVEN, None, False),
        (pod("gone", containers=UNREADABLE), LACKS, GIVEN, None, True),
        (pod(account="gone"), LACKS, GIVEN, None, False),
        (pod(), None, GIVEN, None, False),
        (pod(), LACKS, AccountChange(LACKS, (OPERATOR,)), None, False),
        # Older than the entry, by what the object or the secret tells; to the second.
        (pod(created_days_ago=3), since(2), None, None, True),
        (pod(created_days_ago=2), since(2), None, None, True),
        (pod(created_days_ago=1), since(2), None, None, False),
        (pod(created_days_ago=1), HAS, None, LATE, True),
        (pod(created_days_ago=0), HAS, None, LATE, False),
        (pod(created_days_ago=1), since(2), None, LATE, False),
        (pod(created_days_ago=1), since(None), None, LATE, True),
        (pod(created_days_ago=1), since(2, "somebody"), None, LATE, True),
        (pod(created_days_ago=1), HAS, None, None, False),
        (pod(created_days_ago=1), HAS, None, replace(LATE, created_at=None), False),
        (pod(created_days_ago=None), HAS, None, LATE, False),
    ],
)
def test_pod_is_recreated_if_it_lacks_an_entry_of_its_account(
    found: Pod, held: ServiceAccount | None, change: AccountChange | None, secret: Secret | None, expected: bool
) -> None:
    assert made_again(found, held, access(), change=change, secret=secret) is expected


@pytest.mark.parametrize("method", ["operator", "one_click"])
@pytest.mark.parametrize(
    ("name", "entry", "expected"),
    [("default", False, True), ("build", False, False), ("build", True, False)],
)
def test_operator_and_one_click_reach_only_the_default_account(
    method: str, name: str, entry: bool, expected: bool
) -> None:
    desired = access(method)
    held = account(PEAR, *([desired.secret] if entry else []), name=name)
    assert made_again(pod(account=name), held, desired) is expected


def test_pod_older_than_the_operators_copy_is_recreated() -> None:
    copy = replace(LATE, name=OPERATOR)
    assert made_again(pod(created_days_ago=1), account(PEAR, OPERATOR), access("operator"), secret=copy)
    assert not made_again(pod(created_days_ago=0), account(PEAR, OPERATOR), access("operator"), secret=copy)


def test_pods_of_all_registries_are_recreated_in_one_step() -> None:
    pods = [pod(name="web-1"), pod(DIRECT, name="web-2"), pod(name="web-3", account="build")]
    accounts = [LACKS, account(PEAR, name="build")]
    changes = [AccountChange(accounts[0], (DIRECT,)), AccountChange(accounts[1], (DIRECT,))]
    state = cluster([], accounts, pods=pods)
    (step,) = plan_recreation(state, [RegistryAccess(state, access())], changes)
    assert [one.name for one in getattr(step, "pods", ())] == ["web-1", "web-3"]
