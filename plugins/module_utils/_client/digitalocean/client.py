# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DigitalOcean's API through pydo: the implementation of what services ask for (`_service/api.py`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any, TypeVar
from urllib.parse import quote

from ..._domain.clusters.cluster import Cluster, parse_cluster
from ..._domain.credentials.docker import DockerCredentials, parse_docker_credentials
from ..._domain.errors import Conflict, DocrError, NotFound
from ..._domain.gc.collection import GarbageCollection, parse_garbage_collection
from ..._domain.registry.images import Manifest, parse_manifest
from ..._domain.registry.model import Registry, Repository, Team, parse_registry, parse_repository, parse_team
from ..._domain.registry.tiers import Options, Subscription, parse_options, parse_subscription
from ..errors import bad_answer, translate
from ..oci.image_host import RegistryHost
from ..operations import Effect, find_operation
from ..settings import Settings
from .pipeline import OwnToken, PatientRetry, ReadOnly, ServiceClock, StrictAnswers
from .revocation import revoke
from .sdk import AzureError, Client, HttpRequest

T = TypeVar("T")
_PER_PAGE = 200  # the most that the API gives


class DigitalOceanApi:
    """One client for one token; what its calls promise stands in the Api protocol of the services."""

    def __init__(self, client: Client, clock: ServiceClock, settings: Settings) -> None:
        self._client = client
        self._clock = clock
        self._settings = settings

    def now(self) -> datetime:
        """The service's time, by its last answer."""
        if self._clock.now() is None:
            self.list_registries()
        now = self._clock.now()
        if now is None:
            raise bad_answer("read the service's time", ValueError("no Date header"))
        return now

    def fetch_team(self) -> Team:
        """The team of the token."""
        return self._read("GET /v2/account", {}, self._client.account.get, lambda answer: parse_team(answer["account"]))

    def list_registries(self) -> tuple[Registry, ...]:
        """All registries; an empty list, null, a missing key and the API's own 404 all mean none."""
        try:
            return self._read(
                "GET /v2/registries",
                {},
                self._client.registries.list,
                lambda answer: tuple(parse_registry(raw) for raw in (answer or {}).get("registries") or ()),
            )
        except NotFound as error:
            if error.answer.id == "not_found":
                return ()
            raise

    def fetch_options(self) -> Options:
        """Regions and tiers on offer."""
        return self._read(
            "GET /v2/registries/options",
            {},
            self._client.registries.get_options,
            lambda answer: parse_options(answer["options"]),
        )

    def fetch_subscription(self) -> Subscription | None:
        """The team's subscription; the API answers 404 before the first registry."""
        try:
            return self._read(
                "GET /v2/registries/subscription",
                {},
                self._client.registries.get_subscription,
                lambda answer: parse_subscription(answer["subscription"]) if answer.get("subscription") else None,
            )
        except NotFound:
            return None

    def is_name_free(self, name: str) -> bool:
        """Whether the name can be had; a malformed one raises Refused."""
        body = {"name": name}
        try:
            self._call(
                "POST /v2/registries/validate-name",
                {"registry": name},
                lambda: self._client.registries.validate_name(body),
            )
        except Conflict:
            return False
        return True

    def create_registry(self, name: str, region: str | None, tier_slug: str) -> Registry:
        """Create a registry."""
        body = {"name": name, "subscription_tier_slug": tier_slug} | ({"region": region} if region else {})
        return self._read(
            "POST /v2/registries",
            {"registry": name},
            lambda: self._client.registries.create(body),
            lambda answer: parse_registry(answer["registry"]),
        )

    def delete_registry(self, name: str) -> None:
        """Delete a registry; an empty name would address the list (digitalocean-api.md 0.12)."""
        if not name:
            raise ValueError("a registry's name is not empty")
        self._call(
            f"DELETE /v2/registries/{quote(name, safe='')}",
            {"registry": name},
            lambda: self._client.registries.delete(name),
        )

    def update_subscription(self, tier_slug: str) -> Subscription:
        """Change the team's tier."""
        return self._read(
            "POST /v2/registries/subscription",
            {"tier": tier_slug},
            lambda: self._client.registries.update_subscription({"tier_slug": tier_slug}),
            lambda answer: parse_subscription(answer["subscription"]),
        )

    def list_repositories(self, registry: str) -> tuple[Repository, ...]:
        """All repositories of a registry."""
        return self._pages(
            f"GET /v2/registries/{quote(registry, safe='')}/repositoriesV2",
            {"registry": registry},
            lambda page: self._client.registries.list_repositories_v2(registry, page=page, per_page=_PER_PAGE),
            lambda answer: [parse_repository(raw) for raw in answer.get("repositories") or ()],
        )

    def list_manifests(self, registry: str, repository: str) -> tuple[Manifest, ...]:
        """All manifests of a repository."""
        list_page = self._client.registries.list_repository_manifests
        return self._pages(
            f"GET /v2/registries/{quote(registry, safe='')}/repositories/{quote(repository, safe='')}/digests",
            {"registry": registry, "repository": repository},
            lambda page: list_page(registry, repository, page=page, per_page=_PER_PAGE),
            lambda answer: [parse_manifest(raw) for raw in answer.get("manifests") or ()],
        )

    def mint_docker_credentials(self, registry: str, *, read_write: bool, expiry_s: int) -> DockerCredentials:
        """Mint a token. pydo's method has no keywords for what it is to be, and would send a Python True as such."""
        query = {"expiry_seconds": str(expiry_s), "read_write": "true" if read_write else "false"}
        return self._read(
            f"GET /v2/registries/{quote(registry, safe='')}/docker-credentials",
            {"registry": registry},
            lambda: self._client.registries.get_docker_credentials(registry, params=query),
            parse_docker_credentials,
        )

    def revoke_docker_credentials(self, credentials: DockerCredentials) -> None:
        """Take a minted token back."""
        revoke(self._settings, credentials)

    def open_image_host(self, credentials: DockerCredentials | None = None) -> RegistryHost:
        """The image host; the account's own token opens it too."""
        own = DockerCredentials(self._settings.token, self._settings.token)
        return RegistryHost(self._settings, credentials or own)

    def list_garbage_collections(self, registry: str) -> tuple[GarbageCollection, ...]:
        """All runs, newest first by their creation."""
        runs = self._pages(
            f"GET /v2/registries/{quote(registry, safe='')}/garbage-collections",
            {"registry": registry},
            lambda page: self._client.registries.list_garbage_collections(registry, page=page, per_page=_PER_PAGE),
            lambda answer: [parse_garbage_collection(raw) for raw in answer.get("garbage_collections") or ()],
        )
        return tuple(sorted(runs, key=lambda run: run.created_at, reverse=True))

    def fetch_active_garbage_collection(self, registry: str) -> GarbageCollection | None:
        """The active run; 404, an empty object and null all mean none, and so does one that has ended."""
        try:
            run = self._read(
                f"GET /v2/registries/{quote(registry, safe='')}/garbage-collection",
                {"registry": registry},
                lambda: self._client.registries.get_garbage_collection(registry),
                _garbage_collection_or_none,
            )
        except NotFound:
            return None
        return run if run is not None and run.is_active else None

    def start_garbage_collection(self, registry: str, type_: str) -> GarbageCollection:
        """Start a run; pydo's own method has no body on this path, so the type could not be said."""
        path = f"/v2/registries/{quote(registry, safe='')}/garbage-collection"
        return self._read(
            f"POST {path}",
            {"registry": registry},
            lambda: self._client.send_request(HttpRequest("POST", path, json={"type": type_})).json(),
            lambda answer: parse_garbage_collection(answer["garbage_collection"]),
        )

    def cancel_garbage_collection(self, registry: str, uuid: str) -> GarbageCollection | None:
        """Cancel a run."""
        return self._read(
            f"PUT /v2/registries/{quote(registry, safe='')}/garbage-collection/{quote(uuid, safe='')}",
            {"registry": registry, "uuid": uuid},
            lambda: self._client.registries.update_garbage_collection(registry, uuid, {"cancel": True}),
            _garbage_collection_or_none,
        )

    def list_clusters(self) -> tuple[Cluster, ...]:
        """All Kubernetes clusters."""
        return self._pages(
            "GET /v2/kubernetes/clusters",
            {},
            lambda page: self._client.kubernetes.list_clusters(page=page, per_page=_PER_PAGE),
            lambda answer: [parse_cluster(raw) for raw in answer.get("kubernetes_clusters") or ()],
        )

    def add_registries(self, cluster_ids: Sequence[str], registries: Sequence[str]) -> None:
        """Integrate by the plural call."""
        body = {"cluster_uuids": list(cluster_ids), "registries": list(registries)}
        self._integrate("POST /v2/kubernetes/registries", body, self._client.kubernetes.add_registries)

    def remove_registries(self, cluster_ids: Sequence[str], registries: Sequence[str]) -> None:
        """Remove by the plural call."""
        body = {"cluster_uuids": list(cluster_ids), "registries": list(registries)}
        self._integrate("DELETE /v2/kubernetes/registries", body, self._client.kubernetes.remove_registries)

    def add_registry(self, cluster_ids: Sequence[str]) -> None:
        """Integrate by the singular call."""
        body = {"cluster_uuids": list(cluster_ids)}
        self._integrate("POST /v2/kubernetes/registry", body, self._client.kubernetes.add_registry)

    def remove_registry(self, cluster_ids: Sequence[str]) -> None:
        """Remove by the singular call."""
        body = {"cluster_uuids": list(cluster_ids)}
        self._integrate("DELETE /v2/kubernetes/registry", body, self._client.kubernetes.remove_registry)

    def _integrate(self, request: str, body: dict[str, list[str]], send: Callable[[Any], Any]) -> None:
        names = {
            "clusters": ", ".join(body["cluster_uuids"]),
            "registries": ", ".join(body.get("registries", ())),
        }
        self._call(request, names, lambda: send(body))

    def _call(self, request: str, names: Mapping[str, str], send: Callable[[], Any]) -> Any:
        method, path = request.split(" ", 1)
        operation = find_operation(method, path)
        words = operation.words.format(**names)
        try:
            return send()
        except DocrError:
            raise
        except (AzureError, json.JSONDecodeError, OSError) as error:
            raise translate(error, operation, words) from error

    def _read(self, request: str, names: Mapping[str, str], send: Callable[[], Any], parse: Callable[[Any], T]) -> T:
        answer = self._call(request, names, send)
        try:
            return parse(answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            method, path = request.split(" ", 1)
            raise bad_answer(find_operation(method, path).words.format(**names), error) from error

    def _pages(
        self,
        request: str,
        names: Mapping[str, str],
        fetch: Callable[[int], Any],
        parse: Callable[[Any], list[T]],
    ) -> tuple[T, ...]:
        items: list[T] = []
        for page in count(1):
            found, answer = self._read(request, names, partial(fetch, page), lambda answer: (parse(answer), answer))
            items += found
            if not found or not _has_more(answer, len(found), len(items)):
                break
        return tuple(items)


A = TypeVar("A", bound=DigitalOceanApi)


def open_api(settings: Settings) -> DigitalOceanApi:
    """A client for these settings; connects with the first call."""
    return open_api_of(DigitalOceanApi, settings)


def open_api_of(kind: type[A], settings: Settings) -> A:
    """A client of this kind for these settings."""
    clock = ServiceClock()
    # In reverse order for answers: the clock reads the date of an error before the error is raised.
    allowed = (Effect.READ, Effect.ENTER) if settings.may_enter_clusters else (Effect.READ,)
    policies = ([ReadOnly(allowed)] if settings.is_read_only else []) + [StrictAnswers(), clock]
    client = Client(
        settings.token,
        endpoint=settings.endpoint,
        transport=OwnToken(
            connection_verify=settings.ca_path or True,
            connection_timeout=settings.connect_timeout_s,
            read_timeout=settings.read_timeout_s,
        ),
        # A budget over all tries of a call; it must not end a wait for the rate limit that was allowed.
        timeout=settings.rate_limit_wait_s + 5 * settings.read_timeout_s,
        retry_policy=PatientRetry(settings.rate_limit_wait_s),
        per_call_policies=policies,
        permit_redirects=False,
        user_agent=settings.user_agent,
    )
    return kind(client, clock, settings)


def _garbage_collection_or_none(answer: Any) -> GarbageCollection | None:
    raw = (answer or {}).get("garbage_collection")
    return parse_garbage_collection(raw) if raw else None


def _has_more(answer: Mapping[str, Any], on_page: int, so_far: int) -> bool:
    if ((answer.get("links") or {}).get("pages") or {}).get("next"):
        return True
    total = (answer.get("meta") or {}).get("total")
    # Some lists are described without links or total; a full page is then the only hint that there is another.
    return so_far < total if isinstance(total, int) else on_page == _PER_PAGE
