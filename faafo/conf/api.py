# SPDX-License-Identifier: Apache-2.0
"""Options of the API and the web interface."""

from oslo_config import cfg

from faafo.conf.bounds import LONGEST, MOST_THREADS
from faafo.conf.sizes import size_opts
from faafo.fractal.numbers import MAX_INT32, MAX_SIZE
from faafo.fractal.scheduling import AGEING

# Their names are what the command line calls them; ``dest`` is the name in files and in code.
default_opts: list[cfg.Opt] = [
    cfg.HostAddressOpt(
        "listen-address",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="Address that faafo-api and faafo-all listen on. The default is reachable from this "
        "machine only; 0.0.0.0 listens on all IPv4 addresses.",
    ),
    cfg.PortOpt(
        "port",
        dest="bind_port",
        default=5000,
        metavar="PORT",
        help="TCP port that faafo-api and faafo-all listen on. 0: any free port, which the log "
        "names.",
    ),
]

group = cfg.OptGroup("api", title="The API and the web interface")

# In front of the API; more are a mistake.
MOST_PROXIES = 10
# In seconds.
LONGEST_WAIT = 3600
LONGEST_AGEING = 86_400.0

api_opts: list[cfg.Opt] = [
    cfg.IntOpt(
        "threads",
        default=8,
        min=1,
        max=MOST_THREADS,
        metavar="NUMBER",
        help="Number of ordinary requests that one faafo-api process answers at the same time. "
        "Slow ones have places beside them: as many for reads of images, half as many for "
        "uploads, a quarter each for thumbnails and for searches. One that finds no place is "
        "answered with 503. Claims, reports and the health check have a quarter, at least 2, for "
        "themselves, and checks of credentials have 4.",
    ),
    cfg.IntOpt(
        "trusted_proxies",
        default=0,
        min=0,
        max=MOST_PROXIES,
        metavar="NUMBER",
        help="Number of reverse proxies in front of the API. 1: the last value of X-Forwarded-For "
        "is the address of the client, 2: the last but one, and so on; the last value of "
        "X-Forwarded-Proto is the scheme. The access log, the limits of logins and the login "
        "cookie go by them. Every proxy must set both, and clients must not reach the API past the "
        "proxies. 0: both headers are ignored.",
    ),
    cfg.IntOpt(
        "max_wait",
        default=60,
        min=0,
        max=LONGEST_WAIT,
        metavar="SECONDS",
        mutable=True,
        help="Longest time that a request with the header Prefer: wait=N waits until its fractal "
        "is complete or in error. It occupies a connection, and no thread. A proxy in front of the "
        "API must wait longer for an answer. 0: no request waits.",
    ),
    *size_opts,
    cfg.IntOpt(
        "max_body_size",
        default=2**20,
        min=1024,
        max=MAX_SIZE,
        mutable=True,
        help="Maximum size of a request body, in bytes, images excepted. A larger one is answered "
        "with 413.",
    ),
    cfg.BoolOpt(
        "accept_images",
        default=True,
        mutable=True,
        help="Accept image uploads, which workers with [store] url = api:// send. Set it to false "
        "if no worker uses api://.",
    ),
    cfg.IntOpt(
        "max_image_size",
        default=2**27,
        min=1024,
        max=MAX_SIZE,
        mutable=True,
        help="Maximum size of an uploaded image, in bytes. A larger one is answered with 413. The "
        "default suffices for max_pixels.",
    ),
    cfg.IntOpt(
        "max_queued",
        default=0,
        min=0,
        max=MAX_SIZE,
        mutable=True,
        help="Maximum length of the queue; further POSTs get 429. 0: no limit.",
    ),
    cfg.FloatOpt(
        "priority_ageing",
        default=AGEING,
        min=0.0,
        max=LONGEST_AGEING,
        metavar="SECONDS",
        mutable=True,
        help="Seconds of waiting that are worth as much as one step of a fractal's priority, of "
        "which there are 21. Of the fractals of a project the one is rendered first that was "
        "posted first, with each step counted as so much earlier: what is posted more than 20 "
        "times as long after another never passes it. Holds for what is posted from now on. 0: "
        "priorities change nothing.",
    ),
    cfg.IntOpt(
        "max_rendering_per_project",
        default=0,
        min=0,
        max=MAX_INT32,
        mutable=True,
        help="Maximum number of fractals of one project that are rendered at the same time, those "
        "included that a producer has claimed and that wait for a slot. What was posted without a "
        "login has no limit, nor have the parts of posters. 0: no limit; slots are shared fairly "
        "in any case.",
    ),
    cfg.IntOpt(
        "max_attempts",
        default=5,
        min=1,
        max=MAX_INT32,
        mutable=True,
        help="Number of failed attempts after which the status of a fractal becomes 'error'. An "
        "expired lease counts as a failure, a released one does not.",
    ),
    cfg.FloatOpt(
        "retry_delay",
        default=1.0,
        min=0.0,
        max=LONGEST,
        mutable=True,
        help="Backoff, in seconds, before a fractal can be claimed again after its first failure. "
        "It doubles with each further failure and is shortened at random by up to one half.",
    ),
    cfg.FloatOpt(
        "retry_delay_max",
        default=60.0,
        min=0.0,
        max=LONGEST,
        mutable=True,
        help="Maximum backoff after a failure, in seconds.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)
    conf.register_group(group)
    conf.register_opts(api_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts), (group.name, api_opts)]
