# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders that end with a job: AWX runs each job in a new container, and removes the job's folder."""

from __future__ import annotations

import os
from collections.abc import Mapping

# The variable by which AWX tells a job its folder on the host, and where the folder is in the container.
_JOB_VARIABLE, _JOB_FOLDER = "AWX_PRIVATE_DATA_DIR", "/runner"


def ends_with_job(path: str, environment: Mapping[str, str], root: str = "/") -> bool:
    """Whether a folder is in the container or in the folder of a job of AWX, and not in a mount that lasts."""
    job_folder = environment.get(_JOB_VARIABLE)
    if not job_folder:
        return False
    real = os.path.realpath(path)
    folders = [os.path.realpath(one) for one in (job_folder, _JOB_FOLDER)]
    if any(os.path.commonpath([real, one]) == one for one in folders):
        return True
    while not os.path.exists(real):
        real = os.path.dirname(real)
    return os.stat(real).st_dev == os.stat(root).st_dev
