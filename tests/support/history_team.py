# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A team with registries and clusters in the process of a test, runs of the modules' tasks, and what no run may do.

A run is what a module does without Ansible: its task reads, plans and writes. After each call of a run and after the
run the team is looked at, without any of the code that is tested.
"""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.client import open_api_of
from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.clusters import ClusterApi
from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.files import FileApi
from ansible_collections.planton.digitalocean.plugins.module_utils._client.kube.client import KubeApi
from ansible_collections.planton.digitalocean.plugins.module_utils._client.kube.connection import Door
from ansible_collections.planton.digitalocean.plugins.module_utils._client.operations import MINT_CLUSTER_CREDENTIALS
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.cluster import Cluster
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import DocrError
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.plan import Step
from ansible_collections.planton.digitalocean.plugins.module_utils._module.spec import Spec
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks import login as login_tasks
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.access import (
    ACCESS_SPEC,
    build_access_task,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.gc import build_gc_task
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.gc_options import GC_SPEC
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.login import (
    LOGIN_SPEC,
    build_login_task,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.registry import (
    REGISTRY_SPEC,
    build_registry_task,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._service.flow import parallel
from ansible_collections.planton.digitalocean.plugins.module_utils._service.flow.wait import PollSettings
from docr_sandbox.doks.operator import ClusterReconciler
from docr_sandbox.faults import Fault
from docr_sandbox.model.tokens import Token
from docr_sandbox.seeding.fill import fill
from support.history_cluster import LocalCluster, LocalConnections, OperatorClient, token_of
from support.history_logins import HistoryConfigFile, Logins
from support.history_transport import API_URL, IMAGE_HOST, REVOKE_URL, Killed, LocalSandbox, Moments, in_process

REGISTRIES, CLUSTERS = ("kiwi", "plum"), ("orchard", "meadow")
REGION = "syd1"
MINT = "/docker-credentials"
LOGIN = "login"
Place = tuple[str, str, str]


@dataclass(frozen=True)
class Wish:
    """What the manifests and options say at a moment of a history; `rotate_every` None is never."""

    registries: tuple[str, ...] = ("kiwi",)
    clusters: tuple[str, ...] = ("orchard",)
    tier: str = "basic"
    method: str = "direct"
    rotate_every: str | None = "20d"
    revoke_after: str = "0m"
    exclude: tuple[str, ...] = ()
    verify: str = "image_host"

    def access_options(self, *, state: str = "present", force: bool = False) -> dict[str, Any]:
        """The options of docr_doks_integration, as Ansible completes them."""
        is_direct, is_present = self.method == "direct", state == "present"
        own = self.method != "one_click" and is_present
        return {
            **_defaults(ACCESS_SPEC),
            "state": state,
            "clusters": list(self.clusters),
            "registries": list(self.registries),
            "method": self.method,
            "exclude_namespaces": list(self.exclude) if is_direct and self.exclude else None,
            "rotate_every": self.rotate_every if own else None,
            "never_expires": True if own and self.rotate_every is None else None,
            "revoke_after": self.revoke_after,
            "force_rotation": force and own,
            "verify_credentials": self.verify,
            "registry_host": IMAGE_HOST,
        }

    def registry_options(self) -> dict[str, Any]:
        """The options of docr_registry for registries that are to exist."""
        listed = [{"name": one, "region": REGION, "subscription_tier": self.tier} for one in self.registries]
        return {**_REGISTRY, "state": "present", "registries": listed}


def _defaults(spec: Spec) -> dict[str, Any]:
    """The options of a module, as Ansible completes those that a task does not set."""
    return {name: option.get("default") for name, option in spec.options.items()}


_REGISTRY: Mapping[str, Any] = {
    **_defaults(REGISTRY_SPEC),
    "allow_downgrade": True,
    "allow_delete_images": True,
    "allow_delete_integrated": True,
    "registry_host": IMAGE_HOST,
}


def collection_options(registries: tuple[str, ...], *, force: bool) -> dict[str, Any]:
    """The options of docr_gc, as Ansible completes them: on Sunday nights, or at once with `force`."""
    given = {"registries": list(registries), "force": force, "registry_host": IMAGE_HOST}
    return _defaults(GC_SPEC) | given


def absent_registry(name: str) -> dict[str, Any]:
    """The options of docr_registry for a registry that is to be gone."""
    return {**_REGISTRY, "state": "absent", "registries": [{"name": name}]}


@dataclass(frozen=True)
class Trouble:
    """What goes wrong in a run: a fault of the service or of a cluster, a kill at a call, or a stopped operator."""

    fault: Fault | None = None
    cluster: str = ""
    kill_at: int | None = None
    kill_after: bool = False
    is_operator_stopped: bool = False


NO_TROUBLE = Trouble()


@dataclass
class Run:
    """A run as the world saw it: the steps that were reported, the error, and the tokens that were minted."""

    steps: list[Step] = field(default_factory=list)
    error: DocrError | None = None
    is_killed: bool = False
    minted: dict[str, int] = field(default_factory=dict)
    is_mint_spoiled: bool = False
    met_fault: bool = False
    violation: str = ""
    is_postponed: bool = False


@dataclass
class Sequential:
    """An executor that does one piece of work after the other, so that a history is the same each time it is run."""

    most: int = 1

    def __enter__(self) -> Sequential:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing runs."""

    def submit(self, do: Callable[..., Any], *given: Any) -> _Later:
        return _Later(do, given)

    def shutdown(self, *, cancel_futures: bool) -> None:
        """Nothing runs."""


