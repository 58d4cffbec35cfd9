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
from .secrets import MAKERS, Item
from .snapshot import ClusterSnapshot, State

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
    best: tuple[State, str] | None

    @property
    def is_met(self) -> bool:
        """Whether its pods can pull, as far as could be found out."""
        return self.best is not None and self.best[0] in (State.SERVES, State.UNKNOWN)


def list_needs(case: ClusterSnapshot) -> tuple[Need, ...]:
    """What the service accounts are to have."""
    return tuple(
        Need(account, registry, case.best(account.namespace, account.pull_secrets, registry))
        for registry in case.concerned
        for account in case.expected_accounts()
    )


def find_faults(case: ClusterSnapshot, needs: Iterable[Need]) -> Iterator[Finding]:
    """All that is wrong with service accounts and secrets in the namespaces that are looked at."""
    starving: dict[tuple[str, str], set[str]] = defaultdict(set)
    for need in needs:
        if not need.is_met:
            starving[need.account.namespace, need.registry].update(need.account.pull_secrets)
            yield from _lacking(case, need)
    for account in case.expected_accounts():
        yield from _names_nothing(case, account, starving)
    named = {(one.namespace, name) for one in case.accounts.values() for name in one.pull_secrets}
    named |= {(pod.namespace, name) for pod in case.pods for name in pod.pull_secrets}
    items = [one for one in case.shelf.items.values() if one.secret.namespace in case.namespaces]
    for item in items:
        place = (item.secret.namespace, item.secret.name)
        if item.registry in case.scope.registries or (item.registry is None and place in named):
            yield from _Secret(case, item, starving).find()
    yield from _differing(case, items)
    yield from _duplicates(case, items)


def _lacking(case: ClusterSnapshot, need: Need) -> Iterator[Finding]:
    """Nothing is named that was meant for the registry; what was meant and is no good is said of the secret."""
    account = need.account
    meant = set(secret_names(need.registry))
    for name in account.pull_secrets:
        item = case.shelf.find(account.namespace, name)
        if name in meant or (item is not None and item.registry is None and item.held.logins):
            return
    present = case.serving(account.namespace, _present(case, account.namespace, need.registry), need.registry)
    hint = f", though the secret {present} is there" if present else ""
    message = f"Its imagePullSecrets name none for the registry {need.registry}{hint}."
    yield Finding(ERROR, "entry_missing", account.namespace, _account(account), need.registry, message)


def _present(case: ClusterSnapshot, namespace: str, registry: str) -> Iterator[str]:
    return (name for name in secret_names(registry) if case.shelf.find(namespace, name) is not None)


def _names_nothing(
    case: ClusterSnapshot, account: ServiceAccount, starving: dict[tuple[str, str], set[str]]
) -> Iterator[Finding]:
    for name in account.pull_secrets:
        if case.shelf.find(account.namespace, name) is not None:
            continue
        registry = next((one for one in case.scope.team if name in secret_names(one)), None)
        if registry is not None and registry not in case.scope.registries:
            continue
        is_error = registry is not None and name in starving[account.namespace, registry]
        message = f"It names the pull secret {name}, and there is none in the namespace."
        severity = ERROR if is_error else WARNING
        yield Finding(severity, "entry_names_nothing", account.namespace, _account(account), registry, message)


