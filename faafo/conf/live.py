# SPDX-License-Identifier: Apache-2.0
"""The configuration of a running service: files and settings that change, checked before use."""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping

from oslo_config import cfg

from faafo import errors
from faafo.conf.overrides import live_options, override, parsed, shown
from faafo.conf.scratch import (
    Fingerprint,
    Source,
    Values,
    differing,
    is_overridden,
    options_of,
    shown_name,
    value_of,
    values_of,
)
from faafo.fractal.settings import NONE, Settings

LOG = logging.getLogger(__name__)

# Seconds between two looks at the files; a change counts once two looks agree, since a file may be
# half-written.
LOOK_SECONDS = 0.5

Check = Callable[[Values], None]


class LiveConfiguration:
    """Has ``conf`` follow files and settings, as far as its options can change; thread-safe.

    Settings take precedence over command line, environment and files. What is invalid takes no
    effect, and whoever reads an option never meets it.

    :param read: what the files were when ``conf`` was read from ``source``.
    :param prepare: sets defaults in a configuration that depend on other options of it.
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        source: Source,
        read: Fingerprint,
        prepare: Callable[[cfg.ConfigOpts], None] = lambda _conf: None,
    ) -> None:
        self.conf = conf
        self._source = source
        self._prepare = prepare
        self._live = live_options(conf)
        self._from_files = self._start = values_of(conf)
        self._is_readable_again = source.is_readable_again()
        self._settings = NONE
        self._parsed: Values = {}
        self._wanted = self._effective()
        self._digest = ""
        self._take_digest()
        self._read = self._seen = read
        self._checks: list[Check] = []
        self._changed: list[Callable[[], None]] = []
        # A change of files and one of settings may come at the same time.
        self._lock = threading.RLock()

    @property
    def configuration(self) -> str:
        """Which settings and which values of options are in effect, short enough to compare."""
        return f"{self._settings.version}-{self._digest}"

    @property
    def settings(self) -> Settings:
        """The settings that were applied last."""
        return self._settings

    def require(self, check: Check) -> None:
        """Refuse files and settings for which ``check`` raises a ConfigurationError."""
        self._checks.append(check)

    def on_change(self, act: Callable[[], None]) -> None:
        """Call ``act`` after each change of an option."""
        self._changed.append(act)

    def follow(self, stop: threading.Event, reload: threading.Event) -> None:
        """Start to watch the files until ``stop`` is set; read them at once if ``reload`` is.

        :raises faafo.errors.ConfigurationError: when an option that was registered meanwhile has an
            invalid value.
        """
        self._start = self._from_files = values_of(self.conf) | self._given()
        self._take_digest()
        if not self._is_readable_again:
            LOG.info("the configuration comes through a pipe: it is not read again")
        threading.Thread(
            target=self._follow, args=(stop, reload), name="configuration", daemon=True
        ).start()

    def look(self) -> None:
        """Read the files if they have changed, and have not since the last look."""
        with self._lock:
            if self._is_readable_again:
                now = self._source.fingerprint()
                is_settled, self._seen = now == self._seen, now
                if now != self._read and is_settled:
                    self._read_files(now)
            # A thread that was reading an option may have put its old value into a cache.
            self._apply()

    def reload(self) -> None:
        """Read the files now."""
        if not self._is_readable_again:
            return
        with self._lock:
            LOG.info("reading the configuration again")
            self._seen = self._source.fingerprint()
            self._read_files(self._seen)
            self._apply()

    def check_setting(self, name: str, text: str) -> None:
        """Check what a setting would be, with all else as it is.

        :raises faafo.errors.InvalidSetting: when it is invalid; names option, value and bound.
        """
        value = parsed(self._live, name, text)
        with self._lock:
            try:
                self._check(self._from_files | self._parsed | {name: value})
            except errors.ConfigurationError as error:
                raise errors.InvalidSetting(f"value: {error}") from None

    def apply_settings(self, version: int, values: Mapping[str, str]) -> None:
        """Apply these settings in place of the ones before; what is invalid here has no effect.

        :param version: number of changes so far.
        """
        settings = Settings(version, values)
        with self._lock:
            if settings == self._settings:
                return
            good, problems = self._accepted(settings.values)
            for name, problem in problems.items():
                if self._settings.values.get(name) != settings.values[name] or name in self._parsed:
                    LOG.error("a setting takes no effect: %s", problem)
            self._settings, self._parsed = settings, good
            self._apply()

    def _accepted(self, texts: Mapping[str, str]) -> tuple[Values, dict[str, str]]:
        """Return the values of settings that are valid, and what is wrong with the others.

        One may be valid only with another: those that are refused are tried again with the others.
        """
        good: Values = {}
        left = sorted(texts)
        while True:
            found = {name: self._problem_with(good, name, texts[name]) for name in left}
            problems = {name: problem for name, problem in found.items() if problem is not None}
            if len(problems) == len(left):
                return good, problems
            left = [*problems]

    def _problem_with(self, good: Values, name: str, text: str) -> str | None:
        """Add the value of a setting to ``good``; return what is wrong with it, None if nothing."""
        try:
            value = parsed(self._live, name, text)
            self._check(self._from_files | good | {name: value})
        except errors.FaafoError as error:
            return str(error)
        good[name] = value
        return None

    def _follow(self, stop: threading.Event, reload: threading.Event) -> None:
        while not stop.is_set():
            try:
                if reload.wait(LOOK_SECONDS):
                    reload.clear()
                    self.reload()
                else:
                    self.look()
            # If this thread ended, no later change would be noticed.
            except Exception:
                LOG.exception("could not look at the configuration")

    def _given(self) -> Values:
        """Return the values from the start of those options that the service itself has changed."""
        found = options_of(self.conf).items()
        changed = {name for name, (group, opt) in found if is_overridden(self.conf, group, opt)}
        return {name: self._start[name] for name in changed & {*self._start}}

    def _read_files(self, now: Fingerprint) -> None:
        """Take over what the files say, unless anything in it is invalid."""
        changed, self._read = differing(self._read, now), now
        values, problem = self._try_files()
        if self._source.fingerprint() != now:
            # They were changed while they were read: another look is to come.
            self._read = ()
        elif values is None:
            where = f" of {', '.join(changed)}" if changed else ""
            LOG.error("the change%s takes no effect: %s", where, problem)
        else:
            self._warn_of_restart(values)
            self._from_files = values

    def _try_files(self) -> tuple[Values | None, str]:
        """Return the values of the files; None, and what is wrong, if one is invalid."""
        try:
            scratch = self._source.read(self.conf)
            self._prepare(scratch)
            values = values_of(scratch)
            self._check(values | self._parsed)
        except errors.FaafoError as error:
            return None, "; ".join(str(error).splitlines())
        return values, ""

    def _check(self, values: Values) -> None:
        for check in self._checks:
            check(values)

    def _warn_of_restart(self, values: Values) -> None:
        for name, value in sorted(values.items()):
            # What a library has registered meanwhile was not read before.
            before = (self._from_files.get(name, value), self._start.get(name, value))
            if value not in before and name not in self._live:
                LOG.warning("%s has changed: it needs a restart", shown_name(name))

    def _effective(self) -> Values:
        values = self._from_files | self._parsed
        return {name: values[name] for name in self._live}

    def _take_digest(self) -> None:
        secret = {name for name, (_group, opt) in options_of(self.conf).items() if opt.secret}
        told = self._start | self._wanted
        text = repr([(name, told[name]) for name in sorted(told) if name not in secret])
        self._digest = hashlib.sha256(text.encode()).hexdigest()[:8]

    def _apply(self) -> None:
        wanted = self._effective()
        changed = [name for name in wanted if wanted[name] != self._wanted[name]]
        self._wanted = wanted
        if changed:
            self._take_digest()
        is_stale = False
        for name, (group, opt) in self._live.items():
            if value_of(self.conf, group, opt) != wanted[name]:
                override(self.conf, group, opt, wanted[name])
                is_stale = True
        if changed:
            LOG.info("the configuration has changed: %s", shown(wanted, changed))
        if changed or is_stale:
            for act in self._changed:
                act()