@dataclass
class _Later:
    """Work that is done when its result is asked for."""

    do: Callable[..., Any]
    given: tuple[Any, ...]

    def result(self) -> Any:
        return self.do(*self.given)


@dataclass
class _Waits:
    """A clock for waits: while a run waits, the service's time passes and DigitalOcean's operator works."""

    team: Team
    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.team.sandbox.world.clock.advance(seconds)
        self.team.reconcile()


class _NoSignIn:
    """The credentials of a client that sends none."""

    words = "no credentials"

    def headers(self) -> tuple[()]:
        return ()


class HistoryApi(ClusterApi, FileApi):
    """The client of the API, whose clusters are in this process."""

    team: Team

    def open_docker_config(self, path: str) -> HistoryConfigFile:
        """A file whose writes are calls."""
        found = self._files.get(path)
        if not isinstance(found, HistoryConfigFile):
            found = self._files[path] = HistoryConfigFile(path, self._settings, self.team.moments)
        return found

    def let_go(self) -> None:
        """The process of the run has ended."""
        for one in self._files.values():
            if isinstance(one, HistoryConfigFile):
                one.let_go()

    def open_cluster(self, cluster: Cluster, lifetime_s: int) -> KubeApi:
        """Mint credentials as ever."""
        self._send(
            MINT_CLUSTER_CREDENTIALS.call(cluster=cluster.name),
            lambda: self._client.kubernetes.get_credentials(cluster.id, expiry_seconds=lifetime_s),
        )
        door = Door(self.team.connections[cluster.name], "/api/v1", _NoSignIn())  # type: ignore[arg-type]
        return KubeApi(door, cluster.name, self._settings)

    def require_kubernetes(self, kubeconfigs: Any) -> None:
        """There is no kubeconfig."""


