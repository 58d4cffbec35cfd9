# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a doctor finds in clusters, from what was seen of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import Secret
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.selection import Where
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.advice import ADVICE
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.report import (
    DoctorReport,
    build_report,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.snapshot import (
    ClusterSnapshot,
    TokenAccess,
)
from conventions.source import ROOT
from support.doctor_snapshots import (
    DEAD,
    HOST,
    OPENS_KIWI,
    OPENS_NOTHING,
    OPENS_PLUM,
    SCOPE,
    WRITES_KIWI,
    account,
    config,
    credential,
    edited,
    ours,
    pod,
    snapshot,
    theirs,
    with_config,
)

DIRECT, OPERATOR = "docr-direct-kiwi", "docr-operator-kiwi"
BROKEN = json.dumps({"auths": {"quay.io": {"auth": "&"}, HOST: {"username": "me", "password": "t-1"}}})
ASKED = replace(SCOPE, registries=("kiwi",), is_asked=True)
NAMED = replace(SCOPE, where=Where(namespaces=("pear", "fig")))


def found(seen: ClusterSnapshot) -> list[tuple[str, str, str, str | None]]:
    """Severity, kind, object and registry of what is found, once for all namespaces."""
    return [
        (one["severity"], one["kind"], one["object"], one["registry"])
        for one in build_report(seen).shape("sea")["findings"]
    ]


def e(kind: str, what: str, registry: str | None = "kiwi") -> tuple[str, str, str, str | None]:
    return ("error", kind, what, registry)


def w(kind: str, what: str, registry: str | None = "kiwi") -> tuple[str, str, str, str | None]:
    return ("warning", kind, what, registry)


SA = "ServiceAccount/default"

FINDINGS: dict[str, tuple[ClusterSnapshot, list[tuple[str, str, str, str | None]]]] = {
    "all is well": (snapshot([ours()], [account(DIRECT)]), []),
    "nothing in the cluster has to do with a registry": (
        snapshot([], [account("quay")]), [w("entry_names_nothing", SA, None)]
    ),
    "a cluster is integrated and has no secret yet": (
        snapshot([], [account()], integrated=("kiwi",)), [e("entry_missing", SA)]
    ),
    "a registry is asked for": (snapshot([], [account()], scope=ASKED), [e("entry_missing", SA)]),
    "a pod has an image of a registry": (snapshot([], [account()], [pod(waiting=None)]), [e("entry_missing", SA)]),
    "another account than the expected ones lacks it": (snapshot([], [account(name="robot")], scope=ASKED), []),
    "an account that fits a glob lacks it": (
        snapshot([ours()], [account(DIRECT), account(name="build-7")]),
        [e("entry_missing", "ServiceAccount/build-7")],
    ),
    "the secret is there and nobody names it": (snapshot([ours()], [account("quay")]), [
        e("entry_missing", SA), w("entry_names_nothing", SA, None),
    ]),
    "the secret that is named is gone": (snapshot([], [account(DIRECT)], scope=ASKED), [e("entry_names_nothing", SA)]),
    "one of two that are named is gone": (
        snapshot([theirs("kiwi")], [account(DIRECT, "kiwi")]), [w("entry_names_nothing", SA)]
    ),
    "a namespace that has nothing of the registry": (snapshot([ours()], [account(DIRECT), account(place="fig")]), []),
    "a namespace without a secret that is named literally": (
        snapshot([ours()], [account(DIRECT), account(place="fig")], scope=NAMED), [e("entry_missing", SA)]
    ),
    "DigitalOcean's operator copies into all namespaces": (
        snapshot([ours(method="operator", place="kube-system")], [account(place="fig")]),
        [e("entry_missing", SA)],
    ),
    "an image of Docker Hub begins like a registry": (
        snapshot([], [account()], [pod(image="!kiwi/web:v7", waiting=None)]), []
    ),
    "the hand-made secret serves the other registry only": (
        snapshot([theirs("regcred")], [account("regcred")], scope=replace(SCOPE, is_asked=True)),
        [e("entry_missing", SA, "plum")],
    ),
    "names that were not looked up": (
        snapshot([ours()], [account(DIRECT, "quay")], unread=frozenset({"quay"})), []
    ),
    "a hand-made secret serves": (snapshot([theirs("regcred")], [account("regcred")], scope=ASKED), []),
    "a secret for other hosts does not count": (
        snapshot([theirs("quay", host="quay.io")], [account("quay")], scope=ASKED), [e("entry_missing", SA)]
    ),
    "it expired": (
        snapshot([ours(left_days=-1)], [account(DIRECT)], access={"t-1": DEAD}), [e("expired", f"Secret/{DIRECT}")]
    ),
    "it expired and the image host was not asked": (
        replace(snapshot([ours(left_days=-1)], [account(DIRECT)]), access=None), [e("expired", f"Secret/{DIRECT}")]
    ),
    "two renewals did not happen": (
        snapshot([ours(left_days=29, age_days=61)], [account(DIRECT)]), [w("expires_soon", f"Secret/{DIRECT}")]
    ),
    "one renewal did not happen": (snapshot([ours(left_days=31, age_days=59)], [account(DIRECT)]), []),
    "it never expires": (snapshot([ours(left_days=None)], [account(DIRECT)]), [w("no_expiry", f"Secret/{DIRECT}")]),
    "the operator's copies end as their source does": (
        snapshot([ours(method="operator", place="kube-system", left_days=None), theirs(OPERATOR)], [account(OPERATOR)]),
        [w("no_expiry", f"Secret/{OPERATOR}")],
    ),
    "it was revoked": (snapshot([ours()], [account(DIRECT)], access={"t-1": DEAD}), [e("refused", f"Secret/{DIRECT}")]),
    "a dead one beside one that serves": (
        snapshot([theirs("registry-kiwi", "t-2"), ours()], [account("registry-kiwi", DIRECT)], access={"t-2": DEAD}),
        [w("duplicate", f"Secret/{DIRECT}, registry-kiwi"), w("refused", "Secret/registry-kiwi")],
    ),
    "it is of another registry": (
        snapshot([theirs("kiwi")], [account("kiwi")], access={"t-1": OPENS_PLUM}), [e("other_registry", "Secret/kiwi")]
    ),
    "ours is for another image host": (
        snapshot([edited(ours(), "t-1", "images.fig")], [account(DIRECT)]),
        [e("other_host", f"Secret/{DIRECT}")],
    ),
    "a user's secret for another host has the name of a registry": (
        snapshot([ours(), theirs("kiwi", host="images.fig")], [account(DIRECT, "kiwi")]), []
    ),
    "only a user's secret for another host has the name of the registry": (
        snapshot([theirs("kiwi", host="images.fig")], [account("kiwi")], scope=ASKED), [e("entry_missing", SA)]
    ),
    "a broken secret beside a good one ends every pull": (
        snapshot([ours(), with_config(theirs("quay"), BROKEN)], [account(DIRECT, "quay")]),
        [e("malformed", "Secret/quay", None)],
    ),
    "a broken secret that no account names": (
        snapshot([ours(), with_config(theirs("quay"), BROKEN)], [account(DIRECT)]), []
    ),
    "a secret of another type beside a good one": (
        snapshot([ours(), theirs("quay", kind="Opaque")], [account(DIRECT, "quay")]),
        [w("malformed", "Secret/quay", None)],
    ),
    "Docker Desktop kept the password": (
        snapshot([with_config(theirs("regcred"), json.dumps({"auths": {HOST: {}}, "credsStore": "desktop"}))],
                 [account("regcred")], scope=ASKED),
        [e("no_password", "Secret/regcred", None)],
    ),
    "the key ends in the version of the API": (
        snapshot([theirs("regcred", host=f"https://{HOST}/v2")], [account("regcred")], scope=ASKED),
        [e("unfit_key", "Secret/regcred", None)],
    ),
    "the key is a star": (
        snapshot([theirs("regcred", host="*")], [account("regcred")], scope=ASKED),
        [e("unfit_key", "Secret/regcred", None)],
    ),
    "the key has a tag": (
        snapshot([theirs("kiwi", host=f"{HOST}/kiwi/web:v1")], [account("kiwi")]), [e("unfit_key", "Secret/kiwi")]
    ),
    "the key begins the name of the registry": (snapshot([theirs("kiwi", host=f"{HOST}/ki")], [account("kiwi")]), []),
    "the key is for one repository": (snapshot([theirs("kiwi", host=f"{HOST}/kiwi/web")], [account("kiwi")]), []),
    "it is of a type that no kubelet reads": (
        snapshot([theirs(DIRECT, kind="Opaque")], [account(DIRECT)]), [e("malformed", f"Secret/{DIRECT}")]
    ),
    "a hand-made one of such a type": (
        snapshot([theirs("regcred", kind="Opaque")], [account("regcred")], scope=ASKED),
        [e("entry_missing", SA), e("malformed", "Secret/regcred", None)],
    ),
    "a hand-made one that nobody names": (snapshot([theirs("regcred", kind="Opaque")], [account()]), []),
    "it was edited and still serves": (
        snapshot([edited(ours(), "t-2")], [account(DIRECT)]), [w("edited", f"Secret/{DIRECT}")]
    ),
    "it may push": (
        snapshot([theirs("kiwi")], [account("kiwi")], access={"t-1": WRITES_KIWI}), [w("can_push", "Secret/kiwi")]
    ),
    "several methods at once": (
        snapshot([ours(), theirs(OPERATOR, "t-2"), theirs("kiwi", "t-3"), theirs("my-own", "t-4")], [account(DIRECT)]),
        [w("duplicate", f"Secret/{DIRECT}, {OPERATOR}, kiwi, my-own")],
    ),
    "copies differ from the one in kube-system": (
        snapshot(
            [theirs(OPERATOR, "t-2", place="kube-system"), theirs(OPERATOR), theirs(OPERATOR, place="fig")],
            [account(OPERATOR), account(OPERATOR, place="fig")],
        ),
        [w("copies_differ", f"Secret/{OPERATOR}")],
    ),
    "the other registry of the team is not looked at": (
        snapshot(
            [theirs("plum", "t-9")],
            [account("plum", "registry-plum", "kiwi")],
            scope=ASKED,
            access={"t-9": OPENS_PLUM},
        ),
        [e("entry_names_nothing", SA)],
    ),
    "what a token opens could not be found out": (
        replace(snapshot([theirs("kiwi")], [account("kiwi")]), access=None), []
    ),
}  # fmt: skip


@pytest.mark.parametrize("situation", FINDINGS)
def test_findings(situation: str) -> None:
    seen, expected = FINDINGS[situation]
    assert sorted(found(seen), key=str) == sorted(expected, key=str)
    assert build_report(seen).is_healthy == all(severity == "warning" for severity, *_rest in expected)


def test_copies_that_differ_are_those_that_most_are_not_like() -> None:
    secrets = [ours(place=place) for place in ("pear", "fig", "lime")] + [ours("t-2", place="date")]
    result = build_report(
        snapshot(secrets, [account(DIRECT, place=place) for place in ("pear", "fig", "lime", "date")])
    )
    (one,) = result.shape("sea")["findings"]
    assert (one["kind"], one["namespaces"]) == ("copies_differ", ["date"])


def test_every_kind_has_its_situation_and_a_line_in_the_guide() -> None:
    assert {kind for _seen, expected in FINDINGS.values() for _severity, kind, *_rest in expected} == set(ADVICE)
    guide = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    documented = (ROOT / "plugins/modules/docr_doks_integration_info.py").read_text(encoding="utf-8")
    for kind in ADVICE:
        assert f"| `{kind}` |" in guide
        assert f"C({kind})" in documented


def thousand() -> DoctorReport:
    """A thousand namespaces with the same faults, and a pod of two replicas that fails in each."""
    places = [f"space-{number}" for number in range(1000)]
    pods = [
        replace(pod(DIRECT, controller="ReplicaSet/web", name=name), namespace=place)
        for place in places
        for name in "ab"
    ]
    return build_report(
        snapshot(
            [ours(place=place, left_days=None) for place in places[1:]],
            [account(DIRECT, place=place) for place in places],
            pods,
        )
    )


def test_a_finding_that_a_thousand_namespaces_share_is_reported_once() -> None:
    shown = thousand().shape("sea")
    assert [(one["kind"], one["count"], len(one["namespaces"])) for one in shown["findings"]] == [
        ("entry_names_nothing", 1, 1), ("no_expiry", 999, 999),
    ]  # fmt: skip
    assert (len(shown["pods"]), shown["notes"]) == (200, ["800 more entries of pods are not shown."])
    assert [(one["pods"], one["count"]) for one in shown["pods"][:1]] == [(["a", "b"], 2)]
    assert len(shown["credentials"]) == 1
    assert shown["counts"] == {
        "namespaces": 1001, "service_accounts": 1000, "secrets": 999, "pods": 2000, "errors": 1, "warnings": 999,
        "failing_pods": 2000, "stale_pods": 0, "pods_at_risk": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "summary"),
    [
        (snapshot([ours()], [account(DIRECT)]), "sea: no problems were found in 1 namespace, for kiwi."),
        (snapshot(), "sea: nothing in the cluster uses the registries."),
        (
            snapshot(
                [ours(left_days=None)],
                [account(DIRECT), account(DIRECT, place="fig")],
                [pod(), pod(waiting=None, name="b")],
            ),
            (
                "sea: in 1 of 2 namespaces new pods cannot pull from kiwi; 1 pod is waiting for an image;"
                " 1 pod is older than the pull secret; 1 warning."
            ),
        ),
    ],
)  # fmt: skip
def test_the_summary_is_a_sentence(seen: ClusterSnapshot, summary: str) -> None:
    assert build_report(seen).shape("sea")["summary"] == summary


