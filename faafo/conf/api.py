# SPDX-License-Identifier: Apache-2.0
"""Options of the API and the web interface."""

from oslo_config import cfg

default_opts = [
    cfg.HostAddressOpt(
        "listen_address",
        default="127.0.0.1",
        help="Address that faafo-api and faafo-all listen on. The default can be reached from "
        "this machine only; 0.0.0.0 opens the service to everybody who can reach the machine.",
    ),
    cfg.PortOpt(
        "bind_port",
        default=5000,
        help="TCP port that faafo-api and faafo-all listen on. 0 takes any free port; the log "
        "names it.",
    ),
]

group = cfg.OptGroup("api", title="The API and the web interface")

api_opts = [
    cfg.IntOpt(
        "threads",
        default=8,
        min=1,
        help="Number of requests that one faafo-api process answers at the same time.",
    ),
    cfg.IntOpt(
        "max_width",
        default=16384,
        min=1,
        help="Widest image, in pixels, that the API accepts a fractal for.",
    ),
    cfg.IntOpt(
        "max_height",
        default=16384,
        min=1,
        help="Highest image, in pixels, that the API accepts a fractal for.",
    ),
    cfg.IntOpt(
        "max_pixels",
        default=2**25,
        min=1,
        help="Most pixels (width times height) of a fractal that the API accepts. A worker needs "
        "about six bytes of memory a pixel. The default admits an 8K screen (7680 x 4320).",
    ),
    cfg.IntOpt(
        "max_iterations",
        default=100_000,
        min=1,
        help="Most iterations of a fractal that the API accepts; they bound the time that one "
        "pixel can take.",
    ),
    cfg.IntOpt(
        "max_body_size",
        default=2**20,
        min=1024,
        help="Largest request body, in bytes, that the API reads; a larger one is answered "
        "with 413.",
    ),
    cfg.BoolOpt(
        "accept_images",
        default=True,
        help="Whether workers may send images to the API, as those with [store] url = api:// do. "
        "Say no where no worker does.",
    ),
    cfg.IntOpt(
        "max_image_size",
        default=2**26,
        min=1024,
        help="Largest image, in bytes, that the API takes from a worker; a larger one is answered "
        "with 413. The default holds what max_pixels admits.",
    ),
    cfg.IntOpt(
        "max_queued",
        default=0,
        min=0,
        help="Number of queued fractals from which on the API takes no more and answers 429, "
        "until some have been rendered. 0 takes all.",
    ),
    cfg.IntOpt(
        "max_attempts",
        default=5,
        min=1,
        help="Number of times that rendering a fractal may fail before its status becomes "
        "'error'. A lease that runs out counts, too; what is given back does not.",
    ),
    cfg.FloatOpt(
        "retry_delay",
        default=1.0,
        min=0.0,
        help="Seconds before a fractal whose rendering failed can be claimed again. The delay "
        "doubles with each failure; chance takes away up to half of it.",
    ),
    cfg.FloatOpt(
        "retry_delay_max",
        default=60.0,
        min=0.0,
        help="The longest delay, in seconds, that retry_delay grows to.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)
    conf.register_group(group)
    conf.register_opts(api_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts), (group.name, api_opts)]
