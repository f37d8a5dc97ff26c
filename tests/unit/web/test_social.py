# SPDX-License-Identifier: Apache-2.0
"""What a link to the explorer shows elsewhere."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

PREFIX = "/art/julia"


@pytest.mark.parametrize(
    ("place", "tile"),
    [
        # The centre of the plane is the corner of all tiles but the first one.
        ("zoom=1&re=0&im=0", "/tile/0/0/0.png"),
        ("zoom=0&re=1.9&im=0", "/tile/0/0/0.png"),
        # At zoom 3 the sides of a tile are 0.5: column 5 is from 0.5 to 1, row 2 from -1 to -0.5.
        ("zoom=4&re=0.75&im=-0.8", "/tile/3/5/2.png"),
        # There the place is at an edge, and in the middle of a tile at zoom 2, from 0 to 1.
        ("zoom=4&re=0.5&im=-0.5", "/tile/2/2/1.png"),
        ("zoom=3&re=2&im=2", "/tile/2/3/3.png"),
    ],
)
def test_a_link_to_the_explorer_shows_the_tile_in_whose_middle_it_is(visitor, place, tile):
    page = visitor.get(f"/explore?{place}", environ_overrides={"SCRIPT_NAME": PREFIX}).text
    address = re.search(r'property="og:image" content="([^"]*)"', page)[1].replace("&amp;", "&")
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "localhost", PREFIX + tile)
    assert parse_qs(parts.query)["scale"] == ["3"]
    assert 'property="og:image:width" content="768"' in page
