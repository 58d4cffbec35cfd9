#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_image_prune
short_description: Delete images of a container registry of DigitalOcean by rules, and break no image
version_added: 1.0.0
description:
  - Deletes images that rules name, with their platforms, attestations, signatures and other companions.
  - Without O(policies) deletes only untagged manifests that nothing refers to and that are older than O(grace_period).
  - The module reads the manifests of the image host, and never deletes a manifest that an index, a subject or a use
    requires, a manifest that cannot be read, or a manifest that is younger than O(grace_period).
  - Nothing is deleted before O(in_use) names the sources of images in use, or states that there is none.
  - Each repository is read again just before its deletions. After the deletions each repository is read once more, and
    a deleted manifest that a newer push requires is stored again.
  - Deletions free no storage until a garbage collection with M(planton.digitalocean.docr_gc). Until then
    O(state=restored) restores what was deleted.
  - The guide C(docs/retention.md) explains what is kept and why.
author:
  - Planton (@plantonhq)
options:
  registry:
    description: The name of the registry. An unknown name is an error.
    type: str
    required: true
    aliases: [name]
  state:
    description:
      - With V(pruned) deletes what the rules name, and validates the repositories that changed.
      - With V(planned) only returns the plan, and writes the plan to O(plan_file) where the option is set. Check mode
        with V(pruned) returns the same plan, and reads no cluster named in O(in_use), since access to a cluster mints
        a token.
      - With V(restored) stores all deleted manifests again from the copies in O(undo_path), with the tags that no
        other manifest has. A manifest whose layers were collected cannot be restored, and the task fails and names
        the manifest.
      - With V(validated) asks the image host for every manifest of the registry. The task fails where one is missing.
    type: str
    choices: [pruned, planned, restored, validated]
    default: pruned
  policies:
    description:
      - Rules by repository. A repository follows the first policy that matches. A repository without a policy stays
        as the repository is.
      - C(repositories) and C(except_repositories) are lists of patterns. C(rules) is a list. Each rule has a C(name),
        and either C(delete) or C(keep) with conditions which must all be true.
      - Conditions of C(delete) are C(untagged), C(tags), C(tag_regex), C(older_than), C(semver), C(prereleases),
        C(children_missing) (V(wholly) or V(partly)) and C(orphaned). Conditions of C(keep) are C(newest), C(tags),
        C(tag_regex), C(semver), C(younger_than), C(digests) and C(untagged).
      - C(keep) wins over C(delete), whatever the order. Patterns match the whole tag.
      - The default is the rule that deletes untagged manifests that nothing refers to.
    type: list
    elements: dict
  grace_period:
    description: The age below which no manifest is deleted, such as V(24h) or V(7d).
    type: str
    default: 24h
  max_delete_count:
    description:
      - The maximum number of images to delete in a run. A plan that deletes more images is refused as a whole.
      - Platforms, attestations, signatures and other companions do not count.
    type: int
  max_delete_percent:
    description:
      - The maximum share of a repository's images to delete in a run, in percent. A repository above the share is
        refused, and the task fails after the work on the other repositories.
    type: int
    default: 30
  allow_delete_images:
    description: Consent to delete tagged images. Rules that can delete tagged images require the consent.
    type: bool
    default: false
  plan_file:
    description:
      - The absolute path of a plan. O(state=planned) writes the file. O(state=pruned) deletes only what the plan in the
        file deletes, and a missing file is an error.
      - The module always plans again. What changed since the plan was made follows O(on_change).
    type: path
  plan_digest:
    description:
      - The RV(plan_digest) of a plan that a person approved. A plan with another digest is refused.
      - With O(plan_file) the plan in the file must have this digest.
      - For jobs of AWX, where no file outlives a job. Pass RV(plan_digest) and RV(summary) with
        M(ansible.builtin.set_stats).
    type: str
  plan_summary:
    description: The RV(summary) of the approved plan. With the summary, a refusal names the repositories that differ.
    type: dict
  on_change:
    description:
      - What to do where a manifest to delete got a tag, an index, a companion or a use since the plan was made.
      - V(skip) keeps the manifest and all below the manifest, and deletes the rest. V(refuse) deletes nothing of the
        repository, or nothing at all where the plan of O(plan_file) differs.
      - The default is V(refuse) with O(plan_file) or O(plan_digest), or else V(skip).
    type: str
    choices: [skip, refuse]
  repositories:
    description:
      - Patterns of repositories, for O(state=restored) and O(state=validated). The default is all repositories.
      - A pattern that matches no repository, and for V(restored) no copy either, is an error.
    type: list
    elements: str
  validate:
    description:
      - What a validation asks the image host for. V(manifests) asks for each manifest, V(layers) also for each layer
        and configuration, once for each repository.
      - Only V(layers) finds an image whose layer is missing.
    type: str
    choices: [manifests, layers]
    default: manifests
  undo_path:
    description:
      - A folder for copies of deleted manifests, in the folder C(undo) below the path, which only the owner can enter.
        Without room for the copies nothing is deleted.
      - A run removes the copies after a garbage collection that started after the deletions succeeded.
      - The default is C(planton.digitalocean) in E(XDG_STATE_HOME), or in C(~/.local/state).
    type: path
  cache_path:
    description:
      - A folder in which the module keeps manifests for the next run, as in M(planton.digitalocean.docr_image_info).
      - The default is C(planton.digitalocean) in E(XDG_CACHE_HOME), or in C(~/.cache).
    type: path
  rate_limit_share:
    description:
      - The share in percent of the team's rate limit (250 calls a minute, 5000 an hour) that the module may use. The
        module waits before a call that would exceed the share.
    type: int
    default: 50
