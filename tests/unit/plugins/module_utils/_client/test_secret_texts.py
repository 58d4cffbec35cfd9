# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in every form in which a server may repeat them."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.secret_texts import SecretTexts, mask_parts

# In two parts, so that the search of files for tokens does not find this file.
TOKEN = "dop_v1_" + "0f6cd1b07a314d3c9a0e5f1c2b3a4d5e"
LOGIN = base64.b64encode(f"{TOKEN}:{TOKEN}".encode()).decode()
CONFIG = json.dumps({"auths": {"images.quay:7443": {"auth": LOGIN}}})
DATA = base64.b64encode(CONFIG.encode()).decode()
JOURNAL = base64.b64encode(json.dumps({"credentials": [{"config": CONFIG, "state": "new"}]}).encode()).decode()
PLAIN = "pass-word-of-others"


def noted(add: str, *values: object) -> set[str]:
    found: set[str] = set()
    getattr(SecretTexts(found.add), add)(*values)
    return found


def test_docker_config_is_noted_with_its_parts_and_their_base64() -> None:
    other = json.dumps({"auths": {"quay": {"auth": base64.b64encode(f"me:{PLAIN}".encode()).decode()}}})
    assert {CONFIG, DATA, LOGIN, TOKEN, f"{TOKEN}:{TOKEN}"} <= noted("add_document", CONFIG)
    assert {PLAIN, f"me:{PLAIN}", base64.b64encode(PLAIN.encode()).decode()} <= noted("add_document", other)
    assert "me" not in noted("add_document", other)


@pytest.mark.parametrize("data", [{".dockerconfigjson": DATA}, {"journal.json": JOURNAL}])
def test_data_of_a_secret_is_noted_as_stored_and_as_plain_text(data: dict[str, str]) -> None:
    assert {TOKEN, LOGIN, CONFIG, *data.values()} <= noted("add_secret_data", data)


@pytest.mark.parametrize(
    "text",
    ["", "null", "7", "[]", '{"auths": 7}', '{"auths": {"quay": 7}}', '{"auths": {"quay": {"auth": "%"}}}', "[" * 9000],
)
def test_document_of_another_form_is_noted_as_it_is(text: str) -> None:
    assert noted("add_document", text) == noted("add", text)


def test_short_texts_and_nothing_are_not_noted() -> None:
    assert noted("add", "", None, "abc", "  seven ", "1234567") == set()


def test_text_is_masked_in_each_form_before_the_text_is_cut() -> None:
    secrets = SecretTexts()
    secrets.add("bearer-of-the-cluster")
    told = (
        f"Invalid header value b'Bearer bearer-of-the-cluster', {base64.b64encode(b'bearer-of-the-cluster').decode()}"
    )
    assert secrets.mask(told) == "Invalid header value b'Bearer ********', ********"


@pytest.mark.parametrize(
    "part",
    [TOKEN, TOKEN[:20], LOGIN, LOGIN[:30], DATA, DATA[:30], JOURNAL[:40], "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrIn0.c2ln"],
)
def test_part_of_a_secret_is_masked_in_a_result(part: str) -> None:
    shown = mask_parts({"msg": f"denied: {part}", "last": [{"x": [part]}], "changed": True})
    assert part[8:] not in str(shown)
    assert shown["changed"] is True
    assert shown["msg"].startswith("denied: ********")


def test_usual_results_are_not_masked() -> None:
    result = {"id": "0f6cd1b0-7a31-4d3c-9a0e-5f1c2b3a4d5e", "fingerprint": "40b35a689f2c1e7d", "n": 7, "none": None}
    text = "registry.digitalocean.com/acme, sha256:0f6cd1b07a314d3c9a0e5f1c2b3a4d5e, docr-direct-acme, eyJ short"
    assert mask_parts({**result, "text": text}) == {**result, "text": text}


@pytest.mark.parametrize(
    "form", [TOKEN.upper(), TOKEN, LOGIN, DATA, JOURNAL], ids=["upper", "token", "login", "data", "all"]
)
@pytest.mark.parametrize("gap", ["\n", " \\n  ", "\r\n\t"], ids=repr)
def test_secret_that_a_server_wraps_over_lines_is_masked_whole(form: str, gap: str) -> None:
    secrets = SecretTexts()
    secrets.add_secret_data({".dockerconfigjson": DATA, "journal.json": JOURNAL})
    lines = [form[start : start + 16] for start in range(0, len(form), 16)]
    shown = secrets.mask(f"denied: {gap.join(lines)}; correct the object")
    assert [one for one in lines if one in shown] == []
    assert shown == "denied: ********; correct the object"


def test_lines_after_the_beginning_of_an_unknown_secret_are_masked() -> None:
    lines = "\n".join(JOURNAL[start : start + 76] for start in range(0, len(JOURNAL), 76))
    assert mask_parts(f"denied: {lines}") == "denied: ********"


def test_half_of_a_character_is_shown_as_its_code() -> None:
    """A user who pushes images can write such a text into a manifest, and Ansible refuses the whole result."""
    assert mask_parts({"type\ud800": ["ключ \udfff", 7]}) == {"type\\ud800": ["ключ \\udfff", 7]}
