# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option of the modules that ask which images are in use."""

    DOCUMENTATION = r"""
options:
  in_use:
    description:
      - The sources that tell which images are in use, as a map. V(none) states that there is no source.
      - C(clusters) is a list of names, IDs and patterns of DOKS clusters. The pattern V(*) means all clusters of
        the team.
      - C(kubeconfig) is the path of a kubeconfig for other clusters, and C(contexts) is a list of its contexts. Without
        C(contexts) the current context is read.
      - C(apps) says whether the apps of App Platform are read, with all deployments that the API lists.
      - C(images) is a list of references. A reference is C(REPOSITORY:TAG), C(REPOSITORY@DIGEST), a digest, or a whole
        reference with the image host. A reference without a tag and a digest means the tag C(latest).
      - C(image_files) is a list of absolute paths of files, each with a reference in each line, or with a list in YAML
        or JSON.
      - C(resources) is a list of custom resources of the clusters. Each has C(group), C(version), the plural name
        C(resource), and the path C(image) to whole references, or the path C(address) with the paths C(tag), C(digest)
        and C(semver). A path is written as C(spec.template.spec.containers[*].image).
      - C(may_be_missing) is a list of names of sources that may be missing. An error of a source has the name, such as
        C(cluster shop-eu), C(context west), C(apps), C(file /srv/images) or C(resource rollouts.argoproj.io).
    type: raw
requirements:
  - kubernetes >= 30.1.0, < 38 (Python), where O(in_use) names clusters or a kubeconfig
"""
