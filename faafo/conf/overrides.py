# SPDX-License-Identifier: Apache-2.0
"""Which options a running service follows, and the values that settings give them."""

import math
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from faafo import errors
from faafo.conf.scratch import Values, options_of, shown_name

# Of oslo.log: it says that the second can be changed, and we reload no file of loggers.
MORE = {"default_log_levels"}
FEWER = {"log_config_append"}


def live_options(conf: cfg.ConfigOpts) -> dict[str, tuple[str | None, cfg.Opt]]:
    """Return the options that a running service follows, by their names in settings."""
    return {
        name: (group, opt)
        for name, (group, opt) in options_of(conf).items()
        if (opt.mutable or name in MORE) and name not in FEWER and not opt.secret
    }


def parsed(live: Mapping[str, tuple[str | None, cfg.Opt]], name: str, text: str) -> Any:
    """Return the value that ``text`` gives an option; it is written as in a file.

    :raises faafo.errors.InvalidSetting: when the option is not live, or the value is invalid.
    """
    if name not in live:
        raise errors.InvalidSetting(f"name: {name!r:.150} is no option that can be set here")
    opt = live[name][1]
    try:
        value = opt.type(text)
        if any(isinstance(one, float) and not math.isfinite(one) for one in _each(value)):
            raise ValueError("must be finite")
    except ValueError as error:
        raise errors.InvalidSetting(
            f"value: {shown_name(name)} = {text:.200}: {error!s:.500}"
        ) from None
    return value


def override(conf: cfg.ConfigOpts, group: str | None, opt: cfg.Opt, value: Any) -> None:
    """Have ``conf`` return ``value``, whatever was read; nothing is inserted into it."""
    conf.set_override(opt.dest, _escaped(value), group=group)


def shown(values: Values, names: list[str]) -> str:
    """Return options with their values, for the log."""
    return ", ".join(f"{shown_name(name)} = {_text(values[name])}" for name in names)


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _escaped(value: Any) -> Any:
    """Return ``value`` as a file would write it: a dollar sign would insert another option."""
    if isinstance(value, list):
        return [_escaped(one) for one in value]
    return value.replace("$", "$$") if isinstance(value, str) else value
