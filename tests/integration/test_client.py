# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client with the real pydo: its guard in check mode, all pages, and the service's time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.client import (
    DigitalOceanApi,
    open_api,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.files import open_file_api
from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.pipeline import ReadOnly
from ansible_collections.planton.digitalocean.plugins.module_utils._client.files.docker_config import DockerConfigFile
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import (
    BadAnswer,
    NotFound,
    ReadOnlyClient,
)
from docr_sandbox.testing import Sandbox


def client(sandbox: Sandbox, *, is_read_only: bool = False) -> DigitalOceanApi:
    settings = Settings(sandbox.token, endpoint=sandbox.url, ca_path=sandbox.ca_file, is_read_only=is_read_only)
    return open_api(settings)


WRITES: list[tuple[str, Callable[[DigitalOceanApi], Any]]] = [
    ("create", lambda api: api.create_registry("plum", "nyc3", "professional")),
    ("delete", lambda api: api.delete_registry("kiwi")),
    ("tier", lambda api: api.update_subscription("professional")),
    ("start", lambda api: api.start_garbage_collection("kiwi", "unreferenced blobs only")),
    ("cancel", lambda api: api.cancel_garbage_collection("kiwi", "5a1c")),
    ("add", lambda api: api.add_registries(["5a1c"], ["kiwi"])),
    ("remove", lambda api: api.remove_registries(["5a1c"], ["kiwi"])),
    ("add singular", lambda api: api.add_registry(["5a1c"])),
    ("remove singular", lambda api: api.remove_registry(["5a1c"])),
    # Not used by a module yet; a GET that mints is refused like any write.
    ("mint", lambda api: api._client.registries.get_docker_credentials("kiwi")),
    ("unknown", lambda api: api._client.droplets.list()),
]


@pytest.mark.parametrize(("name", "call"), WRITES, ids=[name for name, call in WRITES])
def test_a_client_in_check_mode_sends_no_write_no_mint_and_nothing_unknown(
    sandbox: Sandbox, name: str, call: Callable[[DigitalOceanApi], Any]
) -> None:
    with pytest.raises(ReadOnlyClient, match="this is check mode"):
        call(client(sandbox, is_read_only=True))
    assert sandbox.calls() == []


def test_a_client_in_check_mode_reads_and_asks_for_names(sandbox: Sandbox) -> None:
    api = client(sandbox, is_read_only=True)
    assert api.list_registries() == ()
    assert api.is_name_free("plum") is True
    assert ReadOnly in {type(policy) for policy in _policies(api)}


def _policies(api: DigitalOceanApi) -> list[Any]:
    return [getattr(runner, "_policy", runner) for runner in api._client._client._pipeline._impl_policies]


@pytest.mark.parametrize("count", [0, 200, 201, 401])
def test_lists_are_complete(sandbox: Sandbox, count: int) -> None:
    repositories = [{"name": f"team/r{number:04}", "manifests": [{"tags": ["v3"]}]} for number in range(count)]
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi", "repositories": repositories}]})
    sandbox.clear_log()
    found = client(sandbox).list_repositories("kiwi")
    assert len({repository.name for repository in found}) == len(found) == count
    assert len(sandbox.calls()) == max(1, -(-count // 200))


def test_a_list_without_links_and_total_is_complete_too(sandbox: Sandbox) -> None:
    sandbox.switch("gc_list_paging", False)
    runs = [
        {"started_at": f"2030-01-{1 + number // 24:02}T{number % 24:02}:00:00Z", "ended_at": "2030-12-01T00:00:00Z"}
        for number in range(230)
    ]
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "garbage_collections": runs}]})
    found = client(sandbox).list_garbage_collections("kiwi")
    assert len(found) == 230
    assert found[0].created_at > found[-1].created_at


@pytest.mark.parametrize("answer", ["empty", "null", "missing", "404"])
def test_no_registries_are_none_for_a_creation_however_the_service_says_it(sandbox: Sandbox, answer: str) -> None:
    sandbox.switch("registries_none", answer)
    assert client(sandbox).list_registries(is_untold_none=True) == ()


@pytest.mark.parametrize(("answer", "error"), [("null", BadAnswer), ("missing", BadAnswer), ("404", NotFound)])
def test_an_untold_list_of_registries_is_no_empty_list(sandbox: Sandbox, answer: str, error: type[Exception]) -> None:
    sandbox.switch("registries_none", answer)
    with pytest.raises(error):
        client(sandbox).list_registries()


def test_a_404_from_another_server_does_not_count_as_an_empty_account(sandbox: Sandbox) -> None:
    sandbox.fault(method="GET", path="/v2/registries", status=404, body="html", times=9)
    with pytest.raises(BadAnswer, match="an answer that is not the API's"):
        client(sandbox).list_registries(is_untold_none=True)


def test_undocumented_keys_are_ignored(sandbox: Sandbox) -> None:
    sandbox.switch("unknown_keys", True)
    sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1"}]})
    assert [one.region for one in client(sandbox).list_registries()] == ["syd1"]


def test_now_is_the_services_time_not_this_machines(sandbox: Sandbox) -> None:
    sandbox.set_clock("2034-05-06T07:08:09Z")
    now = client(sandbox).now()
    assert abs(now - datetime(2034, 5, 6, 7, 8, 9, tzinfo=UTC)) < timedelta(seconds=20)


def test_an_empty_name_never_reaches_the_service(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="not empty"):
        client(sandbox).delete_registry("")
    assert sandbox.calls() == []


FILE_WRITES: list[tuple[str, Callable[[DockerConfigFile], Any]]] = [
    ("write", lambda file: file.write("{}")),
    ("note", lambda file: file.write_note("{}")),
    ("no note", lambda file: file.write_note(None)),
    ("remove", lambda file: file.remove()),
    ("protect", lambda file: file.protect()),
    ("leftovers", lambda file: file.remove_leftovers()),
]


@pytest.mark.parametrize("write", [write for _name, write in FILE_WRITES], ids=[name for name, _write in FILE_WRITES])
def test_a_file_that_check_mode_opened_refuses_every_write(
    sandbox: Sandbox, tmp_path: Path, write: Callable[[DockerConfigFile], Any]
) -> None:
    names = ["config.json", "config.json.docr.json", ".config.json.docr-x1.tmp"]
    for name in names:
        (tmp_path / name).write_text(f"plum {name}", encoding="utf-8")
        (tmp_path / name).chmod(0o644)
    settings = Settings(sandbox.token, endpoint=sandbox.url, ca_path=sandbox.ca_file, is_read_only=True)
    file = open_file_api(settings).open_docker_config(str(tmp_path / names[0]))
    with pytest.raises(ReadOnlyClient, match=rf"{tmp_path}.*: this is check mode"):
        write(file)
    left = {path.name: (path.read_text(encoding="utf-8"), path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert left == {name: (f"plum {name}", 0o644) for name in names}


def test_the_same_file_accepts_every_write_outside_check_mode(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = Settings(sandbox.token, endpoint=sandbox.url, ca_path=sandbox.ca_file)
    file = open_file_api(settings).open_docker_config(str(tmp_path / "config.json"))
    for _name, write in FILE_WRITES[:2]:
        write(file)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "config.json.docr.json"]
    for _name, write in reversed(FILE_WRITES[2:]):
        write(file)
    assert list(tmp_path.iterdir()) == []