@dataclass
class Team:
    """The whole world of a history."""

    sandbox: LocalSandbox = field(default_factory=LocalSandbox)
    wish: Wish = field(default_factory=Wish)
    clusters: dict[str, LocalCluster] = field(default_factory=dict)
    connections: dict[str, LocalConnections] = field(default_factory=dict)
    logins: Logins = field(default_factory=Logins)
    excused: set[str] = field(default_factory=set)
    has_collected: bool = False
    _operators: dict[str, ClusterReconciler] = field(default_factory=dict)
    _protected: set[Place] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)
    _run: Run = field(default_factory=Run)
    _is_operator_stopped: bool = False
    _is_broken: bool = False
    _proven: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.sandbox.world.clock.set_rate(0)
        self.sandbox.world.switches.set("rate_limit", False)
        fill(self.sandbox.world, {"tier": "basic", "registries": [{"name": "kiwi", "region": REGION}]})
        self.sandbox.moments.looks.append(self._look)
        self.add_clusters()

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Let the clients of this process reach the team."""
        with (
            in_process(self.sandbox),
            patch.object(parallel, "ThreadPoolExecutor", Sequential),
            patch.object(login_tasks, "SystemClock", lambda: _Waits(self)),
            # What is on the disk after a loss of power is not looked at.
            patch.object(os, "fsync", lambda _file: None),
            closing(self.logins),
        ):
            yield

    # The world

    @property
    def moments(self) -> Moments:
        """The calls."""
        return self.sandbox.moments

    def add_clusters(self) -> None:
        """Let the clusters that are gone exist, empty."""
        world = self.sandbox.world
        for name in CLUSTERS:
            if name not in self.clusters:
                fill(world, {"clusters": [{"name": name, "region": REGION}]})
                found = next(one for one in world.account.clusters.values() if one.name == name)
                local = self.clusters[name] = LocalCluster()
                self.connections[name] = LocalConnections(local, name, self.moments)
                self._operators[name] = ClusterReconciler(world, found, OperatorClient(local))  # type: ignore[arg-type]

    def remove_cluster(self, name: str) -> None:
        """Delete a cluster with all that is in it."""
        if self.clusters.pop(name, None) is not None:
            account = self.sandbox.world.account
            account.clusters = {key: one for key, one in account.clusters.items() if one.name != name}
            del self._operators[name]

    def set_state(self, name: str, state: str) -> None:
        """Let a cluster be in a state."""
        if name in self._operators:
            self._operators[name].cluster.state = state

    def integration(self, name: str) -> list[str]:
        """The registries that a cluster lists."""
        return self._operators[name].cluster.integration.registries if name in self._operators else []

    def reconcile(self) -> None:
        """Let DigitalOcean's operator do what is due in all clusters."""
        for one in () if self._is_operator_stopped else self._operators.values():
            one.reconcile()

    def valid_tokens(self) -> dict[str, Token]:
        """The valid tokens for images, beside those of DigitalOcean's own integration, by their values."""
        now = self.sandbox.world.now()
        integrated = {token for one in self._operators.values() for token in one.cluster.integration.tokens.values()}
        return {
            value: token
            for value, token in self.sandbox.world.tokens.api.items()
            if token.registry and token.is_valid(now) and value not in integrated
        }

    def places(self, prefix: str = "") -> set[Place]:
        """Where pods can pull: cluster, registry, and a namespace whose service account names a secret that works.

        Only secrets count whose name begins with `prefix`. A login of a config file that works is a place too.
        """
        world, found = self.sandbox.world, set()
        now, tokens, registries = world.now(), world.tokens.api, world.account.registries
        for cluster, local in self.clusters.items():
            named = {
                (namespace, entry["name"])
                for namespace, name, account in local.of("serviceaccounts")
                if name == "default"
                for entry in account.get("imagePullSecrets") or ()
            }
            for namespace, name, value in local.tokens():
                token = tokens.get(value) if name.startswith(prefix) else None
                if (namespace, name) in named and token and token.is_valid(now) and token.registry in registries:
                    found.add((cluster, str(token.registry), namespace))
        for name, value in self.logins.current():
            token = tokens.get(value)
            if token and token.is_valid(now) and token.registry in registries:
                found.add((LOGIN, str(token.registry), name))
        return found

    def lost_tokens(self) -> set[str]:
        """The valid tokens that no journal, no secret and no config file holds."""
        known = {value for local in self.clusters.values() for _namespace, _name, value in local.tokens()}
        known |= {value for _file, _key, value in self.logins.tokens()}
        known |= {token_of(config) for local in self.clusters.values() for config in _journalled(local)}
        return self.valid_tokens().keys() - known

    def excuse(self) -> None:
        """The history itself took away what was known of these tokens."""
        self.excused |= self.lost_tokens()

    # Runs

    def give(self, trouble: Trouble = NO_TROUBLE, *, force: bool = False) -> Run:
        """Give the access that is wished for."""
        wish, ends, direct = self.wish, set(), self.places("docr-direct-")
        for place in self.places():
            cluster, registry, namespace = place
            is_named = cluster in wish.clusters and registry in wish.registries
            is_excluded = is_named and wish.method == "direct" and namespace in wish.exclude
            # Excluded namespaces keep a direct secret, and a rotation that is forced revokes what the secret holds.
            if is_excluded and (force or place not in direct):
                ends.add(place)
        if force and trouble.cluster:
            # A leaked token is revoked although namespaces refuse the new token.
            ends |= {one for one in self.places() if one[0] == trouble.cluster}
        return self._carry_out(wish.access_options(force=force), self._access, trouble, self.places() - ends)

    def end(self, trouble: Trouble = NO_TROUBLE) -> Run:
        """End the access."""
        wish = self.wish
        kept = {one for one in self.places() if one[0] not in wish.clusters or one[1] not in wish.registries}
        return self._carry_out(wish.access_options(state="absent"), self._access, trouble, kept)

    def create(self, trouble: Trouble = NO_TROUBLE) -> Run:
        """Let the registries exist."""
        return self._carry_out(self._registry_options(), build_registry_task, trouble, self.places())

    def delete(self, registry: str, trouble: Trouble = NO_TROUBLE) -> Run:
        """Delete a registry."""
        kept = {one for one in self.places() if one[1] != registry}
        return self._carry_out(absent_registry(registry), build_registry_task, trouble, kept)

    def begin(self, wish: Wish) -> None:
        """Let the registries of a wish exist, and give the access."""
        self.wish = wish
        account = self.sandbox.world.account
        account.set_tier("professional" if len(wish.registries) > 1 else wish.tier, self.sandbox.world.now())
        account.registries.clear()
        fill(self.sandbox.world, {"registries": [{"name": one, "region": REGION} for one in wish.registries]})
        options = wish.access_options()
        run = self._carry_out(options, self._access, NO_TROUBLE, set(), is_checked=False)
        assert run.error is None, str(run.error)

    def collect(self, trouble: Trouble = NO_TROUBLE, *, force: bool = True) -> Run:
        """Collect garbage in the registries that exist."""
        self.has_collected = True
        there = tuple(self.sandbox.world.account.registries) or self.wish.registries
        options = collection_options(there, force=force)
        run = self._carry_out(options, self._collection, trouble, self.places(), is_checked=False)
        if run.error is None and not run.is_killed:
            # A collection that succeeded is not repeated within min_interval.
            assert self._steps_left(collection_options(there, force=False), self._collection) == []
            assert not any(one.active for one in self.sandbox.world.account.registries.values())
        return run

    def log_in(self, name: str, registry: str, trouble: Trouble = NO_TROUBLE, **options: Any) -> Run:
        """Log in to the image host in a config file."""
        self.logins.registries[name] = registry
        run = self._carry_out(self._login_options(name, registry, **options), build_login_task, trouble, self.places())
        if run.error is None and not run.is_killed:
            assert (LOGIN, registry, name) in self.places(), f"{name} has no login that works"
        return run

    def log_out(self, name: str, registry: str, trouble: Trouble = NO_TROUBLE) -> Run:
        """Log out in a config file."""
        options = self._login_options(name, registry, state="absent")
        kept = self.places() - {(LOGIN, registry, name)}
        return self._carry_out(options, build_login_task, trouble, kept)

    def _login_options(self, name: str, registry: str, **options: Any) -> dict[str, Any]:
        given = {"registry": registry, "path": str(self.logins.path(name)), "registry_host": IMAGE_HOST}
        return _defaults(LOGIN_SPEC) | given | options

    def _settle_logins(self) -> None:
        """Each config file that was used gets a login of a registry that exists."""
        for name in sorted(self.logins.registries):
            wanted = self.wish.registries[0]
            if self.logins.path(name).exists() and not self.logins.note(name).exists():
                # The login counts as the login of another program.
                self.logins.forget(name)
                self.excuse()
            others = [one for one in REGISTRIES if one != wanted]
            for run in (*(self.log_out(name, one) for one in others), self.log_in(name, wanted)):
                assert run.error is None, str(run.error)

    def settle(self) -> None:
        """After the last fault: the next runs do all that is wished for, and the runs after them nothing."""
        if self._is_broken:
            return  # A run did what no run may do, which another error would hide.
        for name in CLUSTERS:
            self.set_state(name, "running")
        self.add_clusters()
        for local in self.clusters.values():
            local.end_finalizers()
        self.reconcile()
        for run in (self.create(), self.give(), *([self.collect()] if self.has_collected else [])):
            assert run.error is None, str(run.error)
        self._settle_logins()
        self.reconcile()
        excluded = set(self.wish.exclude) if self.wish.method == "direct" else set()
        wanted = {
            (cluster, registry, namespace)
            for cluster in self.wish.clusters
            for registry in self.wish.registries
            for namespace in ("fig", "kube-system", "pear")
            if namespace not in excluded
        }
        assert wanted <= self.places(), wanted - self.places()

    def _registry_options(self) -> dict[str, Any]:
        there = set(self.sandbox.world.account.registries) | set(self.wish.registries)
        return (replace(self.wish, tier="professional") if len(there) > 1 else self.wish).registry_options()

    def _access(self, options: dict[str, Any]) -> Any:
        task = build_access_task(options)
        return replace(task, poll_settings=PollSettings(60, 5, _Waits(self)))

    def _collection(self, options: dict[str, Any]) -> Any:
        task = build_gc_task(options)
        return replace(task, settings=PollSettings(options["wait_timeout"], options["wait_sleep"], _Waits(self)))

    def _open(self, *, read_only: bool = False) -> HistoryApi:
        settings = Settings(
            token=self.sandbox.world.tokens.primary,
            endpoint=API_URL,
            registry_host=IMAGE_HOST,
            revoke_url=REVOKE_URL,
            is_read_only=read_only,
            may_enter_clusters=True,
        )
        api = open_api_of(HistoryApi, settings)
        api.team = self
        return api

    def _carry_out(
        self,
        options: dict[str, Any],
        build: Callable[[dict[str, Any]], Any],
        trouble: Trouble,
        protected: set[Place],
        *,
        is_checked: bool = True,
    ) -> Run:
        run, self._is_broken = Run(), True
        self._run = run
        self._protected, self._seen = protected, set(self.sandbox.world.tokens.api)
        self._forget_writes()
        self.moments.begin(trouble.kill_at, kill_after=trouble.kill_after)
        self._arm(trouble)
        self._is_operator_stopped = trouble.is_operator_stopped
        api: HistoryApi | None = None
        try:
            task, api = build(options), self._open()
            current = task.fetch(api)
            plan = task.plan(current)
            # While the image host does not answer, a credential that is due stays in use.
            run.is_postponed = any("is not renewed" in warning for warning in plan.warnings)
            task.apply(api, current, plan, run.steps.append)
        except DocrError as error:
            run.error = error
        except Killed:
            run.is_killed = True
        finally:
            if api is not None:
                api.let_go()
            run.met_fault = trouble.fault is not None and self._disarm(trouble.fault)
            self._is_operator_stopped = False
        self._judge(run)
        # What DigitalOcean's operator has yet to take away was taken away by this run, and not by the next run.
        self._protected = set()
        self.reconcile()
        if is_checked and run.error is None and not run.is_killed and not run.is_postponed:
            left = self._steps_left({**options, "force_rotation": False}, build)
            assert left == [], f"the run succeeded, and the next run would {left}"
        self._is_broken = False
        return run

    def _forget_writes(self) -> None:
        self.sandbox.writes.clear()
        for connections in self.connections.values():
            connections.effects.clear()
            connections.idle.clear()

    def _steps_left(self, options: dict[str, Any], build: Callable[[dict[str, Any]], Any]) -> list[str]:
        """What the next run would do."""
        self.moments.begin()
        self._protected = set()
        self._forget_writes()
        task, api = build(options), self._open(read_only=True)
        steps = task.plan(task.fetch(api)).steps
        api.let_go()
        written = [*self.sandbox.writes, *(one for local in self.connections.values() for one in local.effects)]
        assert written == [], f"reading wrote {written}"
        return [step.message for step in steps]

    def _arm(self, trouble: Trouble) -> None:
        if trouble.fault is None:
            return
        if trouble.cluster:
            self.connections[trouble.cluster].faults.arm(trouble.fault)
        else:
            self.sandbox.fault_has_effect = trouble.fault.after_effect or trouble.fault.spoil is not None
            self.sandbox.world.traffic.faults.arm(trouble.fault)

    def _disarm(self, fault: Fault) -> bool:
        """End the fault; returns whether the run met the fault."""
        armed = [self.sandbox.world.traffic.faults, *(one.faults for one in self.connections.values())]
        left = [one["times"] for faults in armed for one in faults.to_json()]
        for faults in armed:
            faults.clear()
        return left != [fault.times]

    # What no run may do

    def _look(self, call: str) -> None:
        missing = self._protected - self.places()
        if missing and not self._run.violation:
            # An exception here would become an error of the cluster in which the run works.
            self._run.violation = f"pods in {sorted(missing)} can no longer pull after {call}"
        self._note_proof(call)
        if "/secrets" in call and not call.startswith("GET") and (unproven := self._unproven()):
            self._run.violation = self._run.violation or f"{unproven} secrets hold an unproven credential after {call}"
        if call.startswith("GET") and call.endswith(MINT):
            new = self.valid_tokens().keys() - self._seen
            self._run.minted |= dict.fromkeys(new, len(self.moments.calls))
            self._seen |= new
            self._run.is_mint_spoiled |= bool(self.sandbox.world.traffic.requests[-1]["faulted"])

    def _note_proof(self, call: str) -> None:
        """Note the tokens that the image host or the API accepted."""
        world = self.sandbox.world
        if call.endswith("/v2/registry/auth"):
            self._proven |= {one.fingerprint for one in world.tokens.bearers.values()}
        elif call.endswith("/v2/account"):
            entry = world.traffic.requests[-1]
            self._proven |= {entry["token"]} if not entry["faulted"] and entry["status"] in (200, 403) else set()

    def _unproven(self) -> int:
        """How many pull secrets of this collection hold a token that neither API nor image host accepted yet."""
        tokens = self.sandbox.world.tokens.api
        held = {
            tokens[value].fingerprint
            for local in self.clusters.values()
            for _namespace, name, value in local.tokens()
            if name.startswith("docr-") and value in tokens
        }
        return len(held - self._proven)

    def _judge(self, run: Run) -> None:
        assert not run.violation, run.violation
        self._judge_revocations(run)
        lost = self.lost_tokens() - self.excused
        if run.is_killed:
            # A token that was minted in the instant of the kill, before the next call ended.
            lost = {one for one in lost if len(self.moments.calls) - run.minted.get(one, -9) > 1}
        elif run.is_mint_spoiled and run.error is not None:
            lost -= run.minted.keys()
        assert not lost, f"{len(lost)} valid tokens that no journal and no secret holds"
        self.excuse()
        self._judge_writes(run)
        if run.error is None:
            return
        text = str(run.error)
        assert "an unexpected" not in text, text
        assert text.endswith("."), text
        # A token that is minted and revoked again leaves nothing behind.
        is_lasting = bool(run.minted.keys() & self.valid_tokens().keys())
        lasting = [
            one
            for one in self.sandbox.writes
            if one[1] != "/v1/oauth/revoke" and (is_lasting or not one[1].endswith(MINT))
        ]
        has_written = bool(lasting) or any(one.effects for one in self.connections.values())
        if has_written and not run.is_mint_spoiled:
            assert run.steps or run.error.has_written or run.error.may_have_taken_effect, (
                f"no word of what was written: {text}"
            )

    def _judge_revocations(self, run: Run) -> None:
        """A credential that the run reports as revoked is no longer valid."""
        told = [step.credentials for step in run.steps if hasattr(step, "credentials")]
        tokens = {
            one.login.token if hasattr(one, "login") else one.token
            for some in told
            for one in (some if isinstance(some, tuple) else (some,))
        }
        left = self.valid_tokens().keys() & tokens
        assert not left, f"{len(left)} tokens are reported as revoked, and are valid"

    def _judge_writes(self, run: Run) -> None:
        for connections in self.connections.values():
            assert not connections.idle, f"written without a change: {connections.idle}"
            _require_single([(method, path, _plain(body)) for method, path, body in connections.effects])
        _require_single([one for one in self.sandbox.writes if not one[1].endswith(MINT)])
        mints = Counter(token.registry for value, token in self.sandbox.world.tokens.api.items() if value in run.minted)
        assert all(count <= len(self.wish.clusters) for count in mints.values()), f"too many tokens minted: {mints}"


def _require_single(writes: list[tuple[str, str, str]]) -> None:
    doubled = [one[:2] for one, count in Counter(writes).items() if count > 1]
    assert not doubled, f"written twice: {doubled}"


def _plain(body: str) -> str:
    """A body without the version that it was read with."""
    found = json.loads(body or "{}")
    for part in (found.get("metadata"), found.get("preconditions")):
        if part:
            part.pop("resourceVersion", None)
    return json.dumps(found, sort_keys=True)


def _journalled(local: LocalCluster) -> Iterator[str]:
    """The Docker configs (base64) in the journals of a cluster."""
    for _namespace, name, secret in local.of("secrets"):
        if name.startswith("docr-journal-"):
            try:
                document = json.loads(base64.b64decode(secret["data"]["journal.json"]))
                yield from (base64.b64encode(one["config"].encode()).decode() for one in document["credentials"])
            except (ValueError, KeyError):
                continue
