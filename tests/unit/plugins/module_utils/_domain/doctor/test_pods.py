# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why pods do not pull, from what was seen of their cluster."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    FieldManager,
    Pod,
    Secret,
    ServiceAccount,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.pods import ADVICE
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.report import build_report
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.snapshot import (
    ClusterSnapshot,
    TokenAccess,
)
from conventions.source import ROOT
from support.doctor_snapshots import (
    DEAD,
    HOST,
    NOW,
    OPENS_PLUM,
    account,
    copied,
    ours,
    pod,
    snapshot,
    theirs,
    with_config,
)

DIRECT = "docr-direct-kiwi"
GUIDE = ROOT / "docs" / "doctor.md"
MODULE = ROOT / "plugins" / "modules" / "docr_doks_integration_info.py"

PODS: dict[str, tuple[ClusterSnapshot, tuple[str, bool] | None]] = {
    "made before the secret": (snapshot([ours()], [account(DIRECT)], [pod()]), ("made_before_secret", True)),
    "made before the secret, with an older entry": (
        snapshot([ours()], [account("quay", DIRECT)], [pod("quay")]), ("made_before_secret", True)
    ),
    "made before the secret, and runs": (
        snapshot([ours()], [account(DIRECT)], [pod(waiting=None)]), ("made_before_secret", False)
    ),
    "waits for something else": (
        snapshot([ours()], [account(DIRECT)], [pod(waiting="ContainerCreating")]), ("made_before_secret", False)
    ),
    "the template has pull secrets of its own": (
        snapshot([ours()], [account(DIRECT)], [pod("mine")]), ("own_pull_secrets", True)
    ),
    "runs with pull secrets of its own that are gone": (
        snapshot([ours()], [account(DIRECT)], [pod("mine", waiting=None)]), ("own_pull_secrets", False)
    ),
    "runs with a dead secret of its own": (
        snapshot([theirs("mine", "dead")], [account()], [pod("mine", waiting=None)], access={"dead": DEAD}),
        ("secret_refused", False),
    ),
    "runs with a secret of its own for another host": (
        snapshot([theirs("quay", host="quay.io")], [account()], [pod("quay", waiting=None)]), ("no_pull_secret", False)
    ),
    "runs with a secret of its own of which nothing is known": (
        replace(snapshot([theirs("mine")], [account()], [pod("mine", waiting=None)]), access=None), None
    ),
    "runs with a dead secret that its account names too": (
        snapshot([theirs("mine", "dead")], [account("mine")], [pod("mine", waiting=None)], access={"dead": DEAD}), None
    ),
    "the template has an empty list of its own": (
        snapshot([ours()], [account(DIRECT)], [pod("")]), ("own_pull_secrets", True)
    ),
    "the list of the account began with an empty name": (
        snapshot([ours()], [account("", DIRECT)], [pod("")]), ("made_before_secret", True)
    ),
    "nobody has a pull secret": (snapshot([], [account()], [pod()]), ("no_pull_secret", True)),
    "the service account is gone": (snapshot([ours()], [], [pod()]), ("no_pull_secret", True)),
    "its secrets are for other hosts": (
        snapshot([theirs("quay", host="quay.io")], [account("quay")], [pod("quay")]), ("no_pull_secret", True)
    ),
    "the secret is gone": (snapshot([], [account(DIRECT)], [pod(DIRECT)]), ("secret_missing", True)),
    "the secret expired": (
        snapshot([ours(left_days=-1)], [account(DIRECT)], [pod(DIRECT)]), ("secret_expired", True)
    ),
    "the secret was revoked": (
        snapshot([ours()], [account(DIRECT)], [pod(DIRECT)], access={"t-1": DEAD}), ("secret_refused", True)
    ),
    "the secret is of another registry": (
        snapshot([theirs("plum")], [account("plum")], [pod("plum")], access={"t-1": OPENS_PLUM}),
        ("secret_of_other_registry", True),
    ),
    "the secret is none": (
        snapshot([theirs(DIRECT, kind="Opaque")], [account(DIRECT)], [pod(DIRECT)]), ("secret_malformed", True)
    ),
    "one of two secrets is broken": (
        snapshot([ours(), with_config(theirs("quay"), "{")], [account(DIRECT)], [pod(DIRECT, "quay")]),
        ("secret_malformed", True),
    ),
    "the key of the secret is for another repository": (
        snapshot([theirs("kiwi", host=f"{HOST}/kiwi/api")], [account("kiwi")], [pod("kiwi")]), ("secret_unfit", True)
    ),
    "the key of the secret begins the repository": (
        snapshot([theirs("kiwi", host=f"{HOST}/kiwi/we")], [account("kiwi")], [pod("kiwi")]), ("works_from_here", True)
    ),
    "the secret has no password": (
        snapshot([with_config(theirs("kiwi"), f'{{"auths": {{"{HOST}": {{}}}}}}')], [account("kiwi")], [pod("kiwi")]),
        ("secret_passwordless", True),
    ),
    "of two secrets one serves": (
        snapshot([ours(left_days=-1), theirs("kiwi", "t-2")], [account()], [pod(DIRECT, "kiwi")]),
        ("works_from_here", True),
    ),
    "the secret serves and it fails all the same": (
        snapshot([ours()], [account(DIRECT)], [pod(DIRECT)]), ("works_from_here", True)
    ),
    "what the secret opens is not known": (
        replace(snapshot([ours()], [account(DIRECT)], [pod(DIRECT)]), access=None), ("not_known", True)
    ),
    "the image is not there": (
        snapshot([ours()], [account(DIRECT)], [pod(DIRECT, image="kiwi/web:gone")]), ("image_missing", True)
    ),
    "the team has no such registry": (
        snapshot([], [account()], [pod(image="kiwl/web:v7")]), ("registry_unknown", True)
    ),
    "of another team and runs": (snapshot([], [account()], [pod(image="kiwl/web:v7", waiting=None)]), None),
    "the repository was forgotten": (snapshot([], [account()], [pod(image="kiwi:v7")]), ("image_name_invalid", True)),
    "there is nothing behind the registry": (
        snapshot([], [account()], [pod(image="kiwi/:v7")]), ("image_name_invalid", True)
    ),
    "the kubelet finds no name in it": (
        snapshot([], [account()], [pod(image="kiwi/Web:v7", waiting="InvalidImageName")]), ("image_name_invalid", True)
    ),
    "no image host has such a name, whatever the kubelet calls it": (
        snapshot([ours()], [account(DIRECT)], [pod(DIRECT, image="kiwi/Web:v7")]), ("image_name_invalid", True)
    ),
    "the name has a scheme": (
        snapshot([], [account()], [pod(image=f"!https://{HOST}/kiwi/web:v7", waiting="InvalidImageName")]),
        ("image_name_invalid", True),
    ),
    "the host has capital letters": (
        snapshot([], [account()], [pod(image=f"!{HOST.upper()}/kiwi/web:v7")]), ("image_name_invalid", True)
    ),
    "Kubernetes 1.34 gives the error of a broken secret as the reason": (
        snapshot(
            [with_config(theirs("quay"), "{")], [account()], [pod("quay", waiting="unexpected end of JSON input")]
        ),
        ("secret_malformed", True),
    ),
    "the policy forbids the pull": (
        snapshot([ours()], [account(DIRECT)], [pod(DIRECT, waiting="ErrImageNeverPull")]), ("never_pulled", True)
    ),
    "the node refused the signature": (
        snapshot([ours()], [account(DIRECT)], [pod(DIRECT, waiting="SignatureValidationFailed")]),
        ("signature_refused", True),
    ),
    "whether the image exists was not checked": (
        snapshot([ours()], [account(DIRECT)], [pod(DIRECT, image="kiwi/web:unchecked")]), ("not_known", True)
    ),
    "the secret was not looked up": (
        snapshot([], [account(DIRECT)], [pod("quay")], unread=frozenset({"quay"})), ("not_known", True)
    ),
    "whether an image without a host is on the image host was not checked": (
        snapshot([], [account()], [pod(image="!kiwi/more:v7")]), ("not_known", True)
    ),
    "an image of Docker Hub begins like a registry": (
        snapshot([ours()], [account(DIRECT)], [pod(image="!kiwi/hub:v7", waiting="ImagePullBackOff")]), None
    ),
    "an image of Docker Hub begins like a registry and runs": (
        snapshot([ours()], [account(DIRECT)], [pod(image="!kiwi/web:v7", waiting=None)]), None
    ),
    "the host was left out": (snapshot([], [account()], [pod(image="!kiwi/web:v7")]), ("host_missing", True)),
    "an image of elsewhere": (snapshot([], [account()], [pod(image="!library/web:v7")]), None),
    "the secret serves and it runs": (snapshot([ours()], [account(DIRECT)], [pod(DIRECT, waiting=None)]), None),
}  # fmt: skip


