# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with service accounts and pull secrets: by kind, with a sentence of advice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..access.ownership import OPERATOR_NAMESPACE
from ..access.secret_names import secret_names
from ..clusters.objects import ServiceAccount
from ..credentials.rotation import LIFETIMES, Credential
from ..names import join_names
from ..times import format_time
from .secrets import MAKERS, IndexedSecret
from .snapshot import ClusterSnapshot, SecretState

ERROR = "error"
WARNING = "warning"
_RUN = "run docr_doks_integration with this registry and cluster"
_REPLACE = f"delete the secret, and {_RUN}"

ADVICE = {
    "entry_missing": "run docr_doks_integration with this registry, cluster, namespace and service account, or name a"
    " pull secret of the registry in it yourself",
    "entry_names_nothing": f"{_RUN} if it is to make the secret; else make it, or take the name out",
    "malformed": f"delete it, and {_RUN}",
    "edited": f"{_RUN}: it writes its own secrets again as they were",
    "copies_differ": f"{_RUN}, unless a rotation is under way",
    "expired": f"{_RUN}: it renews what has expired",
    "expires_soon": f"{_RUN}, and see why its regular run does not take place",
    "no_expiry": "let docr_doks_integration renew it with rotate_every, so that none outlives its cluster",
    "refused": f"if it is not rotated anywhere else, {_RUN}; it mints another token",
    "other_registry": f"put a credential of the registry into it, or {_REPLACE}",
    "other_host": f"see that registry_host is the image host that is meant; then {_REPLACE}",
    "can_push": f"every reader of the secret can replace images, so {_REPLACE}: that mints tokens that only pull",
    "duplicate": "keep one of the methods; docr_doks_integration with state absent takes one of its own away",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong in one namespace; an error keeps pods from pulling, a warning may some day."""

    severity: str
    kind: str
    namespace: str
    object: str
    registry: str | None
    message: str

    def shape(self, namespaces: list[str]) -> dict[str, Any]:
        """As the user sees it, once for all namespaces where it is the same."""
        return {
            "severity": self.severity,
            "kind": self.kind,
            "object": self.object,
            "registry": self.registry,
            "namespaces": namespaces,
            "count": len(namespaces),
            "message": self.message,
            "advice": ADVICE[self.kind][0].upper() + ADVICE[self.kind][1:] + ".",
        }


@dataclass(frozen=True)
class Need:
    """A service account that is to have an entry for a registry, the best that it has, and whether that will do."""

    account: ServiceAccount
    registry: str
    best: tuple[SecretState, str] | None

    @property
    def is_met(self) -> bool:
        """Whether its pods can pull, as far as could be found out."""
        return self.best is not None and self.best[0] in (SecretState.SERVES, SecretState.UNKNOWN)


def list_needs(snapshot: ClusterSnapshot) -> tuple[Need, ...]:
    """What the service accounts are to have."""
    return tuple(
        Need(account, registry, snapshot.best(account.namespace, account.pull_secrets, registry))
        for registry in snapshot.concerned
        for account in snapshot.desired_accounts()
    )


def find_secret_findings(snapshot: ClusterSnapshot, needs: Iterable[Need]) -> Iterator[Finding]:
    """All that is wrong with service accounts and secrets in the namespaces that are looked at."""
    unmet: dict[tuple[str, str], set[str]] = defaultdict(set)
    for need in needs:
        if not need.is_met:
            unmet[need.account.namespace, need.registry].update(need.account.pull_secrets)
            yield from _missing_entry(snapshot, need)
    for account in snapshot.desired_accounts():
        yield from _names_nothing(snapshot, account, unmet)
    named = {(one.namespace, name) for one in snapshot.accounts.values() for name in one.pull_secrets}
    named |= {(pod.namespace, name) for pod in snapshot.pods for name in pod.pull_secrets}
    secrets = [one for one in snapshot.index.secrets.values() if one.secret.namespace in snapshot.namespaces]
    for indexed in secrets:
        place = (indexed.secret.namespace, indexed.secret.name)
        if indexed.registry in snapshot.scope.registries or (indexed.registry is None and place in named):
            yield from _SecretCheck(snapshot, indexed, unmet).find()
    yield from _differing(snapshot, secrets)
    yield from _duplicates(snapshot, secrets)


def _missing_entry(snapshot: ClusterSnapshot, need: Need) -> Iterator[Finding]:
    """Nothing is named that was meant for the registry; what was meant and is no good is said of the secret."""
    account = need.account
    meant = set(secret_names(need.registry))
    for name in account.pull_secrets:
        indexed = snapshot.index.find(account.namespace, name)
        if name in meant or (indexed is not None and indexed.registry is None and indexed.parsed.logins):
            return
    present = snapshot.serving(account.namespace, _present(snapshot, account.namespace, need.registry), need.registry)
    hint = f", though the secret {present} is there" if present else ""
    message = f"Its imagePullSecrets name none for the registry {need.registry}{hint}."
    yield Finding(ERROR, "entry_missing", account.namespace, _account(account), need.registry, message)


def _present(snapshot: ClusterSnapshot, namespace: str, registry: str) -> Iterator[str]:
    return (name for name in secret_names(registry) if snapshot.index.find(namespace, name) is not None)


def _names_nothing(
    snapshot: ClusterSnapshot, account: ServiceAccount, unmet: dict[tuple[str, str], set[str]]
) -> Iterator[Finding]:
    for name in account.pull_secrets:
        if snapshot.index.find(account.namespace, name) is not None:
            continue
        registry = next((one for one in snapshot.scope.team if name in secret_names(one)), None)
        if registry is not None and registry not in snapshot.scope.registries:
            continue
        is_error = registry is not None and name in unmet[account.namespace, registry]
        message = f"It names the pull secret {name}, and there is none in the namespace."
        severity = ERROR if is_error else WARNING
        yield Finding(severity, "entry_names_nothing", account.namespace, _account(account), registry, message)


@dataclass(frozen=True)
class _SecretCheck:
    """One secret under examination."""

    snapshot: ClusterSnapshot
    indexed: IndexedSecret
    unmet: dict[tuple[str, str], set[str]]

    def find(self) -> Iterator[Finding]:
        """All that is wrong with it."""
        indexed, registries = self.indexed, self._registries()
        if indexed.parsed.fault is not None:
            yield self._say("malformed", f"{indexed.parsed.fault[0].upper()}{indexed.parsed.fault[1:]}.")
            return
        if indexed.is_marked and indexed.credential is None:
            yield self._say(
                "edited", "It has the marks of this collection, but not the token that they tell of.", WARNING
            )
        states = {self.snapshot.state_of(indexed, registry) for registry in registries}
        if states <= {SecretState.OTHER_HOST}:
            if indexed.registry is not None:
                yield self._say("other_host", f"It holds nothing for {self.snapshot.scope.host}.")
            return
        yield from self._say_state(min(states, key=list(SecretState).index))
        yield from self._say_expiry()
        pushes = sorted(name for one in indexed.parsed.logins for name in self._pushes(one.credentials.fingerprint))
        if pushes:
            yield self._say("can_push", f"Its token may push to {join_names(dict.fromkeys(pushes))}.", WARNING)

    def _registries(self) -> tuple[str, ...]:
        return self.snapshot.scope.registries if self.indexed.registry is None else (self.indexed.registry,)

    def _pushes(self, fingerprint: str) -> Iterable[str]:
        access = (self.snapshot.access or {}).get(fingerprint)
        return access.pushes if access else ()

    def _say_state(self, state: SecretState) -> Iterator[Finding]:
        if state is SecretState.EXPIRED:
            ends = max(one.expires_at for one in self._credentials() if one.expires_at)
            yield self._say("expired", f"Its token expired at {format_time(ends)}.")
        elif state is SecretState.REFUSED:
            yield self._say("refused", "The image host does not take its token: it is unknown, expired or revoked.")
        elif state is SecretState.OTHER_REGISTRY:
            fingerprints = [one.credentials.fingerprint for one in self.indexed.parsed.logins]
            opened = {
                name for one in fingerprints if (found := (self.snapshot.access or {}).get(one)) for name in found.pulls
            }
            opens = join_names(sorted(opened)) or "none that is looked at"
            what = (
                f"It is called after the registry {self.indexed.registry}, and its" if self.indexed.registry else "Its"
            )
            yield self._say("other_registry", f"{what} token opens another: {opens}.")

    def _say_expiry(self) -> Iterator[Finding]:
        for credential in self._credentials():
            ends = credential.expires_at
            if ends is None:
                yield self._say("no_expiry", "Its token never expires.", WARNING)
            elif self.snapshot.now < ends <= self.snapshot.now + (ends - credential.minted_at) / LIFETIMES:
                yield self._say(
                    "expires_soon", f"Its token expires at {format_time(ends)}, and should be renewed.", WARNING
                )

    def _credentials(self) -> Iterator[Credential]:
        known = self.snapshot.index.credentials
        fingerprints = dict.fromkeys(one.credentials.fingerprint for one in self.indexed.parsed.logins)
        return (known[one] for one in fingerprints if one in known)

    def _say(self, kind: str, message: str, severity: str | None = None) -> Finding:
        secret = self.indexed.secret
        wanted = any(secret.name in self.unmet[secret.namespace, one] for one in self._registries())
        severity = severity or (ERROR if wanted else WARNING)
        return Finding(severity, kind, secret.namespace, f"Secret/{secret.name}", self.indexed.registry, message)


def _differing(snapshot: ClusterSnapshot, secrets: Iterable[IndexedSecret]) -> Iterator[Finding]:
    """Copies of one secret that hold another token than their source, than what we wrote, or than most."""
    tokens: dict[str, dict[str, IndexedSecret]] = defaultdict(dict)
    for indexed in secrets:
        if indexed.registry in snapshot.scope.registries and indexed.parsed.logins:
            tokens[indexed.secret.name][indexed.secret.namespace] = indexed
    for name, copies in tokens.items():
        source = copies.get(OPERATOR_NAMESPACE) or snapshot.index.find(OPERATOR_NAMESPACE, name)
        written = [indexed for indexed in copies.values() if indexed.credential is not None]
        counted = Counter(_token(indexed) for indexed in written or copies.values())
        usual = _token(source) if source is not None and source.parsed.logins else counted.most_common(1)[0][0]
        for namespace, indexed in copies.items():
            if _token(indexed) != usual:
                message = "It holds another token than the other secrets of its name."
                yield Finding(WARNING, "copies_differ", namespace, f"Secret/{name}", indexed.registry, message)


def _token(indexed: IndexedSecret) -> str:
    return indexed.parsed.logins[0].credentials.fingerprint


def _duplicates(snapshot: ClusterSnapshot, secrets: Iterable[IndexedSecret]) -> Iterator[Finding]:
    """Secrets for the same registry that were made by several methods."""
    places: dict[tuple[str, str], list[IndexedSecret]] = defaultdict(list)
    for indexed in secrets:
        for registry in snapshot.concerned:
            is_other = indexed.registry is None and snapshot.state_of(indexed, registry) is SecretState.SERVES
            if indexed.registry == registry or is_other:
                places[indexed.secret.namespace, registry].append(indexed)
    for (namespace, registry), found in places.items():
        if len(found) > 1:
            found.sort(key=lambda one: (list(MAKERS).index(one.method), one.secret.name))
            told = join_names(f"{one.secret.name} ({MAKERS[one.method]})" for one in found)
            names = ", ".join(one.secret.name for one in found)
            message = f"{len(found)} secrets are for the registry {registry}: {told}."
            yield Finding(WARNING, "duplicate", namespace, f"Secret/{names}", registry, message)


def _account(account: ServiceAccount) -> str:
    return f"ServiceAccount/{account.name}"