def test_credentials_are_shown_by_fingerprints_with_all_that_is_known_and_no_token() -> None:
    secrets = [ours("secret-1"), theirs("mine", "secret-2"), theirs("copy", "secret-1", place="fig")]
    access = {"secret-1": OPENS_KIWI, "secret-2": WRITES_KIWI}
    shown = build_report(snapshot(secrets, [account(DIRECT), account("copy", place="fig")], access=access)).shape("sea")
    known: dict[str, Any] = {
        "fingerprint": credential("secret-1").fingerprint, "secrets": ["copy", DIRECT], "methods": ["direct", "other"],
        "namespaces": 2, "is_taken": True, "pulls_from": ["kiwi"], "pushes_to": [],
        "minted_at": "2026-04-17T11:30:00Z", "expires_at": "2026-07-16T11:30:00Z", "never_expires": False,
    }  # fmt: skip
    unknown = {
        "fingerprint": credential("secret-2").fingerprint, "secrets": ["mine"], "methods": ["other"], "namespaces": 1,
        "pushes_to": ["kiwi"], "minted_at": None, "expires_at": None, "never_expires": None,
    }  # fmt: skip
    assert shown["credentials"] == [known, {**known, **unknown}]
    assert "secret-" not in str(shown)
    assert config("secret-1") not in repr(build_report(snapshot(secrets)))


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (
            snapshot([theirs(DIRECT, host=f"{HOST}/plum")], [account()], scope=ASKED),
            f"Delete the secret {DIRECT}, which",
        ),
        (snapshot([theirs("kiwi")], [account()], scope=ASKED), "Add kiwi to its imagePullSecrets, or run"),
        # docr_doks_integration would refuse to write a secret in the place of this secret.
        (snapshot([theirs(DIRECT)], [account()], scope=ASKED), f"Add {DIRECT} to its imagePullSecrets."),
        (snapshot([theirs(DIRECT, kind="Opaque")], [account()], scope=ASKED), f"Delete the secret {DIRECT}, which"),
        (
            snapshot([], [account()], scope=ASKED),
            "Run docr_doks_integration with this registry, cluster, namespace and",
        ),
    ],
)
def test_the_advice_for_a_missing_entry_is_by_the_secrets_that_exist(seen: ClusterSnapshot, told: str) -> None:
    shown = build_report(seen).shape("sea")["findings"]
    assert [one["advice"].startswith(told) for one in shown if one["kind"] == "entry_missing"] == [True]


