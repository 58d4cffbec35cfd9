# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubeconfigs: an unusable file is an error without its content."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ansible_collections.planton.digitalocean.plugins.module_utils._client.kube.kubeconfig import load_kubeconfig
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import Refused

TOKEN = "eyJ-nobody-may-see-me"
USER = f"{{name: gardener, user: {{token: {TOKEN}}}}}"


def written(user: str = USER, cluster: str = "{name: greenhouse, cluster: {server: 'https://10.9.8.7'}}") -> str:
    return (
        f"clusters: [{cluster}]\ncontexts: [{{name: glass, context: {{cluster: greenhouse, user: gardener}}}}]\n"
        f"current-context: glass\nusers:\n- {user}\n"
    )


def test_the_current_context_counts_where_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(written(), encoding="utf-8")
    cluster, user = load_kubeconfig(str(path), None, "glass")
    assert cluster.text("server") == "https://10.9.8.7"
    assert user.text("token") == TOKEN


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (f"{TOKEN}: a: b", "the file is not YAML, see line 1"),
        (f"just {TOKEN}", "the file is not a kubeconfig"),
        (f"- {TOKEN}", "the file is not a kubeconfig"),
        (written(f"{{name: gardener, user: {TOKEN}}}"), "the file is not a kubeconfig"),
        (written(f"{{user: {{token: {TOKEN}}}}}"), "an entry of users has no name"),
        (written("{name: other, user: {}}"), "the user gardener is missing"),
        (written(cluster=f"[{TOKEN}]"), "clusters is not a list of entries with names"),
        (written(f"{USER}\n- {USER}"), "the file has two entries with the name gardener in users"),
        (f"\t{written()}", "the file is not YAML, see line 1"),
        (f"{written()}---\n{written()}", "the file holds more than one YAML document"),
        (f'{{"users":\t[{{{TOKEN}', "the file is not YAML, see line"),
    ],
)
def test_an_unusable_kubeconfig_is_an_error_without_its_content(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        load_kubeconfig(str(path), None, "glass")
    assert str(refused.value).startswith(f"Could not use the kubeconfig {path}: ")
    assert words in str(refused.value)
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("indent", [2, "\t", None])
@pytest.mark.parametrize("mark", ["", "\ufeff", "\n "])
def test_json_with_any_indentation_is_read(tmp_path: Path, indent: int | str | None, mark: str) -> None:
    path = tmp_path / "config"
    path.write_text(mark + json.dumps(yaml.safe_load(written()), indent=indent), encoding="utf-8")
    _cluster, user = load_kubeconfig(str(path), None, "glass")
    assert user.text("token") == TOKEN


def test_a_tab_behind_a_colon_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(written().replace("current-context: ", "current-context:\t"), encoding="utf-8")
    assert load_kubeconfig(str(path), None, "glass")[1].text("token") == TOKEN


def test_of_entries_with_one_name_in_several_files_the_first_counts(tmp_path: Path) -> None:
    for name, token in (("a", TOKEN), ("b", "other")):
        (tmp_path / name).write_text(written(f"{{name: gardener, user: {{token: {token}}}}}"), encoding="utf-8")
    _cluster, user = load_kubeconfig(f"{tmp_path / 'a'}:{tmp_path / 'b'}", None, "glass")
    assert user.text("token") == TOKEN


def test_a_context_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(written(), encoding="utf-8")
    with pytest.raises(Refused, match="the context moon is missing"):
        load_kubeconfig(str(path), "moon", "moon")
