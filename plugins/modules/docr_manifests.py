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
  - Makes no call. What only DigitalOcean knows, such as the regions, is checked by M(planton.digitalocean.docr_plan).
author:
  - Planton (@plantonhq)
options:
  files:
    description:
      - Files, folders and globs; relative to the working directory of the command.
      - Of a folder all C(*.yaml) and C(*.yml) files are read, sorted by name, but not those of folders in it.
    type: list
    elements: path
    default: []
  manifests:
    description: Manifests given inline, each as a map. At least one manifest must be given in either way.
    type: list
    elements: raw
    default: []
  skip_other_kinds:
    description: Skip documents of other kinds instead of refusing them.
    type: bool
    default: false
  garbage_collection:
    description:
      - What holds for all manifests that do not say it in their own C(garbage_collection), by the same names.
      - The option is only checked, so that its errors are reported with all others.
      - Messages name the role's variables, such as C(docr_gc_type).
    type: dict
    default: {}
  doks_integration:
    description:
      - What holds for all manifests that do not say it in their own C(doks_integration), by the same names, and
        C(kubeconfig).
      - The option is only checked, alone and together with each manifest, so that its errors are
        reported with all others.
      - Without it the manifests are checked alone, and may leave open what variables say.
      - Messages name the role's variables, such as C(docr_doks_method).
    type: dict
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - Only reads.
  diff_mode:
    description:
      - Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: N/A
    details:
      - Only reads.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: full
    details:
      - Only reads.
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the
      controller.
    support: full
    details:
      - Runs on the controller, where the files are.
seealso:
  - module: planton.digitalocean.docr_plan
requirements:
  - PyYAML on the controller, which ansible-core brings
"""

EXAMPLES = r"""
- name: Read a folder and a glob
  planton.digitalocean.docr_manifests:
    files: [manifests/, "teams/*/registry.yaml"]
  register: read

- name: Create what they ask for
  planton.digitalocean.docr_registry:
    registries: "{{ read.manifests | planton.digitalocean.docr_registries }}"

- name: Check one that stands in a variable
  planton.digitalocean.docr_manifests:
    manifests:
      - apiVersion: digitalocean.project-planton.org/v1
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
      description: The region, in small letters.
      type: str
      sample: fra1
    subscription_tier:
      description: The tier, in small letters.
      type: str
      sample: basic
    garbage_collection_enabled:
      description: Whether garbage is to be collected.
      type: bool
      sample: false
    garbage_collection:
      description: What it says of the options of M(planton.digitalocean.docr_gc), by their names, and nothing else.
      type: dict
      sample: {overrun: cancel}
    doks_integration:
      description:
        - What it says of the options of M(planton.digitalocean.docr_doks_integration), by their names.
      type: dict
      sample: {clusters: [shop-prod], method: direct, rotate_every: 30d}
    origin:
      description: Where it stands, for messages.
      type: str
      sample: manifests/shop.yaml document 1 (shop)
    metadata:
      description: The document's metadata, carried along.
      type: dict
      sample: {name: shop}
field_errors:
  description: Everything that is wrong, all at once.
  returned: failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - What sort of error this is, for programs.
      type: str
      choices: [required, invalid, unsupported, duplicate, forbidden]
      sample: required
    where:
      description: File, document, metadata name and field.
      type: str
      sample: manifests/shop.yaml document 1 (shop), spec.region
    what:
      description: What is wrong.
      type: str
      sample: it is missing
    advice:
      description: What is right.
      type: str
      sample: give a string
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Say where this runs."""
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "path", "default": []},
            "manifests": {"type": "list", "elements": "raw", "default": []},
            "skip_other_kinds": {"type": "bool", "default": False},
            "garbage_collection": {"type": "dict", "default": {}},
            "doks_integration": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    module.fail_json(msg="docr_manifests runs on the controller, by its action plugin; call it from a playbook's task.")


if __name__ == "__main__":
    main()