@pytest.mark.parametrize(
    ("secret", "access"),
    [
        (edited(ours(), "t-9"), {"t-9": OPENS_PLUM}),
        (edited(ours(), "t-9"), {"t-9": DEAD}),
        (edited(ours(), "t-9"), {"t-9": WRITES_KIWI}),
        (edited(ours(), "t-9", f"{HOST}/plum"), {}),
        (with_config(ours(), BROKEN), {}),
        (ours(), {"t-1": OPENS_PLUM}),
    ],
)
def test_all_findings_on_a_secret_of_ours_have_the_same_advice(secret: Secret, access: dict[str, TokenAccess]) -> None:
    others = [ours("t-2", place=place) for place in ("fig", "lime")]
    accounts = [account(DIRECT, place=place) for place in ("pear", "fig", "lime")]
    shown = build_report(snapshot([secret, *others], accounts, access=access)).shape("sea")["findings"]
    told = {one["advice"] for one in shown if one["namespaces"] == ["pear"] and one["kind"] != "copies_differ"}
    assert told == {"Run docr_doks_integration with this registry and cluster, which restores the secret."}


def test_a_secret_of_ours_of_another_type_is_deleted_since_kubernetes_changes_no_type() -> None:
    opaque = replace(ours(), content=replace(ours().content, type="Opaque"))
    (one,) = build_report(snapshot([opaque], [account(DIRECT)])).shape("sea")["findings"]
    assert one["advice"] == "Delete the secret, and run docr_doks_integration with this registry and cluster."


