# SPDX-License-Identifier: Apache-2.0
"""Options of the image store and of the state directory."""

import platformdirs
from oslo_config import cfg

from faafo.conf.bounds import LONGEST
from faafo.conf.types import Directory, HttpUrl


def _state_directory() -> str:
    """Return the default of ``state_path``, also for a user who has no home directory."""
    try:
        # A dollar sign would insert another option.
        return platformdirs.user_state_dir("faafo").replace("$", "$$")
    except RuntimeError:
        return "/var/lib/faafo"


default_opts: list[cfg.Opt] = [
    cfg.Opt(
        "state-dir",
        type=Directory(),
        dest="state_path",
        default=_state_directory(),
        sample_default="~/.local/state/faafo",
        metavar="DIR",
        help="Directory of everything that must survive a restart: the SQLite database, unless "
        "database_url is set, and the images, unless filesystem_store_datadir or [store] url is. "
        "Without a home directory, /var/lib/faafo is the default.",
    ),
    cfg.Opt(
        "filesystem_store_datadir",
        type=Directory(),
        default="$state_path/images",
        help="Directory that workers write images to and the API reads them from, unless [store] "
        "url is set. If they run on several machines, it must be on a shared file system.",
    ),
]

group = cfg.OptGroup("store", title="The image store")

store_opts: list[cfg.Opt] = [
    cfg.StrOpt(
        "url",
        sample_default="file://<filesystem_store_datadir>",
        secret=True,
        help="URL of the image store: file:///directory, s3://bucket/prefix, or, for workers only, "
        "api://, which uploads images to the API at endpoint_url. Credentials may be part of it, "
        "s3://key:secret@bucket/prefix with reserved characters percent-encoded; otherwise "
        "botocore looks for them, for example in the environment variables AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY. By default images are files in filesystem_store_datadir.",
    ),
    cfg.FloatOpt(
        "save_timeout",
        default=10.0,
        min=0.0,
        max=LONGEST,
        help="Seconds that a worker retries to store an image. Then the fractal is released, to "
        "be rendered again.",
    ),
    cfg.Opt(
        "s3_endpoint_url",
        type=HttpUrl(),
        sample_default="https://s3.<s3_region>.amazonaws.com",
        help="URL of the S3 API of an s3:// store, for example of Swift, Ceph or MinIO. By default "
        "the environment variable AWS_ENDPOINT_URL, or AWS itself.",
    ),
    cfg.StrOpt(
        "s3_region",
        sample_default="us-east-1",
        help="Region of the bucket. By default the environment variable AWS_DEFAULT_REGION.",
    ),
    cfg.BoolOpt(
        "s3_redirect",
        default=False,
        help="Answer a request for an image in an s3:// store with a redirect to a signed URL of "
        "the object store, which is valid for a few minutes. Browsers must be able to reach "
        "s3_endpoint_url.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)
    conf.register_group(group)
    conf.register_opts(store_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts), (group.name, store_opts)]
