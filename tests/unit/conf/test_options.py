# SPDX-License-Identifier: Apache-2.0
"""The options: each has help and a default, and stands in a committed sample file."""

from pathlib import Path

import pytest
from oslo_config import cfg

from faafo import conf as options
from faafo.conf.types import Address, Name, Network, RedisUrl
from faafo.fractal.generate import RANGED

SAMPLES = Path(__file__).parents[3] / "etc" / "faafo"

ORIGINAL = {
    *("database_url", "endpoint_url", "filesystem_store_datadir", "listen_address", "bind_port"),
    *("one_shot", "interval", "min_tasks", "max_tasks"),
    *(f"{end}_{name}" for end in ("min", "max") for name in RANGED),
}


def test_every_option_has_help_and_a_default():
    for group, opts in options.list_opts():
        for opt in opts:
            assert opt.help.endswith("."), f"[{group}] {opt.dest}"
            assert opt.default is not None or opt.sample_default, f"[{group}] {opt.dest}"


def test_every_number_has_bounds():
    for group, opts in options.list_opts():
        for opt in opts:
            if isinstance(opt, cfg.IntOpt | cfg.FloatOpt):
                assert opt.type.min is not None, f"[{group}] {opt.dest}"
                assert opt.type.max is not None, f"[{group}] {opt.dest}"
                assert isinstance(opt.type.max, float) == isinstance(opt, cfg.FloatOpt), opt.dest


@pytest.mark.parametrize("name", ["x" * 201, "\u00e4" * 101, "a\tb", "a\x00b"])
def test_a_name_that_no_queue_can_have_is_refused(name):
    with pytest.raises(ValueError, match="must have"):
        Name()(name)


@pytest.mark.parametrize("network", ["10.0.0.0/8", "fd00::/64", "127.0.0.1", "::1"])
def test_a_network_is_read_in_cidr_notation(network):
    assert str(Network()(network)).removesuffix("/32").removesuffix("/128") == network


@pytest.mark.parametrize("network", ["10.0.0.1/8", "10.0.0.0/33", "example.com", "", "10.*"])
def test_what_is_no_network_is_refused(network):
    with pytest.raises(ValueError, match=r"^must be networks like .* or .*: "):
        Network()(network)


def test_networks_are_read_from_a_file(tmp_path):
    path = tmp_path / "notifier.conf"
    path.write_text("[webhook]\negress_allowed = 10.1.0.0/16, fd00::/64\n")
    conf = cfg.ConfigOpts()
    options.register_opts(conf)
    conf([], default_config_files=[str(path)])
    assert list(map(str, conf.webhook.egress_allowed)) == ["10.1.0.0/16", "fd00::/64"]


@pytest.mark.parametrize(
    "url",
    [
        *("", "redis://host", "redis://:secret@host:6379/0", "redis://me:secret@[::1]/1"),
        *("unix://:secret@/run/redis.sock?db=0", "rediss://host/0?ssl_ca_certs=/etc/ca.pem"),
    ],
)
def test_a_redis_is_reached_by_tcp_tls_or_a_socket(url):
    assert RedisUrl()(url) == url


@pytest.mark.parametrize(
    "url",
    [
        *("host:6379", "http://:secret@host", "redis://:sec/ret@host", "redis://:secret@a,b"),
        *("redis://:secret@host:70000", "redis://:secret@host#0", "redis:/host"),
    ],
)
def test_what_is_no_url_of_a_redis_is_refused_without_showing_its_password(url):
    with pytest.raises(ValueError, match=r"\w") as raised:
        RedisUrl()(url)
    assert "sec" not in str(raised.value)


def test_every_option_that_can_hold_a_password_is_marked_as_secret():
    # It takes no login: credentials are a part of [store] url.
    without = {"s3_endpoint_url"}
    for _group, opts in options.list_opts():
        for opt in opts:
            assert opt.secret == (opt.dest.endswith("url") and opt.dest not in without), opt.dest


def test_the_names_of_the_first_faafo_are_options_of_the_default_group():
    names = {opt.dest for group, opts in options.list_opts() for opt in opts if group == "DEFAULT"}
    assert names >= ORIGINAL


def test_the_defaults_of_the_first_faafo_are_kept(conf):
    assert (conf.min_width, conf.max_width) == (256, 1024)
    assert (conf.min_height, conf.max_height) == (256, 1024)
    assert (conf.min_iterations, conf.max_iterations) == (128, 512)
    assert (conf.min_xa, conf.max_xa, conf.min_xb, conf.max_xb) == (-1.0, -4.0, 1.0, 4.0)
    assert (conf.min_ya, conf.max_ya, conf.min_yb, conf.max_yb) == (-0.5, -3.0, 0.5, 3.0)
    assert (conf.min_tasks, conf.max_tasks, conf.interval) == (1, 10, 10.0)
    assert conf.palettes == ["original"]


def test_the_default_is_to_be_reached_from_this_machine_only(conf):
    assert conf.listen_address == "127.0.0.1"


@pytest.mark.parametrize(
    ("service", "listing"),
    [
        ("api", options.list_api_opts),
        ("notifier", options.list_notifier_opts),
        ("producer", options.list_producer_opts),
        ("reader", options.list_reader_opts),
        ("worker", options.list_worker_opts),
    ],
)
def test_the_sample_file_of_a_service_has_all_of_its_options(service, listing):
    sample = (SAMPLES / f"{service}.conf.sample").read_text()
    for group, opts in listing():
        section = sample.partition(f"[{group}]\n")[2].partition("\n[")[0]
        for opt in opts:
            assert f"\n#{opt.dest} = " in section, f"run tox -e genconfig: [{group}] {opt.dest}"


@pytest.mark.parametrize("address", ["", "127.0.0.1:9464", "[::1]:0", "metrics.example:65535"])
def test_an_address_to_listen_on_has_a_port(address):
    assert Address()(address) == address


@pytest.mark.parametrize("address", ["127.0.0.1", ":9464", "::1:9464", "a:65536", "a:b", "a b:1"])
def test_what_is_no_address_with_a_port_is_refused(address):
    with pytest.raises(ValueError, match=r"^must be an address and a port from 0 to 65535, .* not"):
        Address()(address)