@dataclass(frozen=True)
class _Secret:
    """One secret under examination."""

    case: ClusterSnapshot
    item: Item
    starving: dict[tuple[str, str], set[str]]

    def find(self) -> Iterator[Finding]:
        """All that is wrong with it."""
        item, registries = self.item, self._registries()
        if item.held.fault is not None:
            yield self._say("malformed", f"{item.held.fault[0].upper()}{item.held.fault[1:]}.")
            return
        if item.is_marked and item.credential is None:
            yield self._say(
                "edited", "It has the marks of this collection, but not the token that they tell of.", WARNING
            )
        states = {self.case.state_of(item, registry) for registry in registries}
        if states <= {State.OTHER_HOST}:
            if item.registry is not None:
                yield self._say("other_host", f"It holds nothing for {self.case.scope.host}.")
            return
        yield from self._say_state(min(states, key=list(State).index))
        yield from self._say_expiry()
        pushes = sorted(name for one in item.held.logins for name in self._pushes(one.credentials.fingerprint))
        if pushes:
            yield self._say("can_push", f"Its token may push to {join_names(dict.fromkeys(pushes))}.", WARNING)

    def _registries(self) -> tuple[str, ...]:
        return self.case.scope.registries if self.item.registry is None else (self.item.registry,)

    def _pushes(self, fingerprint: str) -> Iterable[str]:
        access = (self.case.access or {}).get(fingerprint)
        return access.pushes if access else ()

    def _say_state(self, state: State) -> Iterator[Finding]:
        if state is State.EXPIRED:
            ends = max(one.expires_at for one in self._credentials() if one.expires_at)
            yield self._say("expired", f"Its token expired at {format_time(ends)}.")
        elif state is State.REFUSED:
            yield self._say("refused", "The image host does not take its token: it is unknown, expired or revoked.")
        elif state is State.OTHER_REGISTRY:
            fingerprints = [one.credentials.fingerprint for one in self.item.held.logins]
            opened = {
                name for one in fingerprints if (found := (self.case.access or {}).get(one)) for name in found.pulls
            }
            opens = join_names(sorted(opened)) or "none that is looked at"
            what = f"It is called after the registry {self.item.registry}, and its" if self.item.registry else "Its"
            yield self._say("other_registry", f"{what} token opens another: {opens}.")

    def _say_expiry(self) -> Iterator[Finding]:
        for credential in self._credentials():
            ends = credential.expires_at
            if ends is None:
                yield self._say("no_expiry", "Its token never expires.", WARNING)
            elif self.case.now < ends <= self.case.now + (ends - credential.minted_at) / LIFETIMES:
                yield self._say(
                    "expires_soon", f"Its token expires at {format_time(ends)}, and should be renewed.", WARNING
                )

    def _credentials(self) -> Iterator[Credential]:
        known = self.case.shelf.credentials
        fingerprints = dict.fromkeys(one.credentials.fingerprint for one in self.item.held.logins)
        return (known[one] for one in fingerprints if one in known)

    def _say(self, kind: str, message: str, severity: str | None = None) -> Finding:
        secret = self.item.secret
        wanted = any(secret.name in self.starving[secret.namespace, one] for one in self._registries())
        severity = severity or (ERROR if wanted else WARNING)
        return Finding(severity, kind, secret.namespace, f"Secret/{secret.name}", self.item.registry, message)


def _differing(case: ClusterSnapshot, items: Iterable[Item]) -> Iterator[Finding]:
    """Copies of one secret that hold another token than their source, than what we wrote, or than most."""
    tokens: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in items:
        if item.registry in case.scope.registries and item.held.logins:
            tokens[item.secret.name][item.secret.namespace] = item
    for name, copies in tokens.items():
        source = copies.get(OPERATOR_NAMESPACE) or case.shelf.find(OPERATOR_NAMESPACE, name)
        written = [item for item in copies.values() if item.credential is not None]
        counted = Counter(_token(item) for item in written or copies.values())
        usual = _token(source) if source is not None and source.held.logins else counted.most_common(1)[0][0]
        for namespace, item in copies.items():
            if _token(item) != usual:
                message = "It holds another token than the other secrets of its name."
                yield Finding(WARNING, "copies_differ", namespace, f"Secret/{name}", item.registry, message)


def _token(item: Item) -> str:
    return item.held.logins[0].credentials.fingerprint


def _duplicates(case: ClusterSnapshot, items: Iterable[Item]) -> Iterator[Finding]:
    """Secrets for the same registry that were made by several methods."""
    places: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items:
        for registry in case.concerned:
            is_other = item.registry is None and case.state_of(item, registry) is State.SERVES
            if item.registry == registry or is_other:
                places[item.secret.namespace, registry].append(item)
    for (namespace, registry), found in places.items():
        if len(found) > 1:
            found.sort(key=lambda one: (list(MAKERS).index(one.method), one.secret.name))
            told = join_names(f"{one.secret.name} ({MAKERS[one.method]})" for one in found)
            names = ", ".join(one.secret.name for one in found)
            message = f"{len(found)} secrets are for the registry {registry}: {told}."
            yield Finding(WARNING, "duplicate", namespace, f"Secret/{names}", registry, message)


def _account(account: ServiceAccount) -> str:
    return f"ServiceAccount/{account.name}"
