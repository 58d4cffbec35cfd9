# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References as Kubernetes, Docker, container runtimes, Flux and people write them."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.reference import (
    Reference,
    RegistryAddress,
    read_image_id,
    read_listed,
    read_parts,
    read_reference,
)

HEX = "5ba6f2e5ac5dbe7ba5c3bbd2b7fd4cd4bd5b8ff4ddf1a7d9cbd0a2a0b7e1b3f1"
SHA = f"sha256:{HEX}"
OURS = RegistryAddress("kiwi")
HOST = "registry.digitalocean.com"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{HOST}/kiwi/app:v7", Reference("app", "v7")),
        (f"{HOST}/kiwi/app", Reference("app", "latest")),
        (f"{HOST}/kiwi/team/tools/app:v7", Reference("team/tools/app", "v7")),
        (f"{HOST}/kiwi/app:v7@{SHA}", Reference("app", None, SHA)),
        (f"{HOST}/kiwi/app@{SHA}", Reference("app", None, SHA)),
        (f"{HOST}/kiwi/app@{SHA.upper().replace('SHA256', 'sha256')}", Reference("app", None, SHA)),
        (f"{HOST}:443/kiwi/app:v7", Reference("app", "v7")),
        (" Registry.DigitalOcean.com/kiwi/app:V7 ", Reference("app", "V7")),
        (f"oci://{HOST}/kiwi/charts/web:1.2.3", Reference("charts/web", "1.2.3")),
        (f"https://{HOST}/kiwi/app", Reference("app", "latest")),
        (SHA, Reference(None, None, SHA, is_expected=False)),
        (f"{HOST}/plum/app:v7", None),
        (f"{HOST}/kiwi", None),
        (f"{HOST}/kiwi/", None),
        (f"{HOST}/kiwifruit/app:v7", None),
        (f"{HOST}.example.com/kiwi/app:v7", None),
        ("kiwi/app:v7", None),
        ("app", None),
        ("", None),
        ("docker.io/library/nginx:1.27", None),
        ("localhost:5000/kiwi/app:v7", None),
    ],
)
def test_a_reference_of_the_registry_is_read_and_every_other_is_none(text: str, found: Reference | None) -> None:
    assert read_reference(text, OURS) == found


def test_the_image_host_of_the_options_counts_beside_digitaloceans_own() -> None:
    local = RegistryAddress("kiwi", "127.0.0.1:5443")
    found = [read_reference(f"{host}/kiwi/app:v7", local) for host in ("127.0.0.1:5443", HOST, "127.0.0.1:5444")]
    assert found == [Reference("app", "v7"), Reference("app", "v7"), None]


@pytest.mark.parametrize(
    ("text", "is_ours", "found"),
    [
        (f"{HOST}/kiwi/app@{SHA}", True, Reference("app", None, SHA)),
        (f"docker-pullable://{HOST}/kiwi/app@{SHA}", True, Reference("app", None, SHA)),
        (f"docker://{SHA}", True, Reference(None, None, SHA)),
        (f"docker://{SHA}", False, Reference(None, None, SHA, is_expected=False)),
        (SHA, True, Reference(None, None, SHA)),
        (HEX, True, Reference(None, None, SHA)),
        (f"docker.io/acme/copy@{SHA}", True, Reference(None, None, SHA, is_expected=False)),
        (f"{HOST}/kiwi/app:v7", True, Reference("app", "v7")),
        ("docker.io/acme/copy:v7", True, None),
        ("", True, None),
    ],
)
def test_every_digest_that_a_runtime_reports_counts(text: str, is_ours: bool, found: Reference | None) -> None:
    assert read_image_id(text, OURS, is_ours=is_ours) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("app:v7", [Reference("app", "v7")]),
        ("team/app", [Reference("team/app", "latest")]),
        (f"team/app@{SHA}", [Reference("team/app", None, SHA)]),
        (f"app:v7@{SHA}", [Reference("app", None, SHA)]),
        (SHA, [Reference(None, None, SHA)]),
        (f"{HOST}/kiwi/app:v7", [Reference("app", "v7")]),
        ("kiwi/app:v7", [Reference("app", "v7"), Reference("kiwi/app", "v7", is_expected=False)]),
        (f"{HOST}/plum/app:v7", []),
        ("docker.io/library/nginx:1.27", []),
        ("localhost/app:v7", []),
    ],
)
def test_a_users_entry_may_leave_out_host_and_registry(text: str, found: list[Reference]) -> None:
    assert list(read_listed(text, OURS)) == found


@pytest.mark.parametrize(
    "text", ["App:v7", "app:", "app:a b", "app@sha256", "app@", f"app@{HEX}", "a//b:v7", ":v7", "@"]
)
def test_a_users_entry_that_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no repository|no tag|the digest is not"):
        read_listed(text, OURS)


@pytest.mark.parametrize(
    ("text", "tags", "digests", "ranges", "found"),
    [
        (f"oci://{HOST}/kiwi/app", [], [], [], [Reference("app", "latest")]),
        (f"oci://{HOST}/kiwi/app", ["v7"], [], [], [Reference("app", "v7")]),
        (f"oci://{HOST}/kiwi/app:v5", ["v7"], [], [], [Reference("app", "v7")]),
        (f"oci://{HOST}/kiwi/app", [], [], [">=1.0"], [Reference("app", semver=">=1.0")]),
        (
            f"oci://{HOST}/kiwi/app",
            ["v7"],
            [f"v7@{SHA}"],
            [],
            [Reference("app", None, SHA), Reference("app", "v7", is_expected=False)],
        ),
        (f"oci://{HOST}/kiwi/app:v5", ["", " "], [""], [""], [Reference("app", "v5")]),
        ("oci://ghcr.io/kiwi/app", ["v7"], [SHA], [], []),
    ],
)
def test_address_tag_and_digest_may_stand_apart(
    text: str, tags: list[str], digests: list[str], ranges: list[str], found: list[Reference]
) -> None:
    assert list(read_parts(text, OURS, tags, digests, ranges)) == found
