# SPDX-License-Identifier: Apache-2.0
"""What goes on in the background of a test while its block is open."""

import threading
from pathlib import Path
from typing import Any, Self

import requests

from tests.deploy.site import Site


class Background:
    """Calls ``again`` every ``interval`` seconds."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(self._interval):
            self.again()

    def again(self) -> None:
        raise NotImplementedError


class Watch(Background):
    """Collects the command lines of all processes, those on the hosts, too."""

    def __init__(self) -> None:
        super().__init__(0.05)
        self.seen: set[str] = set()

    def again(self) -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.seen.add(path.read_text(errors="replace").replace("\0", " "))
            except OSError:
                # It has ended in the meantime.
                continue


class Stream(Background):
    """Posts fractals all the time; ``uuids`` are those that the API has taken."""

    def __init__(self, site: Site, interval: float = 0.5) -> None:
        super().__init__(interval)
        self.uuids: list[str] = []
        self.refused = 0
        self._site = site

    def again(self) -> None:
        try:
            self.uuids.append(self._site.post_one())
        except requests.RequestException:
            self.refused += 1