@pytest.mark.parametrize("situation", PODS)
def test_pods(situation: str) -> None:
    seen, expected = PODS[situation]
    pods = build_report(seen).shape("sea")["pods"]
    assert [(one["cause"], one["is_failing"]) for one in pods] == ([] if expected is None else [expected])
    assert not (build_report(seen).is_healthy and any(one["is_failing"] for one in pods))


def test_every_cause_has_its_situation_and_a_line_in_the_guide() -> None:
    assert {expected[0] for _seen, expected in PODS.values() if expected is not None} == set(ADVICE)
    guide, documented = GUIDE.read_text(encoding="utf-8"), MODULE.read_text(encoding="utf-8")
    for cause in ADVICE:
        assert f"| `{cause}` |" in guide
        assert f"C({cause})" in documented


def test_a_pod_with_three_waiting_containers_counts_once() -> None:
    one = pod(DIRECT)
    three = replace(one, containers=tuple(replace(one.containers[0], name=name) for name in "abc"))
    shown = build_report(snapshot([ours(left_days=-1)], [account(DIRECT)], [three])).shape("sea")
    assert (shown["counts"]["failing_pods"], shown["namespaces"][0]["failing_pods"]) == (1, 1)
    assert [(found["count"], found["pods"]) for found in shown["pods"]] == [(1, ["web-1"])]
    assert "1 pod is waiting for an image" in shown["summary"]


