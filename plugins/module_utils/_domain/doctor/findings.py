# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with service accounts and pull secrets: by kind, with a sentence of advice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..access.methods import doctl_name, secret_names
from ..access.ownership import OPERATOR_NAMESPACE
from ..clusters.objects import ServiceAccount
from ..credentials.rotation import LIFETIMES, Credential
from ..names import join_names
from ..times import format_time
from .advice import ADVICE, DOCTL_AGAIN, OR_REMOVE, RUN_HERE, Keeper, advise, find_obstacle, keeper_of, run_here
from .secrets import MAKERS, IndexedSecret, why_refused
from .snapshot import ClusterSnapshot, SecretState, best_of

ERROR = "error"
WARNING = "warning"

# A secret in these states has no finding of its own, and a secret of another type has no login that would be meant.
_WITHOUT_FINDING = (SecretState.SERVES, SecretState.UNKNOWN, SecretState.OTHER_HOST, SecretState.MALFORMED)


@dataclass(frozen=True)
class Finding:
    """A finding in one namespace. An error prevents pods from pulling; a warning may prevent them later."""

    severity: str
    kind: str
    namespace: str
    object: str
    registry: str | None
    message: str
    advice: str

    def shape(self, namespaces: list[str]) -> dict[str, Any]:
        """The finding as the user sees it, once for all namespaces with the same finding."""
        return {
            "severity": self.severity,
            "kind": self.kind,
            "object": self.object,
            "registry": self.registry,
            "namespaces": namespaces,
            "count": len(namespaces),
            "message": self.message,
            "advice": self.advice[0].upper() + self.advice[1:] + ".",
        }


@dataclass(frozen=True)
class Need:
    """A service account that must have an entry for a registry, and the best pull secret that the account has."""

    account: ServiceAccount
    registry: str
    best: tuple[SecretState, str] | None

    @property
    def is_met(self) -> bool:
        """Whether the account's pods can pull, as far as known."""
        return self.best is not None and self.best[0] in (SecretState.SERVES, SecretState.UNKNOWN)


def list_needs(snapshot: ClusterSnapshot) -> tuple[Need, ...]:
    """The entries that the service accounts must have."""
    return tuple(
        Need(account, registry, snapshot.best(account.namespace, account.named_secrets, registry))
        for registry in snapshot.concerned
        for account in snapshot.desired_accounts()
        if snapshot.is_meant(account.namespace, registry)
    )


def find_secret_findings(snapshot: ClusterSnapshot, needs: Iterable[Need]) -> Iterator[Finding]:
    """The findings on service accounts and secrets in the checked namespaces."""
    unmet: dict[tuple[str, str], set[str]] = defaultdict(set)
    for need in needs:
        if not need.is_met:
            unmet[need.account.namespace, need.registry].update(need.account.named_secrets)
            yield from _missing_entry(snapshot, need)
    for account in snapshot.desired_accounts():
        yield from _names_nothing(snapshot, account, unmet)
    named = {(one.namespace, name) for one in snapshot.accounts.values() for name in one.named_secrets}
    named |= {(pod.namespace, name) for pod in snapshot.pods for name in pod.named_secrets}
    secrets = [one for one in snapshot.index.secrets.values() if one.secret.namespace in snapshot.namespaces]
    for indexed in secrets:
        place = (indexed.secret.namespace, indexed.secret.name)
        # A secret that a kubelet cannot read matters whatever registry it is named for.
        is_open = indexed.registry is None or indexed.parsed.is_breaking
        if indexed.registry in snapshot.scope.registries or (is_open and place in named):
            yield from _SecretCheck(snapshot, indexed, unmet).find()
    yield from _differing(snapshot, secrets)
    yield from _duplicates(snapshot, secrets)


def _missing_entry(snapshot: ClusterSnapshot, need: Need) -> Iterator[Finding]:
    """An account that names no secret for the registry; a named secret that is not good has a finding of its own."""
    account = need.account
    meant = set(secret_names(need.registry))
    for name in account.named_secrets:
        indexed = snapshot.index.find(account.namespace, name)
        if indexed is None and name in meant:
            return
        if indexed is not None and (indexed.registry == need.registry or _has_finding(snapshot, indexed)):
            return
    present = snapshot.serving(account.namespace, _present(snapshot, account.namespace, need.registry), need.registry)
    hint = f", although the secret {present} exists" if present else ""
    message = f"Its imagePullSecrets name no pull secret for the registry {need.registry}{hint}."
    advice = ADVICE["entry_missing"]
    obstacle = find_obstacle(snapshot.index, account.namespace, need.registry)
    if present:
        advice = f"add {present} to its imagePullSecrets{'' if obstacle else f', or {RUN_HERE}'}"
    elif obstacle:
        advice = run_here(snapshot.index, account.namespace, need.registry)
    yield Finding(ERROR, "entry_missing", account.namespace, _account(account), need.registry, message, advice)


def _has_finding(snapshot: ClusterSnapshot, indexed: IndexedSecret) -> bool:
    """Whether a secret that has no registry by its name is meant for the checked ones and serves none of them."""
    states = (snapshot.state_of(indexed, one) for one in snapshot.scope.registries)
    return indexed.registry is None and best_of(states) not in _WITHOUT_FINDING


def _present(snapshot: ClusterSnapshot, namespace: str, registry: str) -> Iterator[str]:
    return (name for name in secret_names(registry) if snapshot.index.find(namespace, name) is not None)


