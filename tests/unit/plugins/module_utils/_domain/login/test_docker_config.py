# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker's config file as a document: the login, former credentials, and other content."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.docker import DockerCredentials
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.login.docker_config import (
    aside_key,
    change_logins,
    format_docker_config,
    helper_of,
    holds_nothing,
    list_logins,
    list_set_aside,
    parse_docker_config,
)

HOST = "images.test:5443"
FIG = DockerCredentials("fig", "dop_v1_fig")
PLUM = DockerCredentials("plum", "dop_v1_plum")


def entry(credentials: DockerCredentials) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{credentials.user}:{credentials.token}".encode()).decode()}


@pytest.mark.parametrize("text", [None, "", " \n", "{}"])
def test_no_file_and_an_empty_one_are_an_empty_document(text: str | None) -> None:
    assert parse_docker_config(text) == {}


@pytest.mark.parametrize(
    "text", ["{", "[]", '"dop_v1_fig"', "7", "null", '{"auths": []}', '{"auths": "dop_v1_fig"}', '{"auths": 7}']
)
def test_a_text_that_is_not_a_docker_config_is_refused_without_the_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"the content .*is not") as caught:
        parse_docker_config(text)
    assert "dop_v1" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"HttpHeaders": {"a": 1}}', "HttpHeaders is not a JSON object of texts"),
        ('{"httpheaders": []}', "HttpHeaders is not a JSON object of texts"),
        ('{"detachKeys": ["ctrl-e"]}', "detachKeys is not a text"),
        ('{"credsStore": {}}', "credsStore is not a text"),
        ('{"credHelpers": {"a.test": 7}}', "credHelpers is not a JSON object of texts"),
        ('{"pruneFilters": "label!=keep"}', "pruneFilters is not a list of texts"),
        ('{"cliPluginsExtraDirs": [1]}', "cliPluginsExtraDirs is not a list of texts"),
        ('{"features": {"buildkit": true}}', "features is not a JSON object of texts"),
        ('{"plugins": {"debug": "x"}}', "plugins is not a JSON object of objects of texts"),
        ('{"proxies": {"default": {"noProxy": ["a"]}}}', "proxies is not a JSON object of objects of texts"),
        ('{"proxies": {"default": "http://a"}}', "proxies is not a JSON object of objects of texts"),
        ('{"auths": {"a.test": {"serveraddress": 7}}}', "Docker cannot read the entry 'a.test'"),
        ('{"auths": {"a.test": {"AUTH": 7}}}', "Docker cannot read the entry 'a.test'"),
        ('{"auths": {"a.test": {"Auth": "YTpi!"}}}', "Docker cannot read the entry 'a.test'"),
        ('{"a.test": {"auth": "YTpi", "email": "me"}}', "the entry 'a.test' stands outside auths, as in a .dockercfg"),
    ],
)
def test_a_setting_of_another_type_than_docker_reads_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_docker_config(text)


def test_settings_that_docker_reads_are_kept() -> None:
    text = (
        '{"HttpHeaders": {"a": null}, "detachKeys": null, "proxies": {"a": {"noProxy": "a", "more": 1}, "b": null},'
        ' "plugins": {"debug": {"hooks": "x"}, "b": null}, "features": null, "pruneFilters": ["a", null], "other": 7}'
    )
    assert parse_docker_config(text) == json.loads(text)


def test_all_but_the_changed_entries_stays_in_its_order() -> None:
    text = (
        '{"zeta": {"b": [1, null], "a": 0.5}, "auths": {"z.test": {"auth": "ejp6", "email": "\u00fc"}, '
        f'"{HOST}": {{"auth": "eDp5"}}, "a.test": {{}}}}, "HttpHeaders": {{"User-Agent": "x"}}, "plugins": null}}'
    )
    changed = change_logins(parse_docker_config(text), {HOST: FIG, "new.test": PLUM, "gone.test": None})
    expected = json.loads(text)
    expected["auths"] |= {HOST: entry(FIG), "new.test": entry(PLUM)}
    assert json.loads(format_docker_config(changed)) == expected
    assert list(changed) == ["zeta", "auths", "HttpHeaders", "plugins"]
    assert list(changed["auths"]) == ["z.test", HOST, "a.test", "new.test"]
    assert "\u00fc" in format_docker_config(changed)


def test_the_given_document_is_not_changed() -> None:
    document: dict[str, Any] = {"auths": {HOST: entry(FIG)}}
    assert change_logins(document, {HOST: None}) == {"auths": {}}
    assert document == {"auths": {HOST: entry(FIG)}}
    assert change_logins({}, {HOST: None}) == {}
    assert change_logins({"auths": None}, {HOST: None}) == {"auths": {}}


@pytest.mark.parametrize(
    ("key", "is_the_hosts"),
    [
        (HOST, True),
        (f"https://{HOST}", True),
        (f"http://{HOST}/", True),
        (f"https://{HOST}/v1/", True),
        (f"https://{HOST}/v2", True),
        (f"{HOST}/kiwi", False),
        ("images.test", False),
        ("images.test:5444", False),
        (f"x{HOST}", False),
    ],
)
def test_keys_of_a_host_are_known_in_each_spelling_that_docker_reads(key: str, is_the_hosts: bool) -> None:
    found = list_logins({"auths": {key: entry(FIG)}}, HOST)
    assert [(one.key, one.credentials) for one in found] == ([(key, FIG)] if is_the_hosts else [])


