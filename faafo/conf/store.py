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
        help="Directory that workers write images to and the API reads them from. On several "
        "machines it must be a shared file system.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts)]
