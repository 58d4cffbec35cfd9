# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why pods of a cluster do not pull: findings, grouped so that one finding in many namespaces is one line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..names import join_names
from ..times import format_time
from .findings import ERROR, WARNING, Finding, Need, find_secret_findings, list_needs
from .pods import MADE_BEFORE_SECRET, PodFinding, find_pod_findings
from .secrets import IndexedSecret
from .snapshot import ClusterSnapshot

# As many pods of one controller, entries of pods, and credentials are shown; the others are counted.
MOST_PODS_NAMED = 10
MOST_PODS = 200
MOST_CREDENTIALS = 100


@dataclass(frozen=True)
class DoctorReport:
    """The doctor's report on one cluster."""

    snapshot: ClusterSnapshot
    needs: tuple[Need, ...]
    findings: tuple[Finding, ...]
    pods: tuple[PodFinding, ...]
    notes: tuple[str, ...]

    @property
    def is_healthy(self) -> bool:
        """Whether pods can pull: the report has no error, and no pod waits for an image."""
        has_error = any(one.severity == ERROR for one in self.findings)
        return not has_error and self._failing() == 0 and all(need.is_met for need in self.needs)

    def shape(self, name: str) -> dict[str, Any]:
        """The report as the user sees it, with bounded lists; `name` is the cluster's name."""
        pods = _group(self.pods, lambda one: one.key)
        return {
            "is_healthy": self.is_healthy,
            "summary": f"{name}: {self._summary()}",
            "registries": list(self.snapshot.concerned),
            "counts": self._counts(),
            "namespaces": self._namespaces(),
            "findings": self._findings(),
            "credentials": _credentials(self.snapshot),
            "pods": [
                one.shape(list(dict.fromkeys(each.pod.name for each in group)), MOST_PODS_NAMED)
                for one, group in pods[:MOST_PODS]
            ],
            "notes": [*self.notes, *_left_out("entries of pods", len(pods), MOST_PODS)],
        }

    def _summary(self) -> str:
        total = len(self.snapshot.namespaces)
        affected = {need.account.namespace for need in self.needs if not need.is_met}
        registries = join_names(dict.fromkeys(need.registry for need in self.needs if not need.is_met))
        failing, stale, at_risk = self._failing(), self._stale(), self._at_risk()
        warnings = len({_same(one) for one in self.findings if one.severity == WARNING})
        parts = [
            f"in {len(affected)} of {total} namespaces new pods cannot pull from {registries}" if affected else "",
            f"{_pods(failing)} waiting for an image" if failing else "",
            f"{_pods(stale)} older than the pull secret" if stale else "",
            f"{_pods(at_risk)} running with pull secrets that do not serve the image" if at_risk else "",
            f"{warnings} {'warning' if warnings == 1 else 'warnings'}" if warnings else "",
        ]
        told = "; ".join(part for part in parts if part)
        if told:
            return f"{told}."
        if not self.snapshot.concerned:
            return "nothing in the cluster uses the registries."
        spaces = "1 namespace" if total == 1 else f"{total} namespaces"
        return f"no problems were found in {spaces}, for {join_names(self.snapshot.concerned)}."

    def _counts(self) -> dict[str, int]:
        severities = Counter(one.severity for one in self.findings)
        return {
            "namespaces": len(self.snapshot.namespaces),
            "service_accounts": sum(1 for _account in self.snapshot.desired_accounts()),
            "secrets": sum(1 for _indexed in self.snapshot.secrets()),
            "pods": len(self.snapshot.pods),
            "errors": severities[ERROR],
            "warnings": severities[WARNING],
            "failing_pods": self._failing(),
            "stale_pods": self._stale(),
            "pods_at_risk": self._at_risk(),
        }

    def _failing(self) -> int:
        """The number of pods that wait, whatever number of containers of a pod wait."""
        return len({_place(one) for one in self.pods if one.is_failing})

    def _stale(self) -> int:
        """The number of running pods that are older than the pull secret."""
        failing = {_place(one) for one in self.pods if one.is_failing}
        return len({_place(one) for one in self.pods if one.cause == MADE_BEFORE_SECRET} - failing)

    def _at_risk(self) -> int:
        """The number of running pods whose own pull secrets do not serve the image."""
        others = {_place(one) for one in self.pods if one.is_failing or one.cause == MADE_BEFORE_SECRET}
        return len({_place(one) for one in self.pods} - others)

    def _namespaces(self) -> list[dict[str, Any]]:
        """The namespaces with errors or failing pods, and the numbers of both."""
        errors = Counter(one.namespace for one in self.findings if one.severity == ERROR)
        failing = Counter(namespace for namespace, _name in {_place(one) for one in self.pods if one.is_failing})
        names = sorted({*errors, *failing})
        return [{"name": name, "errors": errors[name], "failing_pods": failing[name]} for name in names]

    def _findings(self) -> list[dict[str, Any]]:
        groups = _group(self.findings, _same)
        groups.sort(key=lambda one: (one[0].severity != ERROR, -len(one[1]), one[0].kind))
        return [one.shape(sorted({each.namespace for each in group})) for one, group in groups]


def build_report(snapshot: ClusterSnapshot, notes: Iterable[str] = ()) -> DoctorReport:
    """The report; `notes` say what could not be checked."""
    needs = list_needs(snapshot)
    findings = tuple(dict.fromkeys(find_secret_findings(snapshot, needs)))
    return DoctorReport(snapshot, needs, findings, tuple(find_pod_findings(snapshot)), tuple(notes))


def _place(found: PodFinding) -> tuple[str, str]:
    return found.pod.namespace, found.pod.name


def _same(finding: Finding) -> Finding:
    return replace(finding, namespace="")


def _group(things: Iterable[Any], key: Any) -> list[tuple[Any, list[Any]]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for one in things:
        groups[key(one)].append(one)
    return [(group[0], group) for group in groups.values()]


def _credentials(snapshot: ClusterSnapshot) -> list[dict[str, Any]]:
    """The tokens in the checked secrets, by their fingerprints, and what each token may do."""
    holders: dict[str, list[IndexedSecret]] = defaultdict(list)
    for indexed in snapshot.secrets():
        for login in indexed.parsed.logins:
            holders[login.credentials.fingerprint].append(indexed)
    return [_credential(snapshot, one, secrets) for one, secrets in list(holders.items())[:MOST_CREDENTIALS]]


def _credential(snapshot: ClusterSnapshot, fingerprint: str, secrets: list[IndexedSecret]) -> dict[str, Any]:
    access = (snapshot.access or {}).get(fingerprint)
    known = snapshot.index.credentials.get(fingerprint)
    ends = None if known is None else known.expires_at
    return {
        "fingerprint": fingerprint,
        "secrets": sorted({indexed.secret.name for indexed in secrets}),
        "methods": sorted({indexed.method for indexed in secrets}),
        "namespaces": len({indexed.secret.namespace for indexed in secrets}),
        "is_taken": None if access is None else access.is_taken,
        "pulls_from": None if access is None else sorted(access.pulls),
        "pushes_to": None if access is None or access.pushes is None else sorted(access.pushes),
        "minted_at": None if known is None else format_time(known.minted_at),
        "expires_at": None if ends is None else format_time(ends),
        "never_expires": None if known is None else ends is None,
    }


def _pods(count: int) -> str:
    return "1 pod is" if count == 1 else f"{count} pods are"


def _left_out(what: str, count: int, most: int) -> Iterator[str]:
    if count > most:
        yield f"{count - most} more {what} are not shown."