def _names_nothing(
    snapshot: ClusterSnapshot, account: ServiceAccount, unmet: dict[tuple[str, str], set[str]]
) -> Iterator[Finding]:
    for name in account.named_secrets:
        if snapshot.index.find(account.namespace, name) is not None or name in snapshot.unread:
            continue
        registry = next((one for one in snapshot.scope.team if name in secret_names(one)), None)
        if registry is not None and registry not in snapshot.scope.registries:
            continue
        is_error = registry is not None and name in unmet[account.namespace, registry]
        message = f"It names the pull secret {name}, which does not exist in the namespace."
        severity = ERROR if is_error else WARNING
        advice = ADVICE["entry_names_nothing"]
        if registry is None:
            advice = "create the secret, or remove the name from imagePullSecrets"
        elif name == doctl_name(registry):
            advice = f"{DOCTL_AGAIN}, or remove the name from imagePullSecrets"
        yield Finding(severity, "entry_names_nothing", account.namespace, _account(account), registry, message, advice)


@dataclass(frozen=True)
class _SecretCheck:
    """The check of one secret."""

    snapshot: ClusterSnapshot
    indexed: IndexedSecret
    unmet: dict[tuple[str, str], set[str]]

    def find(self) -> Iterator[Finding]:
        """The findings on the secret."""
        indexed, registries = self.indexed, self._registries()
        if indexed.parsed.fault is not None:
            yield self._malformed(indexed.parsed.fault)
            return
        if indexed.is_marked and indexed.credential is None:
            yield self._say(
                "edited", "Its token does not match its labels and annotations of this collection.", WARNING
            )
        states = {self.snapshot.state_of(indexed, registry) for registry in registries}
        if states <= {SecretState.OTHER_HOST}:
            if indexed.registry is not None:
                yield self._say("other_host", f"The secret has no login for {self.snapshot.scope.host}.")
            return
        yield from self._say_state(best_of(states))
        yield from self._say_expiry()
        pushes = sorted(name for one in indexed.parsed.logins for name in self._pushes(one.credentials.fingerprint))
        if pushes:
            yield self._say("can_push", f"Its token may push to {join_names(dict.fromkeys(pushes))}.", WARNING)

    def _malformed(self, fault: str) -> Finding:
        more = (
            "; pods that name the secret pull no image at all, from any host" if self.indexed.parsed.is_breaking else ""
        )
        found = self._say("malformed", f"{fault[0].upper()}{fault[1:]}{more}.")
        is_users = keeper_of(self.indexed) is Keeper.OTHER
        return replace(found, advice=f"{found.advice}{OR_REMOVE}") if is_users else found

    def _registries(self) -> tuple[str, ...]:
        if self.indexed.registry is None or self.indexed.parsed.is_breaking:
            return self.snapshot.scope.registries
        return (self.indexed.registry,)

    def _pushes(self, fingerprint: str) -> Iterable[str]:
        access = (self.snapshot.access or {}).get(fingerprint)
        return (access.pushes or ()) if access else ()

    def _say_state(self, state: SecretState) -> Iterator[Finding]:
        if state is SecretState.EXPIRED:
            ends = max(one.expires_at for one in self._credentials() if one.expires_at)
            yield self._say("expired", f"Its token expired at {format_time(ends)}.")
        elif state is SecretState.REFUSED:
            yield self._say("refused", f"The image host does not accept its token: {why_refused(self.indexed)}.")
        elif state is SecretState.PASSWORDLESS:
            keys = join_names(self.indexed.parsed.passwordless)
            yield self._say("no_password", f"Its entry {keys} has no password.")
        elif state is SecretState.UNFIT:
            keys = join_names([*self.indexed.parsed.unfit, *(one.key for one in self.indexed.parsed.logins)])
            yield self._say("unfit_key", f"A kubelet uses its entry {keys} for no image of the registry.")
        elif state is SecretState.OTHER_REGISTRY:
            fingerprints = [one.credentials.fingerprint for one in self.indexed.parsed.logins]
            opened = {
                name for one in fingerprints if (found := (self.snapshot.access or {}).get(one)) for name in found.pulls
            }
            opens = f"another registry: {join_names(sorted(opened))}" if opened else "none of the checked registries"
            what = f"Its name is for the registry {self.indexed.registry}, and its" if self.indexed.registry else "Its"
            yield self._say("other_registry", f"{what} token opens {opens}.")

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
        is_blocked = any(find_obstacle(self.snapshot.index, secret.namespace, one) for one in self._registries())
        what, advice = f"Secret/{secret.name}", advise(kind, self.indexed, in_place=is_blocked)
        return Finding(severity, kind, secret.namespace, what, self.indexed.registry, message, advice)


def _differing(snapshot: ClusterSnapshot, secrets: Iterable[IndexedSecret]) -> Iterator[Finding]:
    """Copies of one secret whose token differs from their source, from this collection's or from most copies."""
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
                message = "Its token differs from the token of the other secrets of its name."
                advice = advise("copies_differ", indexed)
                yield Finding(WARNING, "copies_differ", namespace, f"Secret/{name}", indexed.registry, message, advice)


def _token(indexed: IndexedSecret) -> str:
    return indexed.parsed.logins[0].credentials.fingerprint


def _duplicates(snapshot: ClusterSnapshot, secrets: Iterable[IndexedSecret]) -> Iterator[Finding]:
    """Secrets for the same registry that several methods made."""
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
            yield Finding(WARNING, "duplicate", namespace, f"Secret/{names}", registry, message, ADVICE["duplicate"])


def _account(account: ServiceAccount) -> str:
    return f"ServiceAccount/{account.name}"
