# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration with the methods operator and one_click, where DigitalOcean's operator copies secrets."""

from __future__ import annotations

import time
from typing import Any

import pytest

from support.access_module import DIRECT, EVERYWHERE, JOURNAL, OPERATOR, actions, give, pull_access, tokens, valid
from support.control_plane import Cluster, eventually
from support.modules import run_module

LONG = "a-registry-whose-name-is-as-long-as-the-names-of-registries-can"


def test_operator_copies_the_source_secret_to_existing_and_new_namespaces(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    orchard.give("pear", ["theirs"])
    result = give(orchard, method="operator")
    assert actions(result) == ["mint_credentials", "write_pull_secrets", "activate_credential"]
    found = orchard.secrets(OPERATOR)
    assert set(found) == EVERYWHERE | {"pear"}
    source = found["kube-system"]["metadata"]
    assert source["annotations"]["digitalocean.com/dosecret-identifier"] == OPERATOR
    assert source["labels"]["docr.project-planton.org/method"] == "operator"
    assert found["pear"]["metadata"]["labels"]["digitalocean.com/copy-identifier"] == OPERATOR
    assert orchard.pull_secrets("pear") == ["theirs", OPERATOR]
    assert len(set(tokens(orchard, OPERATOR).values())) == 1
    orchard.add_namespaces("fig")
    eventually(lambda: orchard.accounts()["fig", "default"], lambda names: names == [OPERATOR])
    assert give(orchard, method="operator")["changed"] is False


def test_absence_of_operator_access_leaves_no_leftovers(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    give(orchard, method="operator")
    result = give(orchard, method="operator", state="absent")
    assert actions(result) == ["delete_operator_secret", "revoke_credentials", "delete_journal"]
    assert (orchard.secrets(OPERATOR), orchard.secrets(JOURNAL)) == ({}, {})
    assert not any(orchard.accounts().values())
    assert valid(orchard.sandbox) == 0
    assert give(orchard, method="operator", state="absent")["changed"] is False


def test_copies_that_the_operator_leaves_are_deleted(orchard: Cluster) -> None:
    orchard.sandbox.switch("operator_deletes_copies", False)
    give(orchard, method="operator")
    give(orchard, method="operator", state="absent", wait_timeout=2)
    assert orchard.secrets(OPERATOR) == {}
    assert not any(orchard.accounts().values())


def test_inactive_operator_times_out_and_the_next_run_continues(
    orchard: Cluster,
) -> None:
    orchard.sandbox.switch("doks_operator", "stopped")
    result = give(orchard, method="operator", wait_timeout=1)
    assert result["failed"]
    assert f"wait for the secret {OPERATOR} of DigitalOcean in the cluster orchard" in result["msg"]
    orchard.sandbox.switch("doks_operator", "runs")
    healed = give(orchard, method="operator")
    assert actions(healed) == ["activate_credential"]
    assert valid(orchard.sandbox) == 1


def test_copies_that_do_not_come_are_an_error_where_nothing_is_written_too(orchard: Cluster) -> None:
    give(orchard, method="operator")
    orchard.sandbox.switch("doks_operator", "stopped")
    orchard.add_namespaces("fig")
    result = give(orchard, method="operator", wait_timeout=1)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "in fig the secret did not come within 1 s" in result["msg"]
    assert result["last"][0]["pull_access"][0]["refused"] == ["fig"]
    assert f"DigitalOcean's operator has not copied the current secret {OPERATOR} to fig" in result["warnings"][0]
    orchard.sandbox.switch("doks_operator", "runs")
    assert give(orchard, method="operator")["changed"] is False


def test_cluster_without_the_operator_gets_the_advice_to_use_the_method_direct(orchard: Cluster) -> None:
    orchard.sandbox.switch("doks_operator", "stopped")
    result = give(orchard, method="operator", wait_timeout=1)
    assert "use the method direct if the cluster is too old for DigitalOcean's operator" in result["msg"]


@pytest.mark.parametrize("method", ["one_click", "operator"])
def test_foreign_secret_in_the_way_of_a_copy_is_named_at_once(orchard: Cluster, method: str) -> None:
    name = "kiwi" if method == "one_click" else OPERATOR
    orchard.add_namespaces("pear")
    orchard.add_secret("pear", name, {"mine": "x"})
    started = time.monotonic()
    result = give(orchard, method=method, wait_timeout=60)
    assert time.monotonic() - started < 30
    assert result["failed"]
    assert "have the same name" in result["msg"]
    assert f"pear/{name}" in result["msg"]
    assert set(orchard.secrets(name)) == EVERYWHERE | {"pear"}


def test_move_from_one_click_ends_an_integration_that_the_cluster_does_not_list(orchard: Cluster) -> None:
    give(orchard, method="one_click")
    orchard.sandbox.switch("cluster_registries_null", True)
    result = give(orchard)
    assert not result.get("failed"), result["msg"]
    assert "remove_registries" in actions(result)
    assert (orchard.secrets("kiwi"), orchard.pull_secrets("default")) == ({}, [DIRECT])
    assert give(orchard)["changed"] is False


@pytest.mark.parametrize("option", ["namespaces", "exclude_namespaces", "service_accounts"])
def test_operator_does_not_allow_selectors(orchard: Cluster, option: str) -> None:
    given: dict[str, Any] = {option: ["pear"]}
    result = give(orchard, method="operator", **given)
    assert result["failed"]
    assert f"{option}: the method operator does not allow this option" in result["msg"]


def test_long_registry_name_fits_the_operators_label(orchard: Cluster) -> None:
    orchard.sandbox.seed({"registries": [{"name": LONG, "region": "syd1"}]})
    result = give(orchard, method="operator", registries=[LONG])
    name = pull_access(result, LONG)["secret"]
    assert 50 < len(name) <= 63
    assert set(orchard.secrets(name)) == EVERYWHERE


def test_one_click_waits_for_its_secrets(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    result = give(orchard, method="one_click")
    assert actions(result) == ["add_registries"]
    assert set(orchard.secrets("kiwi")) == EVERYWHERE | {"pear"}
    assert orchard.pull_secrets("pear") == ["kiwi"]
    assert give(orchard, method="one_click")["integrations"][0]["pull_access"] is None
    found = pull_access(give(orchard, method="one_click", wait_for_secrets="always"))
    assert (found["secret"], found["namespaces"], found["credential"]) == ("kiwi", 5, None)


def test_one_click_without_its_secrets_is_an_error(orchard: Cluster) -> None:
    orchard.sandbox.switch("doks_operator", "stopped")
    for wait_for_secrets in ("changed", "always"):
        result = give(orchard, method="one_click", wait_timeout=1, wait_for_secrets=wait_for_secrets)
        assert result["failed"]
        assert "wait for the secret kiwi of DigitalOcean in the cluster orchard" in result["msg"]
        assert "remove the integration with state=absent and add the integration again" in result["msg"]
    assert give(orchard, method="one_click", wait_for_secrets="never")["changed"] is False
    orchard.sandbox.switch("doks_operator", "runs")
    assert give(orchard, method="one_click", wait_for_secrets="always")["changed"] is False


def test_one_click_does_not_allow_a_forced_rotation(orchard: Cluster) -> None:
    result = give(orchard, method="one_click", force_rotation=True)
    assert result["failed"]
    assert "force_rotation: the method one_click does not allow this option" in result["msg"]


def test_two_methods_for_one_registry_in_one_cluster_are_an_error(orchard: Cluster) -> None:
    entries = [
        {"clusters": ["orchard"], "registries": ["kiwi"], "method": "one_click"},
        {"clusters": [orchard.id], "registries": ["kiwi"], "method": "direct", "never_expires": True},
    ]
    result = run_module(orchard.sandbox, "docr_doks_integration", integrations=entries)
    assert "gets access to the registry kiwi from two entries that differ" in result["msg"]
    assert orchard.secrets(DIRECT) == {}
