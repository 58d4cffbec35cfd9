#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_credentials
short_description: Log Docker in to a container registry of DigitalOcean for a short time, as CI needs it
version_added: 1.0.0
description:
  - Makes sure that Docker's config file, on the host where the module runs, holds a good login of one registry, or
    none.
  - The login is a credential that DigitalOcean mints for this registry alone, read-only unless asked otherwise, and
    short-lived. It is kept while it is good for the longest push, and replaced by another one after that.
  - A new one is checked at the image host before it becomes the login. The one before stays valid for the longest push,
    since a push may still use the credential; a later run revokes the credential unless it has expired.
  - The file is replaced whole, with mode 0600 whatever it had and whatever the umask. All else in it stays, in its
    order.
  - Beside the file lies a note, its name with C(.docr.json) appended, that says what was minted and when it expires. It
    holds no secret.
  - How to use it in pipelines stands in C(docs/login.md).
author:
  - Planton (@plantonhq)
options:
  registry:
    description:
      - The registry to log in to.
      - Docker knows one login for a host, and all registries of DigitalOcean have one host. So one file holds the login
        of one registry; another is refused until O(state=absent) has ended the first, or goes to another O(path).
    type: str
    required: true
  state:
    description:
      - With V(present) the file holds a login that is good for the longest push.
      - With V(absent) the login is revoked and removed, and those that it replaced with it. The file goes too, if this
        module made it and nothing else is in it. Logins that this module did not write are left.
    type: str
    choices: [present, absent]
    default: present
  path:
    description:
      - Docker's config file. A symbolic link is followed. A folder that does not exist is made, with mode 0700.
      - If not given, C(config.json) in the folder that the environment variable E(DOCKER_CONFIG) names where the module
        runs, or in C(~/.docker).
    type: path
  read_write:
    description: Whether the login can push too.
    type: bool
    default: false
  expires_in:
    description:
      - How long a new credential lives, such as V(2h), V(90m) or V(4h30m).
      - It must be longer than O(longest_push). The difference is how long one is used again.
    type: str
    default: 2h
  longest_push:
    description:
      - How long the longest push or pull takes that begins after this task, such as V(30m).
      - A login with less time left is replaced, so that none ends during an upload.
    type: str
    default: 1h
notes:
  - >-
    Token scopes: C(registry:read) and C(registry:update), for a read-only credential too; C(registry:read) to look, in
    check mode, and for O(state=absent), as a credential authorises its own end.
  - >-
    It is an error when the file has Docker keep the host's login elsewhere (C(credsStore), C(credHelpers)), and when it
    holds a login for the host that this module did not write, such as one of C(docker login) or
    C(doctl registry login).
  - >-
    While a credential is not, or no longer, the login, it stands in the same file under a name that no host can have
    and that ends with C(.docr.invalid). So a run that is killed leaves none that the next one does not revoke, except
    one that was minted in that very instant. The next run warns of it, and it expires by itself.
  - Run it as the user who pushes. As root it keeps the owner of a file that exists.
seealso:
  - module: planton.digitalocean.docr_registry
  - module: planton.digitalocean.docr_doks_integration
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes
"""

EXAMPLES = r"""
- name: Let this job push, uploads of 40 minutes included
  planton.digitalocean.docr_credentials:
    registry: acme-payments
    read_write: true
    expires_in: 90m
    longest_push: 40m

- name: Pull only, in a file of its own
  planton.digitalocean.docr_credentials:
    registry: acme-shop-eu
    path: /var/lib/ci/acme-shop-eu/config.json

- name: See whether the login will do
  planton.digitalocean.docr_credentials:
    registry: acme-payments
    read_write: true
  check_mode: true
  diff: true

- name: Revoke it at the end of the job
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
      description: The image host, under which the login stands in the file.
      type: str
      sample: registry.digitalocean.com
    path:
      description: The file, with symbolic links followed.
      type: str
      sample: /var/lib/ci/.docker/config.json
    read_write:
      description: Whether it can push too.
      type: bool
      sample: true
    fingerprint:
      description: Tells credentials apart, part of a SHA-256; null in check mode for one that would be minted.
      type: str
      sample: 1f3870be274f6c49
    minted_at:
      description: When it was minted by DigitalOcean's clock, RFC 3339; null like RV(credentials.fingerprint).
      type: str
      sample: "2026-03-01T12:00:00Z"
    expires_at:
      description: When it ends by DigitalOcean's clock, RFC 3339; null like RV(credentials.fingerprint).
      type: str
      sample: "2026-03-01T14:00:00Z"
actions:
  description: What was done, or would be in check mode, in this order.
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
  description: What else there is to know, such as a login of another program that was left.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ..module_utils._module.tasks.login import run_login_task


def main() -> None:
    """Run the module."""
    run_login_task()


if __name__ == "__main__":
    main()
