# SPDX-License-Identifier: Apache-2.0
"""The rule of each endpoint of the application; a test holds that none is left out."""

RULES = {
    "action.get_delete": "fractal:delete",
    "action.post_delete": "fractal:delete",
    "action.post_retry": "fractal:retry",
    "action.post_share": "fractal:share",
    "claim.get_claim": "claim:get",
    "claim.post_claim": "claim:create",
    "claim.put_claim": "claim:update",
    "create.get_form": "fractal:create",
    "create.post_form": "fractal:create",
    "download.get_download": "image:get",
    "explore.get_explorer": "tile:get",
    "fractal.delete_fractal": "fractal:delete",
    "fractal.get_fractal": "fractal:get",
    "fractal.get_fractals": "fractal:list",
    "fractal.get_image": "image:get",
    "fractal.patch_fractal": "fractal:report",
    "fractal.post_fractal": "fractal:create",
    "fractal.post_fractals": "fractal:create",
    "fractal.post_retry": "fractal:retry",
    "fractal.put_fractal": "fractal:report",
    "fractal.put_image": "image:upload",
    "fractal.put_shared": "fractal:share",
    "health.get_store_health": "health:get_store",
    "quota.delete_quota": "quota:delete",
    "quota.get_quota": "quota:get",
    "quota.put_quota": "quota:update",
    "thumbnail.get_thumbnail": "image:get",
    "tile.get_tile": "tile:get",
    "web.get_fractal": "fractal:get",
    "web.get_gallery": "fractal:list",
}
# With [api] public_gallery, these show visitors without credentials what is shared.
VISITED = frozenset(
    {
        "download.get_download",
        "fractal.get_fractal",
        "fractal.get_fractals",
        "fractal.get_image",
        "thumbnail.get_thumbnail",
        "web.get_fractal",
        "web.get_gallery",
    }
)
# Answered without asking who sends the request: health for load balancers, the version document,
# and files that come with faafo or its libraries.
PUBLIC = frozenset(
    {
        "bootstrap.static",
        "health.get_health",
        "leaflet.static",
        "login.get_login",
        "login.post_login",
        "login.post_logout",
        "openapi.doc_url",
        "openapi.openapi",
        "openapi.static",
        "static",
        "swagger.oauth2-redirect",
        "swagger.static",
        "swagger.swagger",
        "token.delete_token",
        "token.post_token",
        "version.get_version",
        "web.get_favicon",
        "web.static",
    }
)
