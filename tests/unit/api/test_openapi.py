# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document says what each field means, and with which credentials to call what."""

import re

import pytest

from faafo.app.factory import create_app
from faafo.auth import keystone
from faafo.policies.endpoints import PUBLIC
from tests.htpasswd import user_line

VERBS = {
    "add", "check", "create", "delete", "download", "follow", "list", "patch", "ping", "redeliver",
    "remove", "report", "retry", "rotate", "share", "show", "update", "upload",
}  # fmt: skip
# What the description of a number says it counts or measures.
UNITS = re.compile(
    r"\b(pixels|bytes|seconds|steps|number|fractals|part of|zoom|as in the record)\b"
)
BASIC, TOKEN = {"basic": []}, {"token": []}


@pytest.fixture
def document(app):
    return app.test_client().get("/openapi/openapi.json").json


@pytest.fixture
def documented(conf, store, tmp_path):
    """Returns the document of an application with such a login, and the security by endpoint."""
    users = tmp_path / "users"
    users.write_text(user_line("ada", "S3Cret"))
    keystone.register_opts(conf)

    def documented(strategy, **options):
        conf.set_override("auth_strategy", strategy, "api")
        conf.set_override("http_basic_auth_user_file", str(users), "api")
        conf.set_override("auth_type", "none", "keystone_authtoken")
        for name, value in options.items():
            conf.set_override(name, value, "api")
        app = create_app(conf, store, "1.2.3")
        document = app.test_client().get("/openapi/openapi.json").json
        security = {}
        for rule in app.url_map.iter_rules():
            calls = document["paths"].get(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), {})
            for method in rule.methods & {one.upper() for one in calls}:
                security[rule.endpoint] = calls[method.lower()].get("security")
        return document, security

    yield documented
    conf.clear_override("auth_type", "keystone_authtoken")


def calls_in(document):
    return [
        (f"{method} {path}", call)
        for path, calls in document["paths"].items()
        for method, call in calls.items()
    ]


def fields_in(document):
    """Return (place, schema with description) of each parameter and each field of a body."""
    fields = [
        (f"{name}: {one['name']}", {**one["schema"], **one})
        for name, call in calls_in(document)
        for one in call.get("parameters", ())
    ]
    for name, schema in document["components"]["schemas"].items():
        fields += [(f"{name}.{key}", one) for key, one in schema.get("properties", {}).items()]
    return fields


def is_number(schema):
    kinds = {schema.get("type"), *(one.get("type") for one in schema.get("anyOf", ()))}
    return bool(kinds & {"integer", "number"})


def test_each_call_has_a_name_of_its_own_that_says_what_it_does(document):
    names = [call["operationId"] for _, call in calls_in(document)]
    assert len(set(names)) == len(names)
    unreadable = [
        name
        for name in names
        if not re.fullmatch(r"[a-z]+(_[a-z]+){1,3}", name) or name.split("_")[0] not in VERBS
    ]
    assert unreadable == []


def test_each_field_has_a_description(document):
    fields = fields_in(document)
    assert len(fields) > 100
    assert [place for place, schema in fields if not schema.get("description")] == []


def test_each_number_says_what_it_counts_or_measures(document):
    numbers = [(place, schema) for place, schema in fields_in(document) if is_number(schema)]
    assert len(numbers) > 40
    assert [one for one, schema in numbers if not UNITS.search(schema["description"])] == []


def test_without_a_login_no_call_asks_for_credentials(documented):
    document, security = documented("noauth")
    assert "securitySchemes" not in document["components"]
    assert set(security.values()) == {None}


@pytest.mark.parametrize(
    ("strategy", "ways"), [("http_basic", [BASIC, TOKEN]), ("keystone", [TOKEN])]
)
def test_with_a_login_each_call_says_which_credentials_it_takes(documented, strategy, ways):
    document, security = documented(strategy)
    schemes = document["components"]["securitySchemes"]
    assert [{name: []} for name in schemes] == ways
    assert (schemes["token"]["in"], schemes["token"]["name"]) == ("header", "X-Auth-Token")
    if strategy == "http_basic":
        assert (schemes["basic"]["type"], schemes["basic"]["scheme"]) == ("http", "basic")
    # It names the token to revoke.
    assert security.pop("token.delete_token") == [TOKEN]
    assert security == {one: [] if one in PUBLIC else ways for one in security}
    assert security["fractal.get_fractal"] == ways
    assert security["health.get_health"] == []


def test_what_visitors_may_see_takes_no_credentials_or_some(documented):
    _, security = documented("http_basic", public_gallery=True)
    assert security["fractal.get_fractal"] == [BASIC, TOKEN, {}]
    assert security["fractal.post_fractal"] == [BASIC, TOKEN]
