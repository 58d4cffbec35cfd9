#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_image_info
short_description: List the images of a container registry of DigitalOcean, and what keeps each manifest
version_added: 1.0.0
description:
  - Lists repositories, tags and images with their platforms, attestations, signatures and sizes.
  - Reports damage, such as an index whose children are missing, or a signature whose image was deleted.
  - Explains which tags, indexes and subjects keep a manifest, with O(why).
  - Lists which images clusters, apps and the user's own lists use, with O(in_use).
  - Reads the lists of the API and the manifests of the image host, since the API does not report which untagged
    manifest is the platform of an image, an attestation or a signature.
author:
  - Planton (@plantonhq)
options:
  registry:
    description: The name of the registry. An unknown name is an error.
    type: str
    required: true
    aliases: [name]
  repositories:
    description:
      - Patterns of repositories to return, such as C(team/*). V(*) and V(?) also match C(/). Without patterns the
        result has all repositories.
      - The module always reads the whole registry, since a layer may be shared with any repository, and a signature may
        be in another repository than its image. RV(summary) is always about the whole registry.
    type: list
    elements: str
  why:
    description: Digests of manifests for which RV(why) lists all that keeps the manifest.
    type: list
    elements: str
    default: []
  rate_limit_share:
    description:
      - The share in percent of the team's rate limit (250 calls a minute, 5000 an hour) that the module may use. The
        module waits before a call that would exceed the share, and leaves the rest to other programs of the team.
      - Requests to the image host do not count. DigitalOcean documents no rate limit for the image host.
    type: int
    default: 50
  cache_path:
    description:
      - A folder in which the module keeps manifests for the next run. A manifest never changes, so that the next run
        only reads new manifests from the image host.
      - The module uses at most 256 MiB in the folder C(manifests) below the path, and lets no other user enter the
        folder. The folder can be deleted at any time. An entry is only used if its content has its digest.
      - The default is C(planton.digitalocean) in E(XDG_CACHE_HOME), or in C(~/.cache).
    type: path
notes:
  - "Token scopes: C(registry:read); with O(in_use) also C(app:read) for apps, and C(kubernetes:read) and
    C(kubernetes:access_cluster) for DOKS clusters."
  - The module makes one call for 200 repositories, one call for 200 manifests of each repository, and one call for a
    token of the image host for 20 repositories with new manifests.
  - Before the first list of manifests, a task on the controller shows a line with the number of calls and the seconds
    for which O(rate_limit_share) makes the calls wait.
  - The tokens of the image host only allow pulls, and do not delay a garbage collection.
  - While a registry changes, a list may be incomplete. The module then reads the list again once. If the list is
    incomplete again, RV(repositories[].error) says why, and the other repositories are returned.
  - A source of O(in_use) that cannot be read is a warning and in RV(in_use.unread). The other sources are returned.
  - Access to a DOKS cluster mints a cluster token that expires after 15 minutes. Therefore check mode does not read
    DOKS clusters, which are then in RV(in_use.unread). A kubeconfig is read in check mode too.
seealso:
  - module: planton.digitalocean.docr_gc
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._in_use
  - planton.digitalocean._attributes.info
"""

EXAMPLES = r"""
- name: List all images
  planton.digitalocean.docr_image_info:
    registry: acme-shop-eu
  register: images

- name: Show damaged images
  ansible.builtin.debug:
    msg: "{{ images.damage | map(attribute='message') }}"

- name: Explain why an untagged manifest must stay
  planton.digitalocean.docr_image_info:
    registry: acme-shop-eu
    repositories: [team/*]
    why: ["sha256:6d5f2bd9b7b0d4a9b1f1a2e1d1a0f3c9d2a2b7d64a2a2a3d4d6b1f0c5e7a9b13"]
  register: explained

- name: Show the answer
  ansible.builtin.debug:
    msg: "{{ explained.why[0].message }}"

- name: List the images that all clusters, all apps and a list of releases use
  planton.digitalocean.docr_image_info:
    registry: acme-shop-eu
    in_use:
      clusters: ["*"]
      apps: true
      images: [team/tools:v3]
  register: used

- name: Count the artifacts of Flux and the images of Argo Rollouts as in use too
  planton.digitalocean.docr_image_info:
    registry: acme-shop-eu
    in_use:
      clusters: [shop-eu]
      resources:
        - group: source.toolkit.fluxcd.io
          version: v1
          resource: ocirepositories
          address: spec.url
          tag: spec.ref.tag
          digest: spec.ref.digest
          semver: spec.ref.semver
        - group: argoproj.io
          version: v1alpha1
          resource: rollouts
          image: spec.template.spec.containers[*].image
"""

RETURN = r"""
repositories:
  description: The repositories that O(repositories) asks for.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The repository's name.
      type: str
      sample: team/app
    error:
      description: Why the repository's manifests could not be listed; null if all are listed.
      type: str
      sample: null
    tags:
      description: All tags of the repository.
      type: list
      elements: str
      sample: [v7]
    images:
      description:
        - The images. The root of an image has a tag, or is neither the child of an index of the repository nor attached
          to another manifest.
      type: list
      elements: dict
      contains:
        digest:
          description: The digest of the manifest or index at the root of the image.
          type: str
          sample: sha256:6d5f2bd9b7b0d4a9b1f1a2e1d1a0f3c9d2a2b7d64a2a2a3d4d6b1f0c5e7a9b13
        tags:
          description: The tags of the root.
          type: list
          elements: str
          sample: [v7]
        media_type:
          description: The media type of the root; null if the manifest could not be read.
          type: str
          sample: application/vnd.oci.image.index.v1+json
        artifact_type:
          description: What an artifact is, such as a chart of Helm; null for an image that runs.
          type: str
          sample: null
        updated_at:
          description: The time of the root by the API, RFC 3339; null if the API gives no time.
          type: str
          sample: "2026-03-01T12:00:00Z"
        kept:
          description: Whether a tag, a parent or a subject keeps the root, or the root is in RV(protected).
          type: bool
          sample: true
        platforms:
          description: The platforms of an index, each with C(platform), C(digest) and C(missing).
          type: list
          elements: dict
          sample: []
        attestations:
          description: The attestations of an index, each with C(digest), the digest C(of) its image, and C(missing).
          type: list
          elements: dict
          sample: []
        companions:
          description:
            - What is attached to the image or to its platforms. C(kind) is V(signature), V(attestation), V(sbom),
              V(referrer), or V(referrers) for the index that lists referrers.
            - Each has C(digest), C(repository), C(tags), C(subjects) and C(artifact_type).
          type: list
          elements: dict
          sample: []
        manifests:
          description: The number of manifests that belong to the image, the root included.
          type: int
          sample: 5
        size_bytes:
          description: The bytes of all layers and configurations of the image and its companions.
          type: int
          sample: 29393920
        own_bytes:
          description: The bytes that no other image of the registry uses.
          type: int
          sample: 8393920
        shared_bytes:
          description: The bytes that other images of the registry use too.
          type: int
          sample: 21000000
    orphans:
      description:
        - Signatures and other companions whose subject is not in the registry, in the form of
          RV(repositories[].images).
      type: list
      elements: dict
      sample: []
damage:
  description: Damage in the repositories that O(repositories) asks for.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description:
        - V(children_missing) for an index without any of its children, V(children_partly_missing) for an index without
          some of its children, V(manifest_missing) for a manifest that is listed and that the image host does not have,
          V(subject_missing) for a companion without its subject, and V(fallback_tag_dangling) for an index of referrers
          without its subject.
      type: str
      sample: children_partly_missing
    repository:
      description: The repository's name.
      type: str
      sample: team/app
    digest:
      description: The digest of the damaged manifest.
      type: str
      sample: sha256:6d5f2bd9b7b0d4a9b1f1a2e1d1a0f3c9d2a2b7d64a2a2a3d4d6b1f0c5e7a9b13
    tags:
      description: The tags of the damaged manifest.
      type: list
      elements: str
      sample: [v7]
    missing:
      description: The digests that are missing.
      type: list
      elements: str
      sample: []
    companion:
      description: What a companion is, such as V(signature); null for an image.
      type: str
      sample: null
    message:
      description: The damage as a sentence.
      type: str
      sample: The index sha256:6d5f of the repository team/app with the tags v7 lacks all of its children.
protected:
  description: Manifests of which something is not known, so that no clean-up may delete them.
  returned: success
  type: list
  elements: dict
  contains:
    repository:
      description: The repository's name.
      type: str
      sample: team/app
    digest:
      description: The manifest's digest.
      type: str
      sample: sha256:6d5f2bd9b7b0d4a9b1f1a2e1d1a0f3c9d2a2b7d64a2a2a3d4d6b1f0c5e7a9b13
    reason:
      description:
        - V(unreadable) for a manifest that could not be read, V(beside_unreadable) for an untagged manifest beside an
          unreadable manifest, V(unknown_media_type), V(no_time) for a manifest without a time, and V(subject_unknown)
          for a referrer whose subject may be in a part of the registry that could not be read.
      type: str
      sample: unreadable
    message:
      description: The reason as a sentence.
      type: str
      sample: the API gives no time for the manifest
why:
  description: The explanations that O(why) asks for, in the same order.
  returned: success
  type: list
  elements: dict
  contains:
    digest:
      description: The digest.
      type: str
      sample: sha256:6d5f2bd9b7b0d4a9b1f1a2e1d1a0f3c9d2a2b7d64a2a2a3d4d6b1f0c5e7a9b13
    repositories:
      description: The repositories that have the manifest.
      type: list
      elements: str
      sample: [team/app]
    kept:
      description: Whether something keeps the manifest in one of the repositories.
      type: bool
      sample: true
    keepers:
      description:
        - All that keeps the manifest, and all that keeps its parents and subjects, the nearest first.
        - C(reason) is V(tagged), V(child_of), V(companion_of) or a reason of RV(protected). V(child_of) and
          V(companion_of) have the parent or the subject in C(by). The other reasons have C(repository), and V(tagged)
          has C(tags).
      type: list
      elements: dict
      sample: []
    message:
      description: The shortest chain as a sentence.
      type: str
      sample: sha256:6d5f is a child of sha256:93ab, which has the tags v7 in the repository team/app.
in_use:
  description: The images that the sources of O(in_use) use, in the whole registry.
  returned: success
  type: dict
  contains:
    stated:
      description: Whether O(in_use) names a source, or states that there is no source.
      type: bool
      sample: true
    images:
      description: The manifests that are named, without their parents and children.
      type: list
      elements: dict
      contains:
        digest:
          description: The manifest's digest.
          type: str
          sample: sha256:6d5f2bd9b7b0d4a9b1f1a2e1d1a0f3c9d2a2b7d64a2a2a3d4d6b1f0c5e7a9b13
        repositories:
          description: The repositories that have the manifest.
          type: list
          elements: str
          sample: [team/app]
        used_by:
          description: What uses the manifest. After ten entries the number of the others follows.
          type: list
          elements: str
          sample: [the Deployment shop/web in the cluster shop-eu]
    unread:
      description: The sources that could not be read as a whole. Each has C(source), its name, and C(error).
      type: list
      elements: dict
      sample: []
    excused:
      description: The sources that could not be read as a whole, and that C(may_be_missing) names.
      type: list
      elements: dict
      sample: []
summary:
  description: Counts over the whole registry.
  returned: success
  type: dict
  contains:
    repositories:
      description: The number of repositories.
      type: int
      sample: 12
    images:
      description: The number of images, without companions.
      type: int
      sample: 240
    manifests:
      description: The number of manifests.
      type: int
      sample: 1100
    untagged_manifests:
      description: The number of manifests without a tag.
      type: int
      sample: 860
    damaged:
      description: The number of damages, as in RV(damage) without patterns.
      type: int
      sample: 0
    size_bytes:
      description: The bytes of all layers and configurations that the manifests name, each counted once.
      type: int
      sample: 29393920
reading:
  description: What the reading took.
  returned: success
  type: dict
  contains:
    api_calls:
      description: The number of calls of the API that the module planned, tokens of the image host included.
      type: int
      sample: 13
    image_host_requests:
      description: The number of requests for manifests to the image host.
      type: int
      sample: 1100
    manifests_from_cache:
      description: The number of manifests that were read from O(cache_path).
      type: int
      sample: 0
    least_wait_seconds:
      description: The seconds for which O(rate_limit_share) makes so many calls wait, however fast the answers come.
      type: int
      sample: 0
    waited_seconds:
      description: The longest wait for O(rate_limit_share), in seconds.
      type: int
      sample: 0
"""

from ..module_utils._module.run import run_module
from ..module_utils._module.tasks.images import IMAGE_INFO


def main() -> None:
    """Run the module."""
    run_module(IMAGE_INFO)


if __name__ == "__main__":
    main()
