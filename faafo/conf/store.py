# SPDX-License-Identifier: Apache-2.0
"""Options of the image store and of the place where faafo keeps its state."""

import platformdirs
from oslo_config import cfg

default_opts = [
    cfg.StrOpt(
        "state_path",
        default=platformdirs.user_state_dir("faafo"),
        sample_default="~/.local/state/faafo",
        help="Directory of what must survive a restart: the embedded database and, unless "
        "filesystem_store_datadir says otherwise, the images.",
    ),
    cfg.StrOpt(
        "filesystem_store_datadir",
        default="$state_path/images",
        help="Directory that workers write images to and the API reads them from, unless "
        "[store] url says otherwise. On several machines it must be a shared file system.",
    ),
]

group = cfg.OptGroup("store", title="The image store")

store_opts = [
    cfg.StrOpt(
        "url",
        sample_default="file://<filesystem_store_datadir>",
        secret=True,
        help="Where images are kept: file:///directory, s3://bucket/prefix, or, for workers only, "
        "api://, which sends them to the API at endpoint_url. Credentials may be part of it, "
        "s3://key:secret@bucket/prefix with reserved characters percent-encoded; else the usual "
        "places are searched for them, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the "
        "environment. By default images are files in filesystem_store_datadir.",
    ),
    cfg.FloatOpt(
        "save_timeout",
        default=10.0,
        min=0.0,
        help="Seconds that a worker tries again and again to store an image. Then it gives the "
        "fractal back, to be rendered anew.",
    ),
    cfg.URIOpt(
        "s3_endpoint_url",
        schemes=["http", "https"],
        sample_default="https://s3.<s3_region>.amazonaws.com",
        help="URL of the object store of an s3:// URL: Swift, Ceph, MinIO and the like. By default "
        "it is that of AWS, or the one that AWS_ENDPOINT_URL in the environment names.",
    ),
    cfg.StrOpt(
        "s3_region",
        sample_default="us-east-1",
        help="Region of the bucket. By default AWS_DEFAULT_REGION in the environment says which.",
    ),
    cfg.BoolOpt(
        "s3_redirect",
        default=False,
        help="Whether the API answers a request for an image in an s3:// store with a redirect to "
        "the object store itself, signed and good for some minutes. Browsers must be able to "
        "reach s3_endpoint_url.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)
    conf.register_group(group)
    conf.register_opts(store_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts), (group.name, store_opts)]
