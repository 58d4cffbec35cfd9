#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_manifests
short_description: Read and check manifests of container registries
version_added: 1.0.0
description:
  - Reads Project Planton's C(DigitalOceanContainerRegistry) documents from files, folders and globs, or inline, in
    either of the format's spellings.
  - Reports all errors of all documents at once, with file, document and field.
  - Makes no call. M(planton.digitalocean.docr_plan) checks the values that only DigitalOcean knows, such as the
    regions.
author:
  - Planton (@plantonhq)
options:
  files:
    description:
      - Files, folders and globs, relative to the working directory of the command.
      - In a folder the module reads all C(*.yaml) and C(*.yml) files, sorted by name. The module does not read
        subfolders.
    type: list
    elements: path
    default: []
  manifests:
    description: Inline manifests, each as a map. O(files) and O(manifests) together must contain at least one manifest.
    type: list
    elements: raw
    default: []
  skip_other_kinds:
    description: Skip documents of other kinds. With V(false) documents of other kinds are an error.
    type: bool
    default: false
  garbage_collection:
    description:
      - Values for the fields that a manifest's own C(garbage_collection) leaves out, by the same names.
      - The module only checks these values, so that errors of these values are reported with the errors of the
        manifests.
      - Messages name the fields of this option, and the variables C(docr_gc_*) where the role runs the module.
    type: dict
    default: {}
  doks_integration:
    description:
      - Values for the fields that a manifest's own C(doks_integration) leaves out, by the same names, and
        C(kubeconfig).
      - The module only checks these values, alone and together with each manifest, so that errors of these values are
        reported with the errors of the manifests.
      - Without O(doks_integration) the module checks each manifest alone. A manifest may then leave out required
        fields of C(doks_integration).
      - Messages name the fields of this option, and the variables C(docr_doks_*) where the role runs the module.
    type: dict
  tier_policy:
    description:
      - What to do when the manifests name different tiers. V(strict) makes the difference an error, which is reported
        with the other errors of the manifests. The module selects no tier with V(highest).
    type: str
    choices: [highest, strict]
    default: highest
  writes_logins:
    description:
      - Whether another task writes the logins that manifests ask for with C(dockerCredentials). With V(false) a warning
        says how to get such a login.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - The module only reads.
  diff_mode:
    description:
      - Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: N/A
    details:
      - The module only reads.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: full
    details:
      - The module only reads.
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the
      controller.
    support: full
    details:
      - The action plugin runs on the controller, where the files are.
seealso:
  - module: planton.digitalocean.docr_plan
requirements:
  - PyYAML on the controller, which ansible-core installs
"""

EXAMPLES = r"""
- name: Read a folder and a glob
  planton.digitalocean.docr_manifests:
    files: [manifests/, "teams/*/registry.yaml"]
  register: read

- name: Create the registries of the manifests
  planton.digitalocean.docr_registry:
    registries: "{{ read.manifests | planton.digitalocean.docr_registries }}"

- name: Check an inline manifest
  planton.digitalocean.docr_manifests:
    manifests:
      - apiVersion: digital-ocean.planton.dev/v1
        kind: DigitalOceanContainerRegistry
        metadata: {name: shop}
        spec: {name: acme-shop, subscription_tier: BASIC, region: fra1}
"""

RETURN = r"""
manifests:
  description: The manifests, each registry once, in the order of the documents.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The registry's name.
      type: str
      sample: acme-shop
    region:
      description: The region, in lower case; null where DigitalOcean selects the region.
      type: str
      sample: fra1
    subscription_tier:
      description: The tier, in lower case.
      type: str
      sample: basic
    garbage_collection_enabled:
      description: Whether garbage is to be collected.
      type: bool
      sample: false
    garbage_collection:
      description: The options of M(planton.digitalocean.docr_gc) that the manifest sets, by name.
      type: dict
      sample: {overrun: cancel}
    doks_integration:
      description:
        - The options of M(planton.digitalocean.docr_doks_integration) that the manifest sets, by name.
      type: dict
      sample: {clusters: [shop-prod], method: direct, rotate_every: 30d}
    docker_credentials:
      description:
        - The login that the manifest wants, as C(write) and, where given, C(expiry_seconds). Null without a login.
        - No login is among the results. M(planton.digitalocean.docr_credentials) writes a login to a file.
      type: dict
      sample: {write: false, expiry_seconds: 7200}
    origin:
      description: The manifest's place, for messages.
      type: str
      sample: manifests/shop.yaml document 1 (shop)
    metadata:
      description: The document's metadata, unchanged.
      type: dict
      sample: {name: shop}
notes:
  description: Remarks that require no action, such as a note about an old home of the format.
  returned: success
  type: list
  elements: str
  sample:
    - >-
      manifests/shop.yaml document 1 (shop), apiVersion: digital-ocean.openmcf.org/v1 is an old home of the format, and
      the present home is digital-ocean.planton.dev/v1.
field_errors:
  description: All errors.
  returned: failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error, for programs.
      type: str
      choices: [required, invalid, unsupported, duplicate, forbidden]
      sample: required
    where:
      description: The file, document, metadata name and field of the error.
      type: str
      sample: manifests/shop.yaml document 1 (shop), spec.region
    what:
      description: The error.
      type: str
      sample: the field is missing
    advice:
      description: How to fix the error.
      type: str
      sample: give a string
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Refuse to run without the action plugin."""
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "path", "default": []},
            "manifests": {"type": "list", "elements": "raw", "default": []},
            "skip_other_kinds": {"type": "bool", "default": False},
            "garbage_collection": {"type": "dict", "default": {}},
            "doks_integration": {"type": "dict"},
            "tier_policy": {"type": "str", "choices": ["highest", "strict"], "default": "highest"},
            "writes_logins": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    module.fail_json(msg="docr_manifests runs on the controller, by its action plugin; call it from a playbook's task.")


if __name__ == "__main__":
    main()
