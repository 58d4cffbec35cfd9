# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user who follows the doctor's advice word by word gets a pod that can pull."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import parse_secret
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.docker import DockerCredentials
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.doctor.kubelet import (
    UnreadableSecret,
    find_logins,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import DocrError
from support.control_plane import MERGE, Cluster, eventually, token_in
from support.doctor_module import give_access, look, mint, put
from support.image_host import client, push_index

DIRECT = "docr-direct-kiwi"
# What the templates of pods name themselves.
THEIRS: dict[str, Any] = {"imagePullSecrets": [{"name": "theirs"}]}
TEMPLATES = {"own": THEIRS, "both": THEIRS, "worn": {"imagePullSecrets": [{"name": "worn"}]}}


def can_pull(cluster: Cluster, place: str, name: str) -> bool:
    """Whether a kubelet can pull the image of a pod with the secrets that the pod names."""
    spec = cluster.pods(place)[name]["spec"]
    host, _slash, path = spec["containers"][0]["image"].partition("/")
    path, _colon, tag = path.partition(":")
    named = [one["name"] for one in spec.get("imagePullSecrets") or ()]
    secrets = [parse_secret(found[place]).content for one in named if place in (found := cluster.secrets(one))]
    registry, _slash, repository = path.partition("/")
    try:
        logins = find_logins(secrets, host, f"/{path}")
    except UnreadableSecret:
        return False
    return any(_serves(cluster, one, registry, repository, tag) for one in logins)


def _serves(cluster: Cluster, login: DockerCredentials, registry: str, repository: str, tag: str) -> bool:
    with closing(client(cluster.sandbox).open_image_host(login)) as host:
        try:
            host.fetch_media_type(registry, repository, tag)
        except DocrError:
            return False
    return True


def add_entry(cluster: Cluster, name: str, place: str) -> None:
    """Add an entry for the registry to a secret; the other entries stay."""
    config = json.loads(base64.b64decode(parse_secret(cluster.secrets(name)[place]).content.data[".dockerconfigjson"]))
    host = cluster.sandbox.registry_host
    config["auths"][f"{host}/kiwi"] = json.loads(mint(cluster))["auths"][host]
    cluster.call("DELETE", f"namespaces/{place}/secrets/{name}")
    put(cluster, name, json.dumps(config), place)


class Follower:
    """Does what the advice for a pod says, phrase by phrase in the order of the text."""

    pod: str

    def __init__(self, cluster: Cluster, entry: Mapping[str, Any]) -> None:
        self.cluster, self.place, self.account = cluster, entry["namespace"], entry["service_account"]
        (self.pod,) = entry["pods"]
        self.controller, self.image = entry["controller"], entry["image"]
        self.secret = (re.findall(r"pull secret (\S+)", entry["message"]) or [""])[0].rstrip(".,:")
        self.advice = entry["advice"].lower()

    def follow(self) -> str:
        """Follow the advice, and return the name of the pod that is there then."""
        phrases: dict[str, Callable[[], None]] = {
            "delete the secret": self.delete_secret,
            "run docr_doks_integration": self.run,
            "put a valid token into the secret": self.write_secret,
            "add an entry to the secret": self.add_entry,
            "put a user and a password into the entry": self.write_secret,
            "write the image host without a path": self.write_secret,
            "correct the secret": self.write_secret,
            "create the secret": self.create_secret,
            "apply the output of doctl": self.create_secret,
            "push the image": self.push,
            "so that its replicaset creates a new pod": self.recreate,
            "create the pod again from its manifest": self.create_again,
            "name the secret in imagepullsecrets of the pod template": self.change_template,
            "add the pull secret to its template": self.change_template,
        }
        places = {self.advice.find(phrase): act for phrase, act in phrases.items() if phrase in self.advice}
        assert places, self.advice
        for _place, act in sorted(places.items(), key=lambda one: one[0]):
            act()
        return self.pod

    def run(self) -> None:
        give_access(self.cluster, namespaces=[self.place], service_accounts=[self.account])

    def delete_secret(self) -> None:
        self.cluster.call("DELETE", f"namespaces/{self.place}/secrets/{self.secret}")

    def write_secret(self) -> None:
        self.delete_secret()
        put(self.cluster, self.secret, mint(self.cluster), self.place)

    def add_entry(self) -> None:
        add_entry(self.cluster, self.secret, self.place)

    def create_secret(self) -> None:
        put(self.cluster, self.secret, mint(self.cluster), self.place)

    def push(self) -> None:
        place, _colon, tag = self.image.partition("/")[2].partition(":")
        push_index(self.cluster.sandbox, place, tag)

    def recreate(self) -> None:
        old, prefix = self.pod, self.controller.partition("/")[2]
        self.cluster.call("DELETE", f"namespaces/{self.place}/pods/{old}")

        def fresh() -> list[str]:
            return [one for one in self.cluster.pods(self.place) if one.startswith(f"{prefix}-") and one != old]

        (self.pod,) = eventually(fresh, bool)

    def create_again(self, **template: Any) -> None:
        self.cluster.call("DELETE", f"namespaces/{self.place}/pods/{self.pod}?gracePeriodSeconds=0")
        eventually(lambda: self.pod in self.cluster.pods(self.place), lambda is_there: not is_there)
        time.sleep(1.1)  # Kubernetes tells to the second when an object was created or changed
        spec = {"serviceAccountName": self.account, **TEMPLATES.get(self.pod, {}), **template}
        self.cluster.add_pod(self.place, self.pod, self.image, **spec)
        self.cluster.fail_pull(self.place, self.pod, "401 Unauthorized")

    def change_template(self) -> None:
        self.create_again(imagePullSecrets=[{"name": DIRECT}])


def add(cluster: Cluster, name: str, secrets: list[str], image: str) -> None:
    """A failing pod with a service account of its own name, which names some secrets."""
    cluster.add_accounts("pear", name)
    cluster.give("pear", secrets, name)
    cluster.add_pod("pear", name, image, serviceAccountName=name, **TEMPLATES.get(name, {}))
    cluster.fail_pull("pear", name, "401 Unauthorized")


def add_pods_with_wrong_secrets(orchard: Cluster, image: str) -> None:
    """Pods whose secrets serve nothing, each for another reason."""
    host = orchard.sandbox.registry_host
    login = json.loads(mint(orchard))["auths"][host]
    secrets = {
        "dead": mint(orchard),
        "plum": mint(orchard, "plum"),
        "desktop": json.dumps({"auths": {host: {}}, "credsStore": "desktop"}),
        "unfit": json.dumps({"auths": {f"https://{host}/v2": login}}),
        "broken": json.dumps({"auths": {host: login, "quay.io": {"auth": "&"}}}),
        "theirs": json.dumps({"auths": {"quay.io": login}}),
    }
    for name, config in secrets.items():
        put(orchard, name, config, "pear")
    dead = token_in(orchard.secrets("dead")["pear"])
    client(orchard.sandbox).revoke_docker_credentials(DockerCredentials(dead, dead))
    for name in ("dead", "plum", "desktop", "unfit"):
        add(orchard, name, [name], image)
    add(orchard, "broken", [DIRECT, "broken"], image)
    add(orchard, "none", [], image)
    add(orchard, "gone", ["gone"], image)
    add(orchard, "doctl", ["registry-kiwi"], image)
    add(orchard, "own", [DIRECT], image)
    add(orchard, "both", ["theirs"], image)
    add(orchard, "tag", [DIRECT], f"{host}/kiwi/team/app:v4")
    orchard.add_secret("fig", DIRECT, {"a": "b"}, kind="Opaque")
    orchard.give("fig", [DIRECT])
    orchard.add_pod("fig", "foreign", image)
    orchard.fail_pull("fig", "foreign", "401 Unauthorized")


def test_the_advice_for_each_cause_makes_the_image_pullable(orchard: Cluster) -> None:
    push_index(orchard.sandbox, "kiwi/team/app", "v3")
    image = f"{orchard.sandbox.registry_host}/kiwi/team/app:v3"
    orchard.add_namespaces("pear", "fig")
    early = orchard.add_replica_set("pear", "web", image)
    orchard.add_pod("pear", "bare", image)
    for name in (early, "bare"):
        orchard.fail_pull("pear", name, "401 Unauthorized")
    give_access(orchard, namespaces=["pear"])
    add_pods_with_wrong_secrets(orchard, image)
    entries = look(orchard, registries=["kiwi"])["pods"]
    assert {one["pods"][0]: one["cause"] for one in entries} == {
        early: "made_before_secret", "bare": "made_before_secret", "dead": "secret_refused",
        "plum": "secret_of_other_registry", "desktop": "secret_passwordless", "unfit": "secret_unfit",
        "broken": "secret_malformed", "none": "no_pull_secret", "gone": "secret_missing", "doctl": "secret_missing",
        "own": "own_pull_secrets", "both": "no_pull_secret", "tag": "image_missing", "foreign": "secret_malformed",
    }  # fmt: skip
    before = [one["pods"][0] for one in entries if can_pull(orchard, one["namespace"], one["pods"][0])]
    assert before == []
    after = {one["pods"][0]: (one["namespace"], Follower(orchard, one).follow()) for one in entries}
    assert [name for name, (place, pod) in after.items() if not can_pull(orchard, place, pod)] == ["both"]
    (again,) = (one for one in look(orchard, registries=["kiwi"])["pods"] if one["pods"] == ["both"])
    assert "if the new pod fails too, its template names its own pull secrets" in again["advice"]
    Follower(orchard, again).follow()
    assert can_pull(orchard, "pear", "both")


def test_the_advice_for_an_expired_or_revoked_credential_of_ours_makes_the_image_pullable(orchard: Cluster) -> None:
    push_index(orchard.sandbox, "kiwi/team/app", "v3")
    orchard.add_namespaces("pear")
    give_access(orchard, namespaces=["pear"])
    orchard.add_pod("pear", "web", f"{orchard.sandbox.registry_host}/kiwi/team/app:v3")
    orchard.fail_pull("pear", "web", "401 Unauthorized")
    orchard.sandbox.advance(61 * 86_400)
    (entry,) = look(orchard, namespaces=["pear"])["pods"]
    assert (entry["cause"], can_pull(orchard, "pear", "web")) == ("secret_expired", False)
    Follower(orchard, entry).follow()
    assert can_pull(orchard, "pear", "web")


def follow_finding(cluster: Cluster, found: Mapping[str, Any]) -> None:
    """Do what the advice for a finding says, in each of its namespaces; of alternatives the first."""
    advice = found["advice"].lower().partition("; or ")[0].partition(", or ")[0]
    name = (re.findall(r"secret (docr-\S+),", advice) or [found["object"].partition("/")[2]])[0]
    for place in found["namespaces"]:
        if advice.startswith("delete the secret and create the secret again with the type"):
            cluster.call("DELETE", f"namespaces/{place}/secrets/{name}")
            put(cluster, name, mint(cluster), place)
        elif advice.startswith("delete the secret"):
            cluster.call("DELETE", f"namespaces/{place}/secrets/{name}")
        elif advice.startswith(("put ", "write the image host", "correct the secret")):
            cluster.call("DELETE", f"namespaces/{place}/secrets/{name}")
            put(cluster, name, mint(cluster), place)
        elif advice.startswith("add an entry to the secret"):
            add_entry(cluster, name, place)
        elif advice.startswith("add "):
            cluster.give(place, [advice.split()[1]])
        if "run docr_doks_integration" in advice:
            give_access(cluster, namespaces=[place])


def follow_warning(cluster: Cluster, found: Mapping[str, Any]) -> None:
    """Do what the advice for a warning says, in each of its namespaces; of alternatives the first."""
    advice, name = found["advice"].lower(), found["object"].partition("/")[2]
    if advice.startswith("keep one of the methods; docr_doks_integration with state=absent"):
        give_access(cluster, namespaces=found["namespaces"], state="absent", rotate_every=None)
    elif advice.startswith("put the same token into each of the secrets"):
        config = mint(cluster)
        for place in cluster.secrets(name):
            cluster.call("DELETE", f"namespaces/{place}/secrets/{name}")
            put(cluster, name, config, place)
    elif advice.startswith(("create the secret", "apply the output of doctl")):
        named = re.findall(r"pull secret (\S+),", found["message"])[0]
        put(cluster, named, mint(cluster), *found["namespaces"])
    elif advice.startswith("set rotate_every"):
        give_access(cluster, namespaces=found["namespaces"])
    else:
        follow_finding(cluster, found)


def add_warnings(orchard: Cluster) -> list[str]:
    """A namespace for each kind of warning, in which pods can pull all the same; the names of the namespaces."""
    host = orchard.sandbox.registry_host
    login = json.loads(mint(orchard))["auths"][host]
    beside = {
        "dead": mint(orchard),
        "desktop": json.dumps({"auths": {host: {}}}),
        "unfit": json.dumps({"auths": {f"https://{host}/v2": login}}),
        "other": mint(orchard, "plum"),
    }
    places = [*beside, "edited", "pushes", "both", "opaque", "gone", "doctl", "differs", "same"]
    orchard.add_namespaces(*places)
    ours = [*beside, "edited", "both", "opaque", "gone", "doctl"]
    give_access(orchard, namespaces=ours)
    for name, config in beside.items():
        put(orchard, name, config, name)
        orchard.give(name, [DIRECT, name])
    dead = token_in(orchard.secrets("dead")["dead"])
    client(orchard.sandbox).revoke_docker_credentials(DockerCredentials(dead, dead))
    data = {".dockerconfigjson": base64.b64encode(mint(orchard).encode()).decode()}
    orchard.call("PATCH", f"namespaces/edited/secrets/{DIRECT}", {"data": data}, content_type=MERGE)
    put(orchard, "regcred", mint(orchard, read_write=True), "pushes")
    orchard.give("pushes", ["regcred"])
    put(orchard, "regcred", mint(orchard), "both")
    orchard.give("both", [DIRECT, "regcred"])
    put(orchard, "mine", mint(orchard), "opaque", kind="Opaque")
    orchard.give("opaque", [DIRECT, "mine"])
    orchard.give("gone", [DIRECT, "theirs"])
    orchard.give("doctl", [DIRECT, "registry-kiwi"])
    for place in ("differs", "same"):
        put(orchard, "kiwi", mint(orchard), place)
        orchard.give(place, ["kiwi"])
    return places


def test_the_advice_for_each_warning_leaves_no_such_warning(orchard: Cluster) -> None:
    push_index(orchard.sandbox, "kiwi/team/app", "v3")
    places = add_warnings(orchard)
    found = look(orchard, namespaces=places, registries=["kiwi"])["findings"]
    assert {(one["kind"], place) for one in found for place in one["namespaces"]} == {
        ("refused", "dead"), ("no_password", "desktop"), ("unfit_key", "unfit"), ("other_registry", "other"),
        ("edited", "edited"), ("copies_differ", "edited"), ("can_push", "pushes"), ("duplicate", "both"),
        ("malformed", "opaque"), ("entry_names_nothing", "gone"), ("entry_names_nothing", "doctl"),
        ("copies_differ", "same"),
    }  # fmt: skip
    assert {one["severity"] for one in found} == {"warning"}
    for one in found:
        follow_warning(orchard, one)
    after = look(orchard, namespaces=places, registries=["kiwi"])["findings"]
    # A secret of a user that opens the registry now does the same as the secret of the module.
    doubled = ["dead", "desktop", "doctl", "gone", "opaque", "other", "unfit"]
    assert [(one["kind"], one["namespaces"]) for one in after if one["kind"] != "duplicate"] == []
    assert sorted(place for one in after for place in one["namespaces"]) == doubled
    for one in after:
        follow_warning(orchard, one)
    assert look(orchard, namespaces=places, registries=["kiwi"])["findings"] == []
    for place in places:
        orchard.add_pod(place, "web", f"{orchard.sandbox.registry_host}/kiwi/team/app:v3")
    assert [place for place in places if not can_pull(orchard, place, "web")] == []


def test_the_advice_for_the_lifetime_of_a_credential_leaves_no_warning(orchard: Cluster) -> None:
    orchard.add_namespaces("pear")
    give_access(orchard, namespaces=["pear"], rotate_every=None, never_expires=True)
    for kind, days in (("no_expiry", 0), ("expires_soon", 41)):
        orchard.sandbox.advance(days * 86_400)
        (found,) = look(orchard, namespaces=["pear"])["findings"]
        assert found["kind"] == kind
        follow_warning(orchard, found)
        assert look(orchard, namespaces=["pear"])["findings"] == []


def test_the_advice_for_each_running_pod_makes_the_image_pullable(orchard: Cluster) -> None:
    push_index(orchard.sandbox, "kiwi/team/app", "v3")
    image = f"{orchard.sandbox.registry_host}/kiwi/team/app:v3"
    orchard.add_namespaces("pear")
    orchard.add_pod("pear", "early", image)
    give_access(orchard, namespaces=["pear"])
    put(orchard, "worn", mint(orchard, "plum"), "pear")
    orchard.add_accounts("pear", "robot")
    for name, account in (("own", "default"), ("worn", "robot")):
        orchard.add_pod("pear", name, image, serviceAccountName=account, **TEMPLATES[name])
    seen = look(orchard, namespaces=["pear"])
    assert {one["pods"][0]: (one["cause"], one["is_failing"]) for one in seen["pods"]} == {
        "early": ("made_before_secret", False), "own": ("own_pull_secrets", False),
        "worn": ("secret_of_other_registry", False),
    }  # fmt: skip
    assert (seen["counts"]["stale_pods"], seen["counts"]["pods_at_risk"]) == (1, 2)
    for one in seen["pods"]:
        assert can_pull(orchard, "pear", Follower(orchard, one).follow())


def test_the_advice_where_a_secret_of_another_type_is_in_the_way_lets_new_pods_pull(orchard: Cluster) -> None:
    push_index(orchard.sandbox, "kiwi/team/app", "v3")
    orchard.add_namespaces("pear")
    orchard.add_secret("pear", DIRECT, {"a": "b"}, kind="Opaque")
    errors = [
        one for one in look(orchard, namespaces=["pear"], registries=["kiwi"])["findings"] if one["severity"] == "error"
    ]
    assert [one["kind"] for one in errors] == ["entry_missing"]
    follow_finding(orchard, errors[0])
    orchard.add_pod("pear", "web", f"{orchard.sandbox.registry_host}/kiwi/team/app:v3")
    assert can_pull(orchard, "pear", "web")


def test_the_advice_for_each_error_lets_new_pods_pull(orchard: Cluster) -> None:
    push_index(orchard.sandbox, "kiwi/team/app", "v3")
    host = orchard.sandbox.registry_host
    login = json.loads(mint(orchard))["auths"][host]
    plum = json.dumps({"auths": {host: json.loads(mint(orchard, "plum"))["auths"][host]}})
    configs = {
        "desktop": json.dumps({"auths": {host: {}}}),
        "unfit": json.dumps({"auths": {f"{host}/kiwi/team/app:v3": login}}),
        "broken": json.dumps({"auths": {host: {"auth": "&"}}}),
        "other": plum,
    }
    places = [*configs, "missing", "foreign", "present", "nothing", "edited"]
    orchard.add_namespaces(*places)
    for name, config in configs.items():
        put(orchard, name, config, name)
        orchard.give(name, [name])
    put(orchard, DIRECT, plum, "foreign")
    put(orchard, "kiwi", mint(orchard), "present")
    orchard.give("nothing", [DIRECT])
    give_access(orchard, namespaces=["edited"])
    data = {".dockerconfigjson": base64.b64encode(plum.encode()).decode()}
    orchard.call("PATCH", f"namespaces/edited/secrets/{DIRECT}", {"data": data}, content_type=MERGE)
    found = look(orchard, namespaces=places, registries=["kiwi"])["findings"]
    errors = [one for one in found if one["severity"] == "error"]
    assert {place: one["kind"] for one in errors for place in one["namespaces"]} == {
        "desktop": "no_password", "unfit": "unfit_key", "broken": "malformed", "other": "other_registry",
        "missing": "entry_missing", "foreign": "entry_missing", "present": "entry_missing",
        "nothing": "entry_names_nothing", "edited": "other_registry",
    }  # fmt: skip
    for one in errors:
        follow_finding(orchard, one)
    for place in places:
        orchard.add_pod(place, "web", f"{host}/kiwi/team/app:v3")
    assert [place for place in places if not can_pull(orchard, place, "web")] == []
    after = look(orchard, namespaces=places, registries=["kiwi"])
    assert [one for one in after["findings"] if one["severity"] == "error"] == []