def test_a_token_that_opens_nothing_is_not_said_to_open_another_registry() -> None:
    seen = snapshot([theirs("kiwi")], [account("kiwi")], access={"t-1": OPENS_NOTHING})
    (one,) = build_report(seen).shape("sea")["findings"]
    assert one["message"] == "Its name is for the registry kiwi, and its token opens none of the checked registries."


def test_a_second_secret_is_advised_only_where_the_module_can_write_the_secret() -> None:
    dead = theirs("regcred", "t-9")
    for others, is_advised in (([], True), ([theirs(DIRECT, host="quay.io")], False)):
        seen = snapshot([dead, *others], [account("regcred")], access={"t-9": DEAD}, scope=ASKED)
        (one,) = [one for one in build_report(seen).shape("sea")["findings"] if one["kind"] == "refused"]
        assert ("method=direct, which adds a pull secret" in one["advice"]) is is_advised


def test_a_broken_secret_of_its_author_is_to_be_corrected_and_not_deleted() -> None:
    seen = snapshot([ours(), with_config(theirs("quay"), BROKEN)], [account(DIRECT, "quay")])
    (one,) = build_report(seen).shape("sea")["findings"]
    assert one["advice"] == "Correct the secret, or remove its name from imagePullSecrets."
    assert "the auth of its entry quay.io" in one["message"].lower()