@pytest.mark.parametrize(
    ("content", "count", "fingerprint"),
    [
        (entry(FIG), 1, FIG.fingerprint),
        (entry(FIG) | {"email": "me"}, 1, FIG.fingerprint),
        ({"identitytoken": "dop_v1_fig"}, 1, ""),
        ({"auth": "!"}, 1, ""),
        ("text", 1, ""),
        ({}, 0, ""),
        (None, 0, ""),
    ],
)
def test_an_entry_is_a_login_unless_it_is_empty(content: object, count: int, fingerprint: str) -> None:
    found = list_logins({"auths": {HOST: content}}, HOST)
    assert [one.fingerprint for one in found] == [fingerprint] * count
    assert "dop_v1" not in repr(found)


def test_a_replaced_login_is_found_by_host_and_only_as_the_login_was_written() -> None:
    key = aside_key(HOST, FIG)
    assert key == f"{FIG.fingerprint}.images.test-5443.docr.invalid"
    auths = {HOST: entry(PLUM), key: entry(FIG), aside_key("other.test", FIG): entry(FIG)}
    assert list_set_aside({"auths": auths}, HOST) == (FIG,)
    assert list_logins({"auths": auths}, HOST)[0].credentials == PLUM
    for content in (entry(PLUM), {}, None, {"auth": "!"}):
        assert list_set_aside({"auths": {key: content}}, HOST) == ()
    assert aside_key("[::1]:5443", FIG) == f"{FIG.fingerprint}.---1--5443.docr.invalid"


@pytest.mark.parametrize(
    ("document", "helper"),
    [
        ({}, None),
        ({"credsStore": ""}, None),
        ({"credsStore": "desktop"}, ("credsStore", "desktop")),
        ({"credHelpers": {"other.test": "ecr-login"}}, None),
        ({"credHelpers": {HOST: "pass"}}, ("credHelpers", "pass")),
        ({"credHelpers": {f"https://{HOST}": "pass"}}, ("credHelpers", "pass")),
        ({"credsStore": "desktop", "credHelpers": {HOST: "pass"}}, ("credHelpers", "pass")),
        ({"credsStore": "desktop", "credHelpers": {HOST: ""}}, None),
        ({"credsStore": "desktop", "credHelpers": {"other.test": ""}}, ("credsStore", "desktop")),
        ({"credHelpers": None}, None),
    ],
)
def test_a_credential_helper_of_the_host_is_found(document: dict[str, Any], helper: tuple[str, str] | None) -> None:
    assert helper_of(document, HOST) == helper


@pytest.mark.parametrize(
    ("document", "nothing"),
    [
        ({}, True),
        ({"auths": {}}, True),
        ({"auths": None}, True),
        ({"auths": {"a.test": {}}}, False),
        ({"credsStore": ""}, False),
    ],
)
def test_a_file_without_other_content_can_be_deleted(document: dict[str, Any], nothing: bool) -> None:
    assert holds_nothing(document) is nothing


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"auths": {"ghcr.io": {}}, "auths": {"docker.io": {}}}', "the key 'auths' is given twice"),
        ('{"auths": {"ghcr.io": {}, "ghcr.io": {}}}', "the key 'ghcr.io' is given twice"),
        ('{"Auths": {}}', "the key 'Auths' counts as auths for Docker; write auths"),
        ('{"credsstore": "desktop"}', "counts as credsStore for Docker"),
        ('{"CredHelpers": {"quay.io": "x"}}', "counts as credHelpers for Docker"),
        ('{"credHelpers": ["quay.io"]}', "credHelpers is not a JSON object of texts"),
        ('{"credHelpers": {"quay.io": 7}}', "credHelpers is not a JSON object of texts"),
        ('{"credsStore": {}}', "credsStore is not a text"),
        ('{"auths": {"ghcr.io": "text"}}', "Docker cannot read the entry 'ghcr.io' of auths, and refuses the file"),
        ('{"auths": {"ghcr.io": [1]}}', "the entry 'ghcr.io'"),
        ('{"auths": {"quay.io": {"auth": "@@@"}}}', "the entry 'quay.io'"),
        ('{"auths": {"quay.io": {"auth": "Zm9v"}}}', "the entry 'quay.io'"),
        ('{"auths": {"quay.io": {"password": 7}}}', "the entry 'quay.io'"),
        ('{"x": NaN}', "NaN is not JSON"),
        ('{"x": 1e400}', "a number that is too large"),
        ('{"x": "\\ud800"}', "half of a character"),
        ("[" * 200_000, "the content is not JSON"),
    ],
    ids=range(17),
)
def test_content_that_docker_reads_in_another_way_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_docker_config(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"auths": {"quay.io": {"auth": "YTpi\\nYw=="}, "ghcr.io": null, "docker.io": {}, "x.io": {"auth": ""}}}',
        '{"auths": null, "credHelpers": null, "credsStore": ""}',
        '{"HttpHeaders": {"User-Agent": "x"}, "more": 1.5}',
    ],
)
def test_content_that_docker_reads_is_kept(text: str) -> None:
    assert parse_docker_config(text) == json.loads(text)
