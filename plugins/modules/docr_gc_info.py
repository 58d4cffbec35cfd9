#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_gc_info
short_description: List garbage collections of container registries of DigitalOcean
version_added: 1.0.0
description:
  - Lists the garbage collections of registries, and says which one is running. While one is, its registry takes no
    pushes.
author:
  - Planton (@plantonhq)
options:
  registries:
    description: Names of registries. An unknown one is an error.
    type: list
    elements: str
    required: true
    aliases: [registry, name]
notes:
  - "Token scope: C(registry:read)."
  - Costs one call for each registry, and one more where the list shows none that is running.
seealso:
  - module: planton.digitalocean.docr_gc
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes.info
"""

EXAMPLES = r"""
- name: What runs, and what ran
  planton.digitalocean.docr_gc_info:
    registries: [acme-shop-eu, acme-base]
  register: collections

- name: Registries that take no pushes now
  ansible.builtin.debug:
    msg: "{{ collections.garbage_collections | selectattr('active') | map(attribute='registry') }}"
"""

RETURN = r"""
garbage_collections:
  description: The collections of each registry, in the order of O(registries).
  returned: success
  type: list
  elements: dict
  contains:
    registry:
      description: Its name.
      type: str
      sample: acme-shop-eu
    active:
      description: The collection that is running, with the keys of those in RV(garbage_collections[].history); or null.
      type: dict
      sample: null
    history:
      description: All collections, newest first. Whether a running one is among them, DigitalOcean leaves open.
      type: list
      elements: dict
      contains:
        uuid:
          description: Its id.
          type: str
          sample: eff0feee-49c7-4e8f-ba5c-a320c109c8a8
        type:
          description: Its type, in the words of M(planton.digitalocean.docr_gc); null when DigitalOcean does not say.
          type: str
          sample: unreferenced_blobs
        status:
          description: Its status in DigitalOcean's words.
          type: str
          sample: succeeded
        created_at:
          description: When it was started.
          type: str
          sample: "2026-03-01T03:10:00Z"
        updated_at:
          description: When it last changed; of one that has ended, its end.
          type: str
          sample: "2026-03-01T03:10:22Z"
        blobs_deleted:
          description: How many blobs it deleted; final when it has ended.
          type: int
          sample: 12
        freed_bytes:
          description: How many bytes it freed; final when it has ended.
          type: int
          sample: 73400320
"""

from ..module_utils._module.run import run_info
from ..module_utils._module.tasks.gc import GC_INFO_SPEC, fetch_gc_info


def main() -> None:
    """Run the module."""
    run_info(GC_INFO_SPEC, fetch_gc_info)


if __name__ == "__main__":
    main()