def advice(seen: ClusterSnapshot) -> str:
    (one,) = build_report(seen).shape("sea")["pods"]
    return str(one["advice"])


@pytest.mark.parametrize(
    ("controller", "waiting", "told"),
    [
        ("ReplicaSet/web-7d4b9", "ErrImagePull", "Delete the pod, so that its ReplicaSet creates a new pod"),
        ("ReplicaSet/web-7d4b9", None, "Restart the workload at a good time"),
        ("Job/move", "ErrImagePull", "Delete the Job and create the Job again"),
        ("Fleet/web", "ErrImagePull", "Let Fleet/web create a new pod"),
        (None, "ErrImagePull", "Delete the pod and create the pod again from its manifest"),
        (None, None, "Create the pod again from its manifest at a good time"),
    ],
)
def test_the_advice_for_a_pod_that_is_older_than_its_secret_is_by_its_controller(
    controller: str | None, waiting: str | None, told: str
) -> None:
    seen = snapshot([ours()], [account(DIRECT)], [pod(waiting=waiting, controller=controller)])
    assert advice(seen).startswith(told)


@pytest.mark.parametrize(
    ("secrets", "held", "found", "told"),
    [
        ([], account(), pod(""), "and name the secret in imagePullSecrets of the pod template, which has its own list"),
        ([theirs(DIRECT, kind="Opaque")], account(), pod(), f"Delete the secret {DIRECT}, which docr_doks_integration"),
        ([theirs(DIRECT, "dead")], account(), pod(), f"Delete the secret {DIRECT}, which docr_doks_integration did"),
        ([theirs("mine", "dead")], account(), pod("mine", waiting=None), "Put a valid token into the secret."),
        ([theirs("op", kind="Opaque")], account("op"), pod("op"), "Delete the secret and create the secret again with"),
        ([theirs("plum", "plum")], account("plum"), pod("plum"), "the present entry stays, since other pods may pull"),
        ([], account(), pod(controller="Node/web"), "Put a login for the image host on the node, since a static pod"),
        ([], account(), pod(account="gone"), "Create the service account gone, which does not exist; then run docr"),
    ],
)
def test_the_advice_for_a_pod_can_be_followed(
    secrets: list[Secret], held: ServiceAccount, found: Pod, told: str
) -> None:
    assert told in advice(snapshot(secrets, [held], [found], access={"dead": DEAD, "plum": OPENS_PLUM}))


