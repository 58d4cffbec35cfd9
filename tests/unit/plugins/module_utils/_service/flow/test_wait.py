# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work beside a wait."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._service.flow.wait import Heartbeat


def test_beats_come_while_the_work_itself_waits_and_end_with_it() -> None:
    beats: list[threading.Thread] = []
    three = threading.Event()

    def beat() -> None:
        beats.append(threading.current_thread())
        if len(beats) == 3:
            three.set()

    with Heartbeat(beat, every_s=0.001):
        assert three.wait(10)
    assert threading.current_thread() not in beats
    assert not any(thread.is_alive() for thread in beats)


def test_beats_end_with_work_that_fails() -> None:
    with pytest.raises(ValueError, match="mended"), Heartbeat(lambda: None, every_s=0.001):
        raise ValueError("mended")
    assert [thread for thread in threading.enumerate() if thread.daemon and "run" in thread.name] == []
