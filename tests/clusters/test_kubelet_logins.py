# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logins that the doctor expects of a kubelet are those of the kubelet's own code."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kubernetes_programs
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import SecretContent
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.kubelet import (
    UnreadableSecret,
    find_logins,
)
from go_programs import Unavailable

HOST = "registry.digitalocean.com"
NEW, OLD = ("kubernetes.io/dockerconfigjson", ".dockerconfigjson"), ("kubernetes.io/dockercfg", ".dockercfg")
GOOD = base64.b64encode(b"me:t-1").decode()

Content = tuple[str, str, str]


class Kubelet:
    """The kubelet's code as a program that answers a question in each line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, contents: list[Content], image: str) -> dict[str, Any]:
        secrets = [{"type": kind, "data": {key: encoded(text)}} for kind, key, text in contents]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"image": image, "secrets": secrets}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def kubelet() -> Iterator[Kubelet]:
    try:
        program = kubernetes_programs.provide_logins()
    except Unavailable as error:
        pytest.skip(f"the kubelet's code cannot be built: {error}")
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Kubelet(process)
        assert process.stdin is not None
        process.stdin.close()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


class Twice(list[tuple[str, Any]]):
    """A JSON object by its pairs, since a name may come twice."""


def dumped(value: Any) -> str:
    if isinstance(value, Twice):
        return "{" + ", ".join(f"{json.dumps(name)}: {dumped(one)}" for name, one in value) + "}"
    if isinstance(value, dict):
        return dumped(Twice(value.items()))
    return json.dumps(value)


def wrapped(text: str, width: int) -> str:
    """A text in lines, as GNU base64 wraps it."""
    return "\n".join(text[at : at + width] for at in range(0, len(text), width)) + "\n"


# Strategies name the usual several times, so that a strange part stands alone in most questions.
HOSTS = st.just(HOST) | st.sampled_from(
    [
        *(f"{HOST}:443", f"{HOST}:", "*.digitalocean.com", "registry.*.com", "reg*ry.digitalocean.com", "*", "*.*.*"),
        *("quay.io", "", "docker.io", "index.docker.io", f"me@{HOST}", f"m e@{HOST}", HOST.upper(), f"{HOST}.evil"),
    ]
)
PATHS = st.sampled_from(
    [
        *("", "/", "/v1/", "/v2/", "/v2", "/v1/kiwi", "/v2/kiwi/", "/ki", "/kiwi", "/kiwi/", "/kiwi/web", "/kiwi/web/"),
        *(
            "/kiwi/web:v1",
            "/kiwi/w*",
            "/k%69wi",
            "/k%2569wi",
            "/kiwi%",
            "/kiwi?x=%",
            "/kiwi#%",
            "#x",
            "?x",
            "/kiwi%3fx",
        ),
        *("//kiwi", "/kiwi/web@sha256:00", "/KIWI", "/ kiwi", "/ki\twi", "/v2//kiwi", "\\kiwi", "/plum"),
    ]
)
SCHEMES = st.sampled_from([*[""] * 6, "https://", "http://", "HTTPS://", "https://https://", "ftp://", " "])
PLACES = st.tuples(SCHEMES, HOSTS, PATHS).map("".join)
KEYS = PLACES | PLACES | PLACES | st.text(max_size=9)
LOGINS = st.sampled_from(["me:t-1", "me:t:2", ":t-3", "me:", ":", "", "me", "m:ü", "long" * 20 + ":" + "token" * 20])
AUTHS = LOGINS.map(encoded).flatmap(
    lambda text: st.sampled_from(
        [
            *(
                text,
                text,
                text.rstrip("="),
                wrapped(text, 76),
                wrapped(text, 20),
                f"{text}\r\n",
                f" {text}",
                f"{text} ",
            ),
            *(f"{text}=", text[:-1], f"{text}\n=", text.replace("=", "\n="), f"{text}!", "\n", f"{text}=\r\n"),
        ]
    )
)
ODD: st.SearchStrategy[Any] = st.sampled_from([None, None, 7, True, [], {"a": None}, {"a": "b"}])
TEXTS = st.sampled_from(["me", "t-4", "", "\ud800", "\u0000"])
FIELDS = st.sampled_from(["auth", "auth", "username", "password", "email", "Auth", "PASSWORD", "pa\u00dfword"])
LOGIN = st.just({"auth": GOOD})
ENTRIES = (
    LOGIN
    | st.fixed_dictionaries({"auth": AUTHS})
    | st.dictionaries(FIELDS, TEXTS, max_size=4)
    | (st.dictionaries(FIELDS, ODD, max_size=2) | ODD | st.just(Twice([("password", "t-5"), ("password", None)])))
)
KNOWN = st.sampled_from([HOST, HOST, "quay.io", "\ud800"])
MAPS = st.dictionaries(KNOWN, LOGIN | ENTRIES, min_size=1, max_size=2)
AUTHS_NAMES = st.sampled_from(["auths", "auths", "auths", "AUTHS", "aut\u017fs"])
CONFIGS = (
    st.dictionaries(AUTHS_NAMES, MAPS, min_size=1, max_size=2)
    | MAPS.map(lambda entries: {"auths": entries})
    | st.builds(lambda entries, headers: {"auths": entries, "httpHeaders": headers}, MAPS, ODD)
    | ODD.map(lambda entries: {"auths": entries})
    | ODD
)
BROKEN = st.sampled_from(
    [
        *("", " ", "{", "null", "\ufeff{}", "{}{}", '{"auths": NaN}', '{"auths": {}} ', '{"auths":{},}', '{"a":"\t"}'),
        f'{{"auths": {{"{HOST}": {{"auth": "{GOOD}"}}}}, "auths": {{"quay.io": null}}}}',
        f'{{"auths": {{"{HOST}": {{"auth": "{GOOD}"}}, "{HOST}": {{"username": "me"}}}}}}',
        f'{{"auths": {{"{HOST}": [], "{HOST}": {{"username": "me"}}}}}}',
    ]
)
NEW_CONTENTS = st.tuples(st.just(NEW[0]), st.just(NEW[1]), CONFIGS.map(dumped))
CONTENTS = (
    NEW_CONTENTS
    | NEW_CONTENTS
    | st.tuples(st.just(OLD[0]), st.just(OLD[1]), MAPS.map(dumped) | CONFIGS.map(dumped))
    | st.tuples(st.just(NEW[0]), st.just(NEW[1]), BROKEN)
    | st.tuples(st.sampled_from([NEW[0], "Opaque"]), st.sampled_from([NEW[1], OLD[1]]), CONFIGS.map(dumped))
)
IMAGES = st.sampled_from(["kiwi/web", "kiwi/team/web", "kiwi/web/db", "plum/web", "v2/kiwi", "kiwi/x-y_z"])


def expected(contents: list[Content], path: str) -> list[tuple[str, str]] | None:
    secrets = [SecretContent(kind, {key: encoded(text)}) for kind, key, text in contents]
    try:
        return sorted((one.user, one.token) for one in find_logins(secrets, HOST, path))
    except UnreadableSecret:
        return None


def compare(kubelet: Kubelet, contents: list[Content], image: str, tag: str = "") -> None:
    answer = kubelet.ask(contents, f"{HOST}/{image}{tag}")
    assert not answer["invalid"]
    told = None if answer["broken"] else sorted((user, token) for user, token in answer["logins"])
    assert expected(contents, f"/{image}") == told


@given(keys=st.lists(KEYS, max_size=4, unique=True), image=IMAGES)
@settings(max_examples=2000, deadline=None)
def test_the_keys_of_logins_serve_the_images_that_a_kubelet_uses_them_for(
    kubelet: Kubelet, keys: list[str], image: str
) -> None:
    auths = {key: {"username": str(number), "password": "t-1"} for number, key in enumerate(keys)}
    compare(kubelet, [(*NEW, json.dumps({"auths": auths}))], image)


@given(contents=st.lists(CONTENTS, max_size=2), image=IMAGES, tag=st.sampled_from(["", ":v1", f"@sha256:{'a' * 64}"]))
@settings(max_examples=2000, deadline=None)
def test_the_doctor_expects_the_logins_that_a_kubelet_tries(
    kubelet: Kubelet, contents: list[Content], image: str, tag: str
) -> None:
    compare(kubelet, contents, image, tag)


def test_a_broken_entry_beside_a_good_one_ends_every_pull(kubelet: Kubelet) -> None:
    good = (*NEW, json.dumps({"auths": {HOST: {"auth": GOOD}}}))
    broken = (*NEW, json.dumps({"auths": {HOST: {"auth": GOOD}, "quay.io": {"auth": "&"}}}))
    assert kubelet.ask([good, broken], f"{HOST}/kiwi/web")["broken"] == "illegal base64 data at input byte 0"
    assert expected([good, broken], "/kiwi/web") is None
    ignored = ("Opaque", *broken[1:])
    assert kubelet.ask([good, ignored], f"{HOST}/kiwi/web")["logins"] == [["me", "t-1"]]
    assert expected([good, ignored], "/kiwi/web") == [("me", "t-1")]
