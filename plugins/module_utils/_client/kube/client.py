# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Kubernetes cluster through the kubernetes package: what services ask for (`_service/ports/kube.py`).

Of the package its kubeconfig, authentication and connections are used; requests go by their paths, since its models
cost seconds to import and keep all that nobody asks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, Union
from urllib.parse import quote, urlencode

from ..._domain.access.field_managers import FIELD_MANAGER
from ..._domain.clusters.objects import (
    PULL_SECRET_TYPE,
    Namespace,
    Owners,
    Pod,
    Secret,
    SecretContent,
    ServiceAccount,
    parse_namespace,
    parse_pod,
    parse_secret,
    parse_service_account,
)
from ..._domain.clusters.resources import ApiResource
from ..._domain.errors import BadAnswer, DocrError, NotFound
from ..bounds import AnswerTooLarge
from ..errors import refuse_in_check_mode
from ..secret_texts import SecretTexts
from ..settings import Settings
from .answers import CHECK_SERVER, Pages, PatientKubeRetry, bad_answers, fetch_bounded, lost, read_answer
from .connection import Door, open_door
from .kubeconfig import load_kubeconfig, place_of_kubeconfig, refusing
from .sdk import HTTPError, HTTPHeaderDict, Timeout
from .streams import read_page

T = TypeVar("T")
Query = Mapping[str, str]
Body = Union[Mapping[str, Any], None]  # noqa: UP007 - ansible-test's pylint requires Union here
Ask = Callable[[], Any]

_CORE = "/api/v1"
_JSON = "application/json"
_PAGE = 1000  # of what is listed here a page is some hundred kilobytes
_POD_PAGE = 250  # a pod has ten kilobytes and more
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_MERGE_PATCH = "application/merge-patch+json"
_KEPT_NAMESPACE = "kube-system"
_EXPIRED_PAGE = 410
_TOO_MUCH_TO_DO = 429
_PASSING = (_TOO_MUCH_TO_DO, 500, 502, 503, 504)
_BY_US = {"fieldManager": FIELD_MANAGER}
_TRIAL = {"dryRun": "All"}
# What is no failure of a connection, as a certificate that is not trusted, is the same the next time.
_ALWAYS: Mapping[str, Any] = {"allowed_methods": None, "raise_on_status": False, "redirect": 0, "other": 0}