notes:
  - "Token scopes: C(registry:read), and C(registry:delete) for deletions. Sources in O(in_use) require
    C(kubernetes:read) and C(kubernetes:access_cluster) for clusters, and C(app:read) for apps. C(registry:update) is
    required to store manifests again."
  - An image in use is never deleted, and neither are its platforms, its index and its companions. Where a source of
    O(in_use) cannot be read, nothing is deleted and the task fails. Without O(in_use) the plan is returned with a
    warning, and nothing is deleted.
  - The image host is read with tokens that only allow pulls. Manifests that are stored again require a token for
    pushes, and a garbage collection waits up to 15 minutes until the token has expired.
  - A run that was killed leaves nothing broken. The next run stores again what a push needs, and continues.
  - The last tag of a manifest that stays is not removed, since the API may delete a manifest with its last tag.
  - A companion is never deleted while its subject stays, so an index of referrers never needs a change.
seealso:
  - module: planton.digitalocean.docr_image_info
  - module: planton.digitalocean.docr_gc
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._in_use
  - planton.digitalocean._attributes
"""

EXAMPLES = r"""
- name: Delete untagged manifests that nothing refers to
  planton.digitalocean.docr_image_prune:
    registry: acme-shop-eu
    in_use:
      clusters: ["*"]
      apps: true

- name: Show what rules would delete
  planton.digitalocean.docr_image_prune:
    registry: acme-shop-eu
    state: planned
    plan_file: /var/lib/acme/prune-plan.json
    policies: &policies
      - repositories: [team/*]
        except_repositories: [team/base]
        rules:
          - name: old builds
            delete: {tags: [build-*], older_than: 30d}
          - name: newest builds
            keep: {tags: [build-*], newest: 10}
    allow_delete_images: true
    in_use: none
  register: planned

- name: Show the table
  ansible.builtin.debug:
    msg: "{{ planned.table }}"

- name: Delete what the approved plan deletes
  planton.digitalocean.docr_image_prune:
    registry: acme-shop-eu
    plan_file: /var/lib/acme/prune-plan.json
    policies: *policies
    allow_delete_images: true
    in_use: none

- name: Restore what was deleted
  planton.digitalocean.docr_image_prune:
    registry: acme-shop-eu
    state: restored

- name: Check that no layer of any image is missing
  planton.digitalocean.docr_image_prune:
    registry: acme-shop-eu
    state: validated
    validate: layers
"""

RETURN = r"""
changed:
  description: Whether manifests, tags or the plan file changed.
  returned: always
  type: bool
  sample: true
actions:
  description:
    - What was done, in check mode what would be done. Each has C(action) (V(delete_manifest), V(remove_tag),
      V(restore_manifest) or V(write_plan_file)), C(target) and C(message).
  returned: always
  type: list
  elements: dict
  sample: []
notes:
  description: Why a rule chose nothing.
  returned: success
  type: list
  elements: str
  sample: []
plan:
  description:
    - The plan, as in O(plan_file). Each manifest of a repository has a C(decision) (V(keep) or V(delete)), and one
      C(reason) (V(tagged), V(in_use), V(child_of), V(subject_of), V(too_young), V(kept_by_rule), V(unreadable),
      V(no_rule) or V(deleted_by_rule)), with C(rule), C(by) and C(used_by).
    - C(refusal) is why nothing of the registry or of a repository is deleted. Null for V(restored) and V(validated).
  returned: success
  type: dict
  sample: null
plan_digest:
  description: The digest of all that the plan deletes. Two plans with the same deletions have the same digest.
  returned: success
  type: str
  sample: sha256:6d5f2bd9b7b0d4a9b1f1a2e1d1a0f3c9d2a2b7d64a2a2a3d4d6b1f0c5e7a9b13
summary:
  description: The numbers of the plan by repository, with C(freed_bytes), which counts each layer once.
  returned: success
  type: dict
  sample: null
table:
  description: The plan as lines of text, grouped by repository.
  returned: success
  type: list
  elements: str
  sample: ["The registry acme-shop-eu: 0 manifests to delete, 0 tags to remove, 0 B to free."]
kept:
  description: Planned deletions that were left out, each with C(repository), C(digest) and C(reason).
  returned: success
  type: list
  elements: dict
  sample: []
put_back:
  description:
    - Deleted manifests that a newer push requires and that were stored again, with C(repository) and C(digest).
  returned: success
  type: list
  elements: dict
  sample: []
not_restorable:
  description: Deleted manifests that cannot be restored, each with C(repository), C(digest), C(tags) and C(reason).
  returned: success
  type: list
  elements: dict
  sample: []
taken_tags:
  description: Tags of deleted manifests that other manifests have now. A restoration does not move these tags.
  returned: success
  type: list
  elements: str
  sample: []
validation:
  description: What the validation asked for.
  returned: success
  type: dict
  contains:
    manifests:
      description: The number of manifests that the module asked for.
      type: int
      sample: 1100
    blobs:
      description: The number of layers and configurations that the module asked for.
      type: int
      sample: 0
    missing:
      description: What is missing, each with C(kind), C(repository), C(digest), C(needed_by), C(tags) and C(message).
      type: list
      elements: dict
      sample: []
"""

from ..module_utils._module.run import run_module
from ..module_utils._module.tasks.retention import PRUNE


def main() -> None:
    """Run the module."""
    run_module(PRUNE)


if __name__ == "__main__":
    main()
