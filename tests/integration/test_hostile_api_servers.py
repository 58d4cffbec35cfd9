# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API servers that answer without an end, with too much, or with what Kubernetes does not describe: one error."""

from __future__ import annotations

import base64
import copy
import gzip
import itertools
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.bounds import MOST_BYTES
from ansible_collections.planton.digitalocean.plugins.module_utils._client.kube.client import KubeApi, open_kube
from ansible_collections.planton.digitalocean.plugins.module_utils._client.kube.kubeconfig import require_kubernetes
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import AccountChange
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    SecretContent,
    ServiceAccount,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import (
    BadAnswer,
    DocrError,
    RateLimited,
    Refused,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.reference import RegistryAddress
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.workloads import (
    WORKLOADS,
    UseCollector,
    describe_object,
    workload_references,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._service.access.conditional_writes import (
    ConditionalWrites,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._service.flow.wait import SystemClock
from support.hostile_server import Reply, replying_server

# Deterministic, so that a failure can be repeated.
SEED = 13
CASES = 2000
CONTENT = SecretContent("kubernetes.io/dockerconfigjson", {".dockerconfigjson": "e30="})
ACCOUNT = ServiceAccount("kiwi", "default")
METADATA = {
    "name": "kiwi",
    "namespace": "kiwi",
    "uid": "a-uid",
    "resourceVersion": "7",
    "creationTimestamp": "2026-01-02T03:04:05Z",
    "labels": {"a": "b"},
    "annotations": {"c": "d"},
    "finalizers": ["example.com/it"],
    "ownerReferences": [{"kind": "ReplicaSet", "name": "web", "controller": True, "uid": "b-uid"}],
    "managedFields": [
        {"manager": "kubectl", "operation": "Update", "time": "2026-01-02T03:04:05Z"}
        | {"fieldsV1": {"f:imagePullSecrets": {}}}
    ],
}
CONFIG = base64.b64encode(b'{"auths": {"registry.digitalocean.com": {"auth": "dXNlcjpwYXNzd29yZA=="}}}').decode()
WAITING = {"name": "web", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no"}}}
OBJECT = {
    "metadata": METADATA,
    "type": "kubernetes.io/dockerconfigjson",
    "data": {".dockerconfigjson": CONFIG},
    "imagePullSecrets": [{"name": "kiwi"}],
    "spec": {
        "serviceAccountName": "default",
        "imagePullSecrets": [{"name": "kiwi"}],
        "containers": [{"name": "web", "image": "registry.digitalocean.com/kiwi/web"}],
    },
    "status": {"containerStatuses": [WAITING]},
}
LIST = {"kind": "List", "metadata": {"resourceVersion": "7"}, "items": [OBJECT, OBJECT]}
JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 10**40, "", "x", "9999-99-99T99:99:99Z", [], [None], [7], {}, {"a": None}, {"": [[]]},
    "2026-01-02T03:04:05+99:99", "\ud800", [[[]]], {"name": {"name": []}},
)  # fmt: skip

REVISIONS = next(one for one in WORKLOADS if one.kind == "ControllerRevision")


def read_revision(raw: Mapping[str, Any]) -> None:
    found = UseCollector(" in the cluster orchard")
    found.add(describe_object(raw, REVISIONS.kind), workload_references(raw, REVISIONS, RegistryAddress("kiwi")))


CALLS: dict[str, Callable[[KubeApi], object]] = {
    "namespaces": lambda kube: kube.list_namespaces(),
    "secrets": lambda kube: kube.list_secrets("kiwi"),
    "pods": lambda kube: kube.list_pods(lambda _pod: True),
    "accounts": lambda kube: kube.list_service_accounts(),
    "objects": lambda kube: kube.each_object(REVISIONS.source, read_revision),
    "secret": lambda kube: kube.fetch_secret("kiwi", "kiwi"),
    "create": lambda kube: kube.create_secret("kiwi", "kiwi", CONTENT),
    "patch": lambda kube: kube.set_pull_secrets(ACCOUNT, ["kiwi"]),
}
LISTS = ("namespaces", "secrets", "pods", "accounts", "objects")


@contextmanager
def cluster(reply: Callable[[str], Reply], **settings: Any) -> Iterator[KubeApi]:
    with replying_server(reply) as server:
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "it",
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "clusters": [
                {"name": "it", "cluster": {"server": server.address, "certificate-authority-data": server.ca_data}}
            ],
            "users": [{"name": "it", "user": {"token": "some-token"}}],
        }
        yield open_kube(document, None, "orchard", Settings("dop_v1_x", read_timeout_s=2, **settings))


def refusal(call: str, reply: Callable[[str], Reply], **settings: Any) -> tuple[DocrError, float]:
    """The error of a call, and how long the call took in seconds."""
    with cluster(reply, **settings) as kube:
        started = time.monotonic()
        with pytest.raises(DocrError) as caught:
            CALLS[call](kube)
        return caught.value, time.monotonic() - started


def mutated(answer: Any, chance: random.Random) -> Any:
    """The answer, of which one part at any depth is missing or something else."""
    answer = copy.deepcopy(answer)
    places: list[tuple[Any, Any]] = []

    def walk(part: Any) -> None:
        keys = list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
        for key in keys:
            places.append((part, key))
            walk(part[key])

    walk(answer)
    for part, key in chance.sample(places, chance.choice((1, 1, 2))):
        if isinstance(part, dict) and chance.random() < 0.2:
            part.pop(key, None)
        elif isinstance(part, dict) or key < len(part):
            part[key] = chance.choice(JUNK)
    return answer


def test_mutated_answer_is_read_or_is_one_error() -> None:
    chance = random.Random(SEED)
    told: list[bytes] = [b""]
    refused = 0
    with cluster(lambda _path: Reply(told[0])) as kube:
        for _case in range(CASES):
            call = chance.choice(list(CALLS))
            answer = mutated(LIST if call in LISTS else OBJECT, chance)
            told[0] = json.dumps(answer).encode()
            try:
                CALLS[call](kube)
            except DocrError:
                refused += 1
            except Exception as error:  # noqa: BLE001
                pytest.fail(f"{call} of {told[0]!r}: {error!r}")
    # Most parts of an object are not read; those that are read decide.
    assert 200 < refused < CASES


def test_list_that_repeats_its_entries_ends() -> None:
    numbers = itertools.count()

    def page(_path: str) -> Reply:
        metadata = {"continue": f"page-{next(numbers)}"}
        return Reply(json.dumps({"metadata": metadata, "items": [OBJECT]}).encode())

    for call in LISTS:
        error, took_s = refusal(call, page)
        assert isinstance(error, BadAnswer)
        assert "a page without a new entry names another page" in str(error)
        assert took_s < 5


def test_objects_of_all_pages_come_one_at_a_time_and_an_expired_page_begins_the_list_anew() -> None:
    asked: list[str] = []

    def page(path: str) -> Reply:
        asked.append(path.partition("?")[2])
        if len(asked) == 2:
            return Reply(b'{"kind": "Status", "reason": "Expired", "message": "too old"}', 410)
        more = "" if "continue" in path else "next/page"
        item = {"metadata": {"name": f"web-{len(asked)}", "namespace": "kiwi"}}
        return Reply(json.dumps({"items": [item], "metadata": {"continue": more}}).encode())

    names: list[str] = []
    with cluster(page) as kube:
        kube.each_object(REVISIONS.source, lambda raw: names.append(raw["metadata"]["name"]))
    assert names == ["web-1", "web-3", "web-4"]
    assert asked == ["limit=1000", "limit=1000&continue=next%2Fpage"] * 2


def test_objects_after_which_the_connection_ends_are_one_error() -> None:
    body = json.dumps(LIST).encode()
    error, _took_s = refusal("objects", lambda _path: Reply(body, 200, {"Content-Length": str(len(body) + 9)}))
    assert "the connection ended without an answer" in str(error)
    assert str(error).startswith("Could not list controllerrevisions.apps in the cluster orchard: ")


def test_groups_are_those_of_a_list_of_groups_and_of_nothing_else() -> None:
    groups = [{"name": "apps"}, {"name": "batch"}]
    with cluster(lambda _path: Reply(json.dumps({"kind": "APIGroupList", "groups": groups}).encode())) as kube:
        assert kube.list_groups() == {"apps", "batch"}
    for answer in ({"groups": groups}, {"kind": "APIGroupList"}, {"kind": "APIGroupList", "groups": [7]}):
        body = json.dumps(answer).encode()
        with cluster(lambda _path, body=body: Reply(body)) as kube, pytest.raises(BadAnswer):  # type: ignore[misc]
            kube.list_groups()


def test_list_with_more_pages_than_any_cluster_has_ends() -> None:
    numbers = itertools.count()

    def page(_path: str) -> Reply:
        name = f"kiwi-{next(numbers)}"
        item = {"metadata": {"name": name, "namespace": name}}
        return Reply(json.dumps({"metadata": {"continue": name}, "items": [item]}).encode())

    error, took_s = refusal("namespaces", page)
    assert isinstance(error, BadAnswer)
    assert "more than 2000 pages" in str(error)
    assert took_s < 30


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("call", ["secrets", "create"])
def test_longer_wait_than_allowed_is_an_error_at_once(call: str, status: int) -> None:
    said = Reply(b'{"kind": "Status", "message": "too much to do"}', status, {"Retry-After": "99999"})
    error, took_s = refusal(call, lambda _path: said)
    assert took_s < 2
    assert error.answer.status == status
    assert "; wait 99999 s, as the API server says; " in str(error)


def test_waits_of_a_request_together_stay_within_what_is_allowed() -> None:
    said = Reply(b'{"kind": "Status", "message": "too much to do"}', 429, {"Retry-After": "1"})
    error, took_s = refusal("secrets", lambda _path: said, rate_limit_wait_s=2)
    assert isinstance(error, RateLimited)
    assert 1 < took_s < 4


@pytest.mark.parametrize("value", ["2 minutes", "inf", "nan", "-5", "1e3", "Fri, 31 Dec 9999 23:59:59 -2359", "9" * 30])
def test_wait_that_cannot_be_read_is_no_traceback(value: str) -> None:
    said = Reply(b'{"message": ["a", "list"], "reason": {}, "details": {"causes": 7}}', 429, {"Retry-After": value})
    error, took_s = refusal("create", lambda _path: said, rate_limit_wait_s=0)
    assert isinstance(error, RateLimited)
    assert took_s < 5


@pytest.mark.parametrize(
    "reply",
    [
        Reply(gzip.compress(b'{"items": ["' + b"x" * (MOST_BYTES + 1) + b'"]}'), 200, {"Content-Encoding": "gzip"}),
        Reply(b'{"items": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
        Reply(b"no gzip", 200, {"Content-Encoding": "gzip"}),
        Reply(b"<html>Welcome</html>"),
        Reply(b"\xff\xfe"),
        Reply(b"[]"),
        Reply(b'{"items": ' + b"9" * 5000 + b"}"),
        Reply(b"", 302, {"Location": "/elsewhere"}),
        Reply(b'{"message": "\\u001b[31m' + b"long words " * 9000 + b'"}', 422),
    ],
    ids=["bomb", "deep", "no gzip", "page", "no text", "list", "number", "redirect", "long text"],
)
@pytest.mark.parametrize("call", ["secrets", "objects"])
def test_answer_that_cannot_be_read_is_one_error(reply: Reply, call: str) -> None:
    error, took_s = refusal(call, lambda _path: reply)
    assert str(error).isprintable()
    assert len(str(error)) < 2000
    assert took_s < 60


@pytest.mark.parametrize("text", ["pipe", "[" * 20_000, "{a: &a [*a], clusters: 7}", "\x00", "clusters: [[[]]]"])
def test_kubeconfig_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    if text == "pipe":
        os.mkfifo(path)
    else:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused):
        open_kube(str(path), None, "orchard", Settings("dop_v1_x"))
    if text.startswith(("pipe", "[", "\x00")):
        with pytest.raises(Refused):
            require_kubernetes("enter the clusters", [str(path)])


@pytest.mark.parametrize("items", [None, [], [OBJECT]], ids=["null", "none", "one"])
def test_list_of_namespaces_without_kube_system_is_no_answer(items: Any) -> None:
    body = json.dumps({"metadata": {"resourceVersion": "7"}, "items": items}).encode()
    error, _took_s = refusal("namespaces", lambda _path: Reply(body))
    assert isinstance(error, BadAnswer)
    assert "an answer without the namespace kube-system" in str(error)


def test_patch_that_the_api_server_accepts_and_changes_is_refused() -> None:
    """As where a mutating webhook takes the new entry out of the list."""
    with cluster(lambda _path: Reply(json.dumps(OBJECT).encode())) as kube:
        writes = ConditionalWrites(kube, SystemClock())
        writes.change_account(AccountChange(ACCOUNT, add=("kiwi",)))
        with pytest.raises(Refused, match="accepted the patch and stored other pull secrets"):
            writes.change_account(AccountChange(ACCOUNT, add=("plum",)))