@pytest.mark.parametrize(
    ("secret", "name", "access"),
    [
        (theirs("plum", "plum"), "plum", {"plum": OPENS_PLUM}),
        (theirs("op", kind="Opaque"), "op", {}),
        (with_config(theirs("quay"), "{"), "quay", {}),
        (theirs("quay", host="quay.io"), "quay", {}),
    ],
)
def test_no_advice_for_a_waiting_pod_takes_away_a_pull_secret_that_may_serve_other_images(
    secret: Secret, name: str, access: dict[str, TokenAccess]
) -> None:
    for held in (account(name), account(name, DIRECT)):
        told = advice(snapshot([secret, ours()], [held], [pod(name)], access=access))
        assert "remove" not in told
        assert "Put a token of the registry" not in told


def test_a_token_with_a_line_break_is_named_as_such_by_the_pod_and_by_the_secret() -> None:
    seen = snapshot([theirs("mine", "dead\n")], [account("mine")], [pod("mine")], access={"dead\n": DEAD})
    shown = build_report(seen).shape("sea")
    for one in (*shown["pods"], *(found for found in shown["findings"] if found["kind"] == "refused")):
        assert one["message"].endswith("the token begins or ends with a line break or a blank.")


def test_running_pods_with_bad_secrets_of_their_own_are_counted_as_a_risk() -> None:
    dead = theirs("mine", "dead")
    seen = snapshot([dead], [account()], [pod("mine", waiting=None)], access={"dead": DEAD}, integrated=())
    report = build_report(seen).shape("sea")
    assert (report["counts"]["pods_at_risk"], report["counts"]["stale_pods"]) == (1, 0)
    assert "1 pod is running with pull secrets that do not serve the image" in report["summary"]


def test_a_pod_that_is_younger_than_the_list_of_its_account_has_the_list_of_its_template() -> None:
    written = replace(account("quay", DIRECT), managers=(FieldManager("docr", "Update", NOW),))
    for age, cause in ((1, "own_pull_secrets"), (0, "made_before_secret")):
        young = pod("quay", created_at=NOW + timedelta(seconds=age))
        (one,) = build_report(snapshot([ours()], [written], [young])).shape("sea")["pods"]
        assert one["cause"] == cause


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        (ours(), "Run docr_doks_integration with this registry and cluster, which mints"),
        (theirs(DIRECT), "Delete the secret, which docr_doks_integration did not make and does not change, and run"),
        (theirs("registry-kiwi"), "Apply the output of doctl registry kubernetes-manifest again"),
        (theirs("kiwi"), "Put a valid token into the secret; then the kubelet tries again"),
        (theirs("regcred"), "Put a valid token into the secret; then the kubelet tries again"),
        (
            copied(theirs("kiwi")),
            "Run docr_doks_integration with this registry and cluster, method=one_click and state",
        ),
    ],
)
def test_the_advice_for_a_refused_token_is_by_the_author_of_its_secret(secret: Secret, told: str) -> None:
    name = secret.name
    assert advice(snapshot([secret], [account(name)], [pod(name)], access={"t-1": DEAD})).startswith(told)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (DIRECT, "Run docr_doks_integration with this registry and cluster, method=direct"),
        ("kiwi", "Run docr_doks_integration with this registry and cluster, method=one_click"),
        ("registry-kiwi", "Apply the output of doctl registry kubernetes-manifest again"),
        ("mine", "Create the secret mine in the namespace"),
    ],
)
def test_the_advice_for_a_missing_secret_is_by_its_name(name: str, told: str) -> None:
    assert advice(snapshot([], [account(name)], [pod(name)])).startswith(told)
