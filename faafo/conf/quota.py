# SPDX-License-Identifier: Apache-2.0
"""Options of quotas: what a project may use."""

from oslo_config import cfg

from faafo.fractal.numbers import MAX_SIZE

group = cfg.OptGroup("quota", title="What a project may use")


def _limit(name: str, text: str) -> cfg.Opt:
    text += " -1: no limit. PUT /api/quota/{project_id} sets that of one project."
    return cfg.IntOpt(name, default=-1, min=-1, max=MAX_SIZE, mutable=True, help=text)


quota_opts: list[cfg.Opt] = [
    _limit(
        "queued",
        "Maximum number of fractals of a project that are queued or being rendered; further POSTs "
        "get 403. A retry counts, but is not refused.",
    ),
    _limit(
        "fractals",
        "Maximum number of fractals of a project, whatever their status; further POSTs get 403 "
        "until some are deleted.",
    ),
    _limit(
        "bytes",
        "Maximum size of the images of a project, in bytes. Once they have reached it, POSTs get "
        "403; what is queued then is rendered all the same.",
    ),
    _limit(
        "pixels_per_day",
        "Maximum number of pixels (width times height) that a project posts in one day, which "
        "begins at midnight UTC by the clock of the database; further POSTs get 403. Deleting "
        "fractals gives none back.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(quota_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, quota_opts)]