class KubeApi:
    """One cluster; what its calls promise stands in the Kube protocol of the services. `name` is for messages."""

    def __init__(self, door: Door, name: str, settings: Settings) -> None:
        self._door = door
        self._name = name
        self._settings = settings
        self._has_written = False
        patience = {**_ALWAYS, "most_s": settings.rate_limit_wait_s}
        # For half a minute, if nobody asks for more; the package's own pauses grow to two minutes each.
        self._reading = PatientKubeRetry(
            total=12, connect=1, read=1, backoff_factor=0.3, backoff_max=3, status_forcelist=_PASSING, **patience
        )
        # Refused before anything was done, with the time to come again; all else may have been done.
        self._writing = PatientKubeRetry(total=12, connect=0, read=0, status_forcelist=(_TOO_MUCH_TO_DO,), **patience)

    @property
    def name(self) -> str:
        """What messages call the cluster."""
        return self._name

    @property
    def has_written(self) -> bool:
        """Whether any write was carried out."""
        return self._has_written

    def list_namespaces(self, selector: str | None = None) -> tuple[Namespace, ...]:
        """All namespaces, by their metadata alone, or those that a selector picks.

        Kubernetes refuses to delete kube-system, so a whole list without kube-system is an incomplete answer.
        """
        query = {"labelSelector": selector} if selector else {}
        found = self._list("namespaces", query, parse_namespace, accept=_METADATA_ONLY)
        if not selector and all(one.name != _KEPT_NAMESPACE for one in found):
            what = f"an answer without the namespace {_KEPT_NAMESPACE}, which every cluster has"
            raise BadAnswer(f"list namespaces in the cluster {self._name}", what, CHECK_SERVER)
        return found

    def list_secrets(self, name: str) -> tuple[Secret, ...]:
        """The secrets of one name: what a role can allow by `resourceNames`, unlike a label selector."""
        return self._list(
            "secrets", {"fieldSelector": f"metadata.name={name}"}, _SharingContent(self._settings.secrets)
        )

    def list_pull_secrets(self) -> tuple[Secret, ...]:
        """The secrets of the type for pulling."""
        query = {"fieldSelector": f"type={PULL_SECRET_TYPE}"}
        return self._list("secrets", query, _SharingContent(self._settings.secrets))

    def list_pods(self, is_wanted: Callable[[Pod], bool]) -> tuple[Pod, ...]:
        """Pods that have not ended."""
        query = {"fieldSelector": "status.phase!=Succeeded,status.phase!=Failed", "limit": str(_POD_PAGE)}

        def parse(raw: Any) -> Pod | None:
            pod = parse_pod(raw)
            return pod if is_wanted(pod) else None

        return self._list("pods", query, parse)

    def delete_pod(self, pod: Pod) -> None:
        """Delete a pod; its controller makes another."""
        path = f"namespaces/{quote(pod.namespace)}/pods/{quote(pod.name)}"
        body = {"preconditions": {"uid": pod.uid}}
        self._send("DELETE", path, f"delete the pod {pod.namespace}/{pod.name}", {}, body)

    def list_service_accounts(self, name: str | None = None) -> tuple[ServiceAccount, ...]:
        """All service accounts, or those of one name."""
        query = {"fieldSelector": f"metadata.name={name}"} if name else {}
        return self._list("serviceaccounts", query, parse_service_account)

    def fetch_secret(self, namespace: str, name: str) -> Secret | None:
        """A secret."""
        return self._fetch(namespace, "secrets", name, _SharingContent(self._settings.secrets))

    def fetch_service_account(self, namespace: str, name: str) -> ServiceAccount | None:
        """A service account."""
        return self._fetch(namespace, "serviceaccounts", name, parse_service_account)

    def create_secret(
        self, namespace: str, name: str, content: SecretContent, owners: Owners = (), is_trial: bool = False
    ) -> Secret:
        """Make a secret, or try whether the API server would."""
        self._settings.secrets.add_secret_data(content.data)
        body = _secret_body(name, content)
        body["metadata"] |= _kept_metadata((), owners)
        words = f"create the secret {namespace}/{name}"
        query = _BY_US | (_TRIAL if is_trial else {})
        with bad_answers(words):
            return parse_secret(self._send("POST", f"namespaces/{quote(namespace)}/secrets", words, query, body))

    def replace_secret(self, secret: Secret, content: SecretContent) -> Secret:
        """Give a secret other content, if it is still as it was read."""
        self._settings.secrets.add_secret_data(content.data)
        body = _secret_body(secret.name, content)
        body["metadata"] |= {"resourceVersion": secret.resource_version, "uid": secret.uid}
        body["metadata"] |= _kept_metadata(secret.finalizers, secret.owners)
        words = f"update the secret {secret.namespace}/{secret.name}"
        with bad_answers(words):
            return parse_secret(self._send("PUT", _path(secret, "secrets"), words, _BY_US, body))

    def delete_secret(self, secret: Secret) -> None:
        """Delete a secret, if it is still as it was read."""
        body = {"preconditions": {"resourceVersion": secret.resource_version, "uid": secret.uid}}
        self._send("DELETE", _path(secret, "secrets"), f"delete the secret {secret.namespace}/{secret.name}", {}, body)

    def set_pull_secrets(self, account: ServiceAccount, names: Sequence[str]) -> ServiceAccount:
        """Give a service account other pull secrets, if it is still as it was read."""
        body = {
            "metadata": {"resourceVersion": account.resource_version},
            "imagePullSecrets": [{"name": name} for name in names] or None,
        }
        words = f"patch the service account {account.namespace}/{account.name}"
        path = _path(account, "serviceaccounts")
        with bad_answers(words):
            return parse_service_account(self._send("PATCH", path, words, _BY_US, body))

    def each_object(self, resource: ApiResource, take: Callable[[Mapping[str, Any]], object]) -> None:
        """Each object of a resource, decoded while the page comes."""
        self._again_if_expired(lambda: self._each_page(resource, take))

    def list_groups(self) -> frozenset[str]:
        """The groups of the API server, which every user may list."""
        words = "list the groups of resources"
        answer = self._send("GET", "/apis", words, {})
        with bad_answers(f"{words} in the cluster {self._name}"):
            if answer["kind"] != "APIGroupList":
                raise ValueError("no list of groups")
            return frozenset(str(one["name"]) for one in answer["groups"])

    def _each_page(self, resource: ApiResource, take: Callable[[Mapping[str, Any]], object]) -> None:
        words = f"list {resource.name} in the cluster {self._name}"
        more: str | None = ""
        pages = Pages()
        while more is not None:
            query = {"limit": str(_PAGE), **({"continue": more} if more else {})}
            with self._losing(words, is_read=True):
                request = self._request("GET", resource.path, words, query)
                more = read_page(request, words, self._door.credentials.words, take, pages)

    def _fetch(self, namespace: str, kind: str, name: str, parse: Callable[[Any], T]) -> T | None:
        words = f"read {kind} {namespace}/{name}"
        try:
            raw = self._send("GET", f"namespaces/{quote(namespace)}/{kind}/{quote(name)}", words, {})
        except NotFound:
            return None
        with bad_answers(f"{words} in the cluster {self._name}"):
            return parse(raw)

    def _list(
        self, kind: str, query: Mapping[str, str], parse: Callable[[Any], T | None], accept: str = _JSON
    ) -> tuple[T, ...]:
        return self._again_if_expired(lambda: self._pages(kind, query, parse, accept))

    def _again_if_expired(self, read: Callable[[], T]) -> T:
        """What `read` gives, which is begun anew where the list changed for so long that a page is not known."""
        for _attempt in range(3):
            try:
                return read()
            except DocrError as error:
                if error.answer.status != _EXPIRED_PAGE:
                    raise
                expired = error
        raise expired

    def _pages(
        self, kind: str, query: Mapping[str, str], parse: Callable[[Any], T | None], accept: str
    ) -> tuple[T, ...]:
        found: list[T] = []
        more: str | None = ""
        pages = Pages()
        while more is not None:
            page = {"limit": str(_PAGE), **query, **({"continue": more} if more else {})}
            words = f"list {kind} in the cluster {self._name}"
            answer = self._send("GET", kind, f"list {kind}", page, accept=accept)
            with bad_answers(words):
                items = answer["items"] or ()
                found += [one for one in map(parse, items) if one is not None]
                more = pages.after(answer)
            if more is not None and (endless := pages.why_endless()):
                raise BadAnswer(words, endless, CHECK_SERVER)
        return tuple(found)

    def _headers(self, accept: str, words: str) -> Any:
        """The headers of a request; some of the names may be there several times."""
        headers = HTTPHeaderDict({"Accept": accept, "User-Agent": self._settings.user_agent})
        with refusing(words):
            for name, value in self._door.credentials.headers():
                headers.add(name, value)
        return headers

    def _send(self, method: str, path: str, words: str, query: Query, body: Body = None, accept: str = _JSON) -> Any:
        words = f"{words} in the cluster {self._name}"
        is_read = method == "GET"
        if not is_read:
            refuse_in_check_mode(words, self._settings.is_read_only)
        request = self._request(method, path, words, query, body, accept)
        with self._losing(words, is_read=is_read):
            status, data, wait_s = fetch_bounded(request)
        read = read_answer(status, data, words, self._door.credentials.words, is_read=is_read, wait_s=wait_s)
        if not is_read and "dryRun" not in query:
            self._has_written = True
        return read

    def _request(self, method: str, path: str, words: str, query: Query, body: Body = None, accept: str = _JSON) -> Ask:
        """What sends a request. A path below another root than that of Kubernetes' core begins with a slash."""
        root = self._door.root.removesuffix(_CORE) if path.startswith("/") else f"{self._door.root}/"
        headers = self._headers(accept, words)
        if body is not None:
            headers.add("Content-Type", _MERGE_PATCH if method == "PATCH" else "application/json")
        return partial(
            self._door.pool.request,
            method,
            f"{root}{path}" + (f"?{urlencode(query)}" if query else ""),
            headers=headers,
            body=None if body is None else json.dumps(body),
            timeout=Timeout(connect=self._settings.connect_timeout_s, read=self._settings.read_timeout_s),
            retries=self._reading if method == "GET" else self._writing,
            redirect=False,
            preload_content=False,
        )

    @contextmanager
    def _losing(self, words: str, *, is_read: bool) -> Iterator[None]:
        """Raise the error of an answer that is too large, or that did not come."""
        try:
            yield
        except AnswerTooLarge as error:
            raise BadAnswer(words, str(error), CHECK_SERVER) from None
        except (HTTPError, OSError) as error:
            raise lost(error, words, self._settings.secrets, is_read=is_read, proxy=self._door.proxy) from None


