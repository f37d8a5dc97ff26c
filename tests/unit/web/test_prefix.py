# SPDX-License-Identifier: Apache-2.0
"""The pages below a path prefix, which the server names as SCRIPT_NAME."""

import html
import re
from pathlib import Path

import pytest

from faafo.web import site

PREFIX = "/art/julia"
STATIC = Path(site.__file__).parent / "static"
PAGES = ["/", "/new", "/explore", "/openapi/", "/fractal/{complete}", "/fractal/{complete}/delete",
         "/fractal/{failed}", "/nothing"]  # fmt: skip
# Attributes that hold addresses.
ADDRESS = re.compile(r'(?:href|src|action|data-full|data-tile|data-post|data-page)="(/[^"]*)"')


@pytest.fixture
def below(visitor):
    """Gets a path below the prefix, as a browser does, or at the root."""

    def get(path, **headers):
        assert path.startswith(f"{PREFIX}/"), path
        path = path.removeprefix(PREFIX)
        return visitor.get(path, headers=headers, environ_overrides={"SCRIPT_NAME": PREFIX})

    return get


@pytest.mark.parametrize("path", PAGES)
def test_all_that_a_page_names_is_below_the_prefix(below, complete, failed, path):
    uuids = {"failed": failed(), "complete": complete()}
    text = below(PREFIX + path.format(**uuids)).text
    found = [html.unescape(one) for one in ADDRESS.findall(text)]
    assert len(found) > 5
    for address in found:
        assert address.startswith(f"{PREFIX}/"), address


@pytest.mark.parametrize("path", ["/", "/explore"])
def test_files_of_a_page_are_there(below, complete, path):
    complete()
    text = below(PREFIX + path).text
    for address in re.findall(r'(?:href|src)="(/[^"]*\.(?:js|css|svg)[^"]*)"', text):
        with below(address) as answer:
            assert answer.status_code == 200, address


def test_the_explorer_composes_addresses_below_the_prefix(below):
    text = below(f"{PREFIX}/explore").text
    assert f'data-tile="{PREFIX}/tile"' in text
    assert f'data-page="{PREFIX}/fractal"' in text
    assert f'data-post="{PREFIX}/api/fractal"' in text


def test_no_script_or_style_knows_an_absolute_path():
    for file in [*STATIC.rglob("*.js"), *STATIC.rglob("*.css")]:
        assert not re.search(r"""["'`(]/[\w$]""", file.read_text()), file.name


def test_a_form_leads_below_the_prefix(visitor):
    data = {"width": "8", "height": "8", "iterations": "5",
            "xa": "-1", "xb": "1", "ya": "-1", "yb": "1"}  # fmt: skip
    answer = visitor.post("/new", data=data, environ_overrides={"SCRIPT_NAME": PREFIX})
    assert answer.status_code == 303
    assert answer.location.startswith(f"{PREFIX}/fractal/")


def test_the_document_of_the_api_names_the_prefix(below, visitor):
    document = below(f"{PREFIX}/openapi/openapi.json").json
    assert document["servers"] == [{"url": PREFIX}]
    assert "servers" not in visitor.get("/openapi/openapi.json").json
