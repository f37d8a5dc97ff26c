# SPDX-License-Identifier: Apache-2.0
"""Options of authentication and of the policy."""

from oslo_config import cfg

from faafo.conf.api import group as api_group

auth_opts: list[cfg.Opt] = [
    cfg.StrOpt(
        "auth_strategy",
        default="noauth",
        choices=[
            ("noauth", "everybody who reaches the API may do everything"),
            ("http_basic", "users of http_basic_auth_user_file, all of one project"),
            ("keystone", "tokens of OpenStack's identity service, see [keystone_authtoken]"),
        ],
        help="How the API knows who sends a request.",
    ),
    cfg.BoolOpt(
        "insecure_noauth",
        default=False,
        help="With auth_strategy = noauth, listen on an address that others can reach: everybody "
        "who does may post and delete.",
    ),
    cfg.StrOpt(
        "http_basic_auth_user_file",
        sample_default="/etc/faafo/users",
        help="For http_basic: file of the users, one a line, with bcrypt hashes of cost 4 to 15, "
        "as htpasswd -B -C 10 writes it. Changes hold within two seconds.",
    ),
    cfg.ListOpt(
        "admin_users",
        default=[],
        sample_default=["ada"],
        metavar="NAMES",
        help="For http_basic: users with the role admin. All others have the role member.",
    ),
    cfg.ListOpt(
        "service_users",
        default=[],
        sample_default=["faafo"],
        metavar="NAMES",
        help="For http_basic: users that also have the role service, which producers and workers "
        "need.",
    ),
    cfg.ListOpt(
        "monitoring_users",
        default=[],
        sample_default=["scaler"],
        metavar="NAMES",
        help="For http_basic: users with the role monitoring and no other, which may ask how much "
        "work there is (GET /api/backlog), such as an autoscaler.",
    ),
    cfg.IntOpt(
        "token_lifetime",
        default=43_200,
        min=60,
        max=31_536_000,
        metavar="SECONDS",
        help="For http_basic: seconds after which a token expires that was issued to a user who "
        "logged in, on the login page or by POST /api/token.",
    ),
    cfg.BoolOpt(
        "public_gallery",
        default=False,
        help="Whether visitors without credentials see the fractals that are shared. noauth shows "
        "everybody all of them.",
    ),
]

policy_group = cfg.OptGroup("oslo_policy", title="The policy: who may do what")

policy_opts: list[cfg.Opt] = [
    cfg.StrOpt(
        "policy_file",
        default="policy.yaml",
        metavar="PATH",
        help="File of rules that replace default ones; a relative path is looked for beside the "
        "configuration files. Only the default may be missing. Changes hold within two seconds. "
        "noauth has no policy.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(auth_opts, group=api_group)
    conf.register_group(policy_group)
    conf.register_opts(policy_opts, group=policy_group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(api_group.name, auth_opts), (policy_group.name, policy_opts)]