class _SharingContent:
    """Parses secrets; those that hold the same share one content, since copies are many."""

    def __init__(self, secrets: SecretTexts) -> None:
        self._secrets = secrets
        self._known: dict[str, SecretContent] = {}

    def __call__(self, raw: Any) -> Secret:
        secret = parse_secret(raw)
        content = secret.content
        key = json.dumps([content.type, content.data, content.labels, content.annotations], default=dict)
        if key not in self._known:
            self._secrets.add_secret_data(content.data)
        return replace(secret, content=self._known.setdefault(key, content))


def open_kube(kubeconfig: Mapping[str, Any] | str, context: str | None, name: str, settings: Settings) -> KubeApi:
    """A client for a context of a kubeconfig, given as its content or as its path; connects with the first call.

    Raises Refused for one that cannot be used.
    """
    cluster, user = load_kubeconfig(kubeconfig, context, name)
    with refusing(f"sign in to the cluster {name} with {place_of_kubeconfig(kubeconfig, name)}"):
        return KubeApi(open_door(cluster, user, settings), name, settings)


def _secret_body(name: str, content: SecretContent) -> dict[str, Any]:
    metadata = {"name": name, "labels": dict(content.labels), "annotations": dict(content.annotations)}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": content.type,
        "data": dict(content.data),
    }


def _kept_metadata(finalizers: Sequence[str], owners: Owners) -> dict[str, Any]:
    """What other writers set, and what an update would remove."""
    return {
        **({"finalizers": list(finalizers)} if finalizers else {}),
        **({"ownerReferences": [dict(one) for one in owners]} if owners else {}),
    }


def _path(thing: Secret | ServiceAccount, kind: str) -> str:
    return f"namespaces/{quote(thing.namespace)}/{kind}/{quote(thing.name)}"
