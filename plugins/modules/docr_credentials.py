#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_credentials
short_description: Log Docker in to a container registry of DigitalOcean for a limited time, as CI requires
version_added: 1.0.0
description:
  - Ensures that Docker's config file, on the host where the module runs, holds a valid login of one registry, or no
    login.
  - The login is a short-lived credential that DigitalOcean mints for this registry alone. The credential is read-only
    unless O(read_write=true).
  - Keeps the login as long as the credential outlives the longest push, and then replaces the login.
  - Checks a new credential at the image host before the credential becomes the login. The former credential stays valid
    for the longest push, since a push may still use the credential. A later run revokes the former credential unless
    the credential has expired.
  - Replaces the file as a whole, with mode 0600 regardless of the former mode and the umask. All other content of the
    file stays unchanged and keeps its order.
  - Writes a note beside the file, with C(.docr.json) appended to the file's name. The note says when each credential
    was minted and when the credential expires. The note holds no secret.
  - The guide C(docs/login.md) describes the use in pipelines.
author:
  - Planton (@plantonhq)
options:
  registry:
    description:
      - The registry to log in to.
      - Docker keeps one login for each host, and all registries of DigitalOcean have the same host. Therefore one file
        holds the login of one registry. For a second registry use another O(path), or end the first login with
        O(state=absent).
    type: str
    required: true
  state:
    description:
      - With V(present) the file holds a login that is valid for the longest push.
      - With V(absent) the module revokes and removes the login and the credentials that the login replaced. The module
        deletes the file if the module created the file and the file has no other content. Logins that this module did
        not write stay unchanged.
    type: str
    choices: [present, absent]
    default: present
  path:
    description:
      - Docker's config file. A symbolic link is followed. A missing folder is created with mode 0700.
      - The default depends on O(client). The environment variables are those of the host where the module runs, and
        must name absolute paths.
    type: path
  client:
    description:
      - The client whose default file O(path) is.
      - With V(docker) the file is C(config.json) in the folder that E(DOCKER_CONFIG) names, or in C(~/.docker).
      - With V(podman) the file is the file that Podman, Skopeo and Buildah read first, which is E(REGISTRY_AUTH_FILE),
        or V(docker)'s file where E(DOCKER_CONFIG) is set, or C(containers/auth.json) in the folder that
        E(XDG_RUNTIME_DIR) names, or C(/run/containers/UID/auth.json).
    type: str
    choices: [docker, podman]
    default: docker
  read_write:
    description: Whether the login can push too.
    type: bool
    default: false
  expires_in:
    description:
      - The lifetime of a new credential, such as V(2h), V(90m) or V(4h30m).
      - O(expires_in) must be longer than O(longest_push). Later runs keep the credential for the difference of the two
        durations.
    type: str
    default: 2h
  longest_push:
    description:
      - The duration of the longest push or pull that starts after this task, such as V(30m).
      - A login with less time left is replaced, so that no login expires during an upload.
    type: str
    default: 1h
notes:
  - >-
    Token scopes: C(registry:read) and C(registry:update), for a read-only credential too; C(registry:read) to look, in
    check mode, and for O(state=absent), as a credential authorises its own revocation.
  - >-
    The task fails if the file makes Docker keep the host's login elsewhere (C(credsStore), C(credHelpers)). The task
    also fails if the file holds a login for the host that this module did not write, such as a login of C(docker login)
    or C(doctl registry login).
  - >-
    A new credential that is not yet the login, and a former credential, are in the same file under a name that no host
    can have and that ends with C(.docr.invalid). Therefore the next run after a killed run finds and revokes the
    credentials.
  - >-
    A credential that was minted at the moment in which a run was killed may be missing from the file. The next run
    warns of such a credential. The credential expires after O(expires_in).
  - Run the module as the user who pushes. If root runs the module, an existing file keeps its owner, and new files and
    folders in a home folder belong to the owner of the home folder.
  - >-
    Clients look into several places. RV(credentials.clients) says which login docker, and which login Podman, Skopeo
    and Buildah use for the registry after the task. A warning names an entry that takes precedence over the login of
    this task, such as an entry in E(DOCKER_AUTH_CONFIG), in another file, or for C(HOST/REGISTRY) in the same file.
  - >-
    If the note beside the file is lost, the task counts the login as the login of another program and fails. Then
    remove the login with C(docker logout HOST) and run the task again. The former credential expires after
    O(expires_in).
seealso:
  - module: planton.digitalocean.docr_registry
  - module: planton.digitalocean.docr_doks_integration
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes
"""

EXAMPLES = r"""
- name: Log in for a job with pushes of up to 40 minutes
  planton.digitalocean.docr_credentials:
    registry: acme-payments
    read_write: true
    expires_in: 90m
    longest_push: 40m

- name: Log in for pulls only, in a separate file
  planton.digitalocean.docr_credentials:
    registry: acme-shop-eu
    path: /var/lib/ci/acme-shop-eu/config.json

- name: Check whether the login is valid for the longest push
  planton.digitalocean.docr_credentials:
    registry: acme-payments
    read_write: true
  check_mode: true
  diff: true

- name: Revoke the login at the end of the job
  planton.digitalocean.docr_credentials:
    registry: acme-payments
    state: absent
"""

RETURN = r"""
credentials:
  description: The login in the file; null with O(state=absent).
  returned: success
  type: dict
  contains:
    registry:
      description: The registry.
      type: str
      sample: acme-payments
    host:
      description: The image host of the login in the file.
      type: str
      sample: registry.digitalocean.com
    path:
      description: The path of the file, with symbolic links resolved.
      type: str
      sample: /var/lib/ci/.docker/config.json
    read_write:
      description: Whether the login can push too.
      type: bool
      sample: true
    clients:
      description:
        - The login that each client uses for the registry after the task, for the environment of the task.
        - C(source) is a file or the variable C(DOCKER_AUTH_CONFIG), and null where the client finds no login.
      type: list
      elements: dict
      sample:
        - clients: docker
          source: /var/lib/ci/.docker/config.json
          entry: registry.digitalocean.com
          is_this_login: true
        - clients: podman, skopeo and buildah
          source: /run/user/1000/containers/auth.json
          entry: registry.digitalocean.com
          is_this_login: false
    fingerprint:
      description: Identifies the credential, part of a SHA-256; null in check mode for a new credential.
      type: str
      sample: 1f3870be274f6c49
    minted_at:
      description: When the credential was minted by DigitalOcean's clock, RFC 3339; null like
        RV(credentials.fingerprint).
      type: str
      sample: "2026-03-01T12:00:00Z"
    expires_at:
      description: When the credential expires by DigitalOcean's clock, RFC 3339; null like RV(credentials.fingerprint).
      type: str
      sample: "2026-03-01T14:00:00Z"
actions:
  description: The actions of this task in order, or the actions that a real run would take in check mode.
  returned: always
  type: list
  elements: dict
  sample:
    - action: log_in
      target: /var/lib/ci/.docker/config.json
      message: >-
        mint a read-only credential of acme-payments and write it to /var/lib/ci/.docker/config.json, since there is
        none yet
notes:
  description: Further information, such as a login of another program that was not changed.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ..module_utils._module.run import run_module
from ..module_utils._module.tasks.login import LOGIN


def main() -> None:
    """Run the module."""
    run_module(LOGIN)


if __name__ == "__main__":
    main()
