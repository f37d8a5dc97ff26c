# SPDX-License-Identifier: Apache-2.0
"""Every route, asked by users of all roles about fractals of their project and of others."""

import base64
import hashlib
import io
import uuid as uuidlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from PIL import Image

from faafo.auth.policy import Rules
from faafo.fractal.service import service_id
from faafo.policies.endpoints import PUBLIC, RULES
from tests.functional.processes import SMALL_FILM, SMALL_FRACTAL

ALL_PROJECTS = "fractal:all_projects"
OWN, SHARED_OWN, OTHER, SHARED_OTHER = "own", "own shared", "other", "other shared"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NO_CLAIM = {"claimed_by": "matrix", "lease": 30}
TILE = "/tile/1/0/0.png?cx=-0.8&cy=0.156&iterations=-1"


@dataclass(frozen=True)
class Route:
    """A request for a route, and the status of its answer to one who may send it.

    :param changes: whether it is for those only to whom the fractal belongs.
    :param removes: whether the fractal is gone afterwards, or another one.
    :param scoped: whether another project's fractal is as if there were none.
    """

    method: str
    path: str
    status: int = 200
    json: Any = None
    data: Any = None
    changes: bool = False
    removes: bool = False
    scoped: bool = True


def _page(path: str, status: int = 303, **options: Any) -> Route:
    return Route("POST", path, status, changes=True, data=ANY, **options)


COLLECTION = "/api/collection/{collection}"
NO_SERVICE = f"/api/service/{service_id('reader', 'none')}"
WEBHOOK, PAGE = "/api/webhook/{webhook}", "/webhook/{webhook}"
LOCK, FREE_LOCK = "/api/lock/matrix", "/api/lock/{free}"
ANY = {"any": ""}
NO_FRACTAL = "00000000-0000-4000-8000-000000000000"
HEARTBEAT = {
    "kind": "notifier",
    "name": "matrix",
    "instance_id": "matrix:1",
    "host": "matrix",
    "version": "1",
    "age": 1,
}
# Nothing is delivered: there is no notifier.
RECEIVER = "https://receiver.example/"
# By endpoint; those with "{uuid}" are asked about each kind of fractal, those with "{collection}"
# about each kind of collection, those with "{project}" or "{webhook}" about two projects.
ROUTES = {
    "action.get_delete": Route("GET", "/fractal/{uuid}/delete", changes=True),
    "action.post_delete": _page("/fractal/{uuid}/delete", removes=True),
    # It is complete: there is nothing to retry.
    "action.post_retry": _page("/fractal/{uuid}/retry", 409),
    "action.post_share": _page("/fractal/{uuid}/share", removes=True),
    "backlog.get_backlog": Route("GET", "/api/backlog"),
    "card.get_card": Route("GET", "/explore/card.jpg?zoom=-1", 400),
    "claim.get_claim": Route("GET", "/api/claim"),
    "claim.post_claim": Route("POST", "/api/claim", json={**NO_CLAIM, "count": 1}),
    "claim.put_claim": Route("PUT", "/api/claim", json=NO_CLAIM),
    "collection.delete_collection": Route("DELETE", COLLECTION, 204, changes=True),
    # It is in none.
    "collection.delete_fractal": Route(
        "DELETE", COLLECTION + "/fractal/{member}", 404, changes=True
    ),
    "collection.get_collection": Route("GET", COLLECTION),
    "collection.get_collections": Route("GET", "/api/collection"),
    "collection.get_mine": Route("GET", "/api/collection/mine", 307),
    "collection.patch_collection": Route("PATCH", COLLECTION, json={}, changes=True),
    "collection.post_collection": Route("POST", "/api/collection", 201, json={"name": "any"}),
    "collection.put_fractal": Route("PUT", COLLECTION + "/fractal/{member}", 204, changes=True),
    "collections.get_collection": Route("GET", "/collection/{collection}"),
    "collections.get_collections": Route("GET", "/collections"),
    "collections.get_delete": Route("GET", "/collection/{collection}/delete", changes=True),
    "collections.get_my": Route("GET", "/my", 303),
    "collections.post_collection": _page("/collection/{collection}"),
    "collections.post_collections": Route("POST", "/collections", 303, data={"name": "any"}),
    "collections.post_delete": _page("/collection/{collection}/delete"),
    "collections.post_fractal": _page("/collection/{collection}/fractal/{member}"),
    # Into one's own favourites.
    "collections.post_star": Route("POST", "/fractal/{uuid}/star", 303, data={"starred": "x"}),
    "create.get_form": Route("GET", "/new"),
    "create.post_form": Route("POST", "/new", 303, data=SMALL_FRACTAL | {"cx": "", "cy": ""}),
    "delivery.get_claim": Route("GET", "/api/delivery/claim"),
    "delivery.post_claim": Route("POST", "/api/delivery/claim", json={**NO_CLAIM, "count": 1}),
    "delivery.put_claim": Route("PUT", "/api/delivery/claim", json=NO_CLAIM),
    "download.get_download": Route("GET", "/fractal/{uuid}/download"),
    # A GET would have no end.
    "event.get_events": Route("HEAD", "/api/event"),
    "explore.get_explorer": Route("GET", "/explore"),
    "fractal.delete_fractal": Route(
        "DELETE", "/api/fractal/{uuid}", 204, changes=True, removes=True
    ),
    "film.get_films": Route("GET", "/api/film"),
    "film.post_film": Route("POST", "/api/film", 201, json=SMALL_FILM),
    "fractal.get_fractal": Route("GET", "/api/fractal/{uuid}"),
    "fractal.get_fractals": Route("GET", "/api/fractal"),
    "fractal.get_image": Route("GET", "/api/fractal/{uuid}/image"),
    # Producers and workers report on fractals of all projects.
    "fractal.patch_fractal": Route("PATCH", "/api/fractal/{uuid}", json={}, scoped=False),
    "fractal.post_fractal": Route("POST", "/api/fractal", 201, json=SMALL_FRACTAL),
    "fractal.post_fractals": Route("POST", "/api/fractals", 201, json=[SMALL_FRACTAL]),
    "fractal.post_retry": Route("POST", "/api/fractal/{uuid}/retry", 409, changes=True),
    "fractal.put_fractal": Route("PUT", "/api/fractal/{uuid}", json={}, scoped=False),
    "fractal.put_image": Route("PUT", "/api/fractal/{uuid}/image?attempt=1", 400, scoped=False),
    "fractal.put_shared": Route(
        "PUT", "/api/fractal/{uuid}/shared", json={"shared": True}, changes=True, removes=True
    ),
    "health.get_store_health": Route("GET", "/healthcheck/store"),
    "job.get_job": Route("GET", "/api/job/{uuid}"),
    # It is not held.
    "lock.delete_lock": Route("DELETE", LOCK + "?token=1", 409),
    "lock.get_lock": Route("GET", LOCK),
    "lock.post_lock": Route("POST", FREE_LOCK, 201, json={"holder": "matrix", "ttl": 60}),
    "lock.put_lock": Route("PUT", LOCK, 409, json={"token": 1, "ttl": 60}),
    "maintenance.get_maintenance": Route("GET", "/api/maintenance"),
    "maintenance.put_maintenance": Route("PUT", "/api/maintenance", json={"mode": "off"}),
    # There is no such fractal, which the page says.
    "many.post_delete": Route("POST", "/fractals/delete", data={"fractal": NO_FRACTAL, "sure": ""}),
    "many.post_retry": Route("POST", "/fractals/retry", data={"fractal": NO_FRACTAL}),
    "quota.delete_quota": Route("DELETE", "/api/quota/{project}", 204),
    "quota.get_quota": Route("GET", "/api/quota/{project}"),
    "quota.put_quota": Route("PUT", "/api/quota/{project}", json={"queued": None}),
    "service.delete_service": Route("DELETE", NO_SERVICE + "?instance_id=any", 204),
    "service.get_service": Route("GET", NO_SERVICE, 404),
    "service.get_services": Route("GET", "/api/service"),
    "service.patch_service": Route("PATCH", NO_SERVICE, 404, json={"disabled": False}),
    "service.put_service": Route(
        "PUT", f"/api/service/{service_id('notifier', 'matrix')}", json=HEARTBEAT
    ),
    "setting.delete_setting": Route("DELETE", "/api/setting/none", 404),
    "setting.get_setting": Route("GET", "/api/setting/none", 404),
    "setting.get_settings": Route("GET", "/api/setting"),
    "setting.put_setting": Route("PUT", "/api/setting/interval", json={"value": "10"}),
    "system.get_system": Route("GET", "/system"),
    "system.post_maintenance": Route("POST", "/system/maintenance", 303, data={"mode": "off"}),
    "system.post_retry": Route("POST", "/system/retry", 303, data=ANY),
    "system.post_service": Route(
        "POST", NO_SERVICE.replace("/api", "/system"), 404, data={"disabled": "false"}
    ),
    "thumbnail.get_thumbnail": Route("GET", "/fractal/{uuid}/thumbnail"),
    # No worker is asked for a tile of so many iterations.
    "tile.get_tile": Route("GET", TILE, 400),
    # A small picture has one tile.
    "viewer.get_tile": Route("GET", "/fractal/{uuid}/tile/0/1/0.png", 400),
    "web.get_fractal": Route("GET", "/fractal/{uuid}"),
    "web.get_gallery": Route("GET", "/"),
    "webhook.delete_webhook": Route("DELETE", WEBHOOK, 204, removes=True),
    "webhook.get_deliveries": Route("GET", WEBHOOK + "/delivery"),
    "webhook.get_webhook": Route("GET", WEBHOOK),
    "webhook.get_webhooks": Route("GET", "/api/webhook"),
    "webhook.patch_webhook": Route("PATCH", WEBHOOK, json={}),
    "webhook.post_ping": Route("POST", WEBHOOK + "/ping", 202),
    "webhook.post_redeliver": Route("POST", WEBHOOK + "/redeliver", 202, json={}),
    "webhook.post_secret": Route("POST", WEBHOOK + "/secret", json={}),
    "webhook.post_webhook": Route("POST", "/api/webhook", 201, json={"url": RECEIVER}),
    "webhooks.get_delete": Route("GET", PAGE + "/delete"),
    "webhooks.get_webhook": Route("GET", PAGE),
    "webhooks.get_webhooks": Route("GET", "/webhooks"),
    "webhooks.post_delete": Route("POST", PAGE + "/delete", 303, data=ANY, removes=True),
    "webhooks.post_ping": Route("POST", PAGE + "/ping", 303, data=ANY),
    "webhooks.post_redeliver": Route("POST", PAGE + "/redeliver", 303, data=ANY),
    "webhooks.post_secret": Route("POST", PAGE + "/secret", data=ANY),
    "webhooks.post_webhook": Route("POST", PAGE, 303, data={"enabled": "true"}),
    "webhooks.post_webhooks": Route(
        "POST", "/webhooks", data={"url": RECEIVER, "events": "fractal.error"}
    ),
}


@dataclass(frozen=True)
class User:
    """The role of a user in a project, and the headers by which the API knows the user."""

    role: str
    project: str
    headers: Mapping[str, str]


class Matrix:
    """Asks an API, and says what each answer should be by the rules.

    :param users: by name; among them one with the role service and some with the role member.
    :param implied: the roles that a role implies, itself included, as the identity service says.
    """

    def __init__(
        self, url: str, users: Mapping[str, User], implied: Callable[[str], tuple[str, ...]]
    ) -> None:
        self._url = url
        self._users = users
        self._implied = implied
        self._rules = Rules({})
        self._kept: dict[tuple[str, bool], str] = {}
        # A worker has the image store checked before it takes work.
        self._must(self._service, "GET", "/healthcheck/store")

    def user(self, name: str) -> User:
        """Return the user of that name."""
        return self._users[name]

    @property
    def _service(self) -> User:
        return next(one for one in self._users.values() if one.role == "service")

    def differences(self, name: str, endpoints: Iterable[str] = ROUTES) -> list[str]:
        """Return the cells of a user whose status is not what it should be."""
        user = self._users[name]
        found = []
        for endpoint in endpoints:
            route = ROUTES[endpoint]
            for kind in _kinds(route):
                expected = self.expected(user, endpoint, kind)
                lasts = not route.removes or expected >= 400
                path = route.path.replace("{uuid}", self._fractal(user, route, kind, lasts))
                path = path.replace("{project}", self._project(user, route, kind))
                path = path.replace("{collection}", self._collection(user, route, kind))
                path = path.replace("{member}", self._member(user, route))
                path = path.replace("{free}", str(uuidlib.uuid4()))
                path = path.replace("{webhook}", self._webhook(user, route, kind))
                answer = self.ask(user, route.method, path, json=route.json, data=route.data)
                if answer.status_code != expected:
                    cell = f"{name}, {endpoint}, {kind}"
                    found.append(f"{cell}: {answer.status_code} instead of {expected}")
        return found

    def expected(self, user: User, endpoint: str, kind: str) -> int:
        """Return the status of an answer by the rules."""
        route = ROUTES[endpoint]
        if not self._allows(RULES[endpoint], user):
            return 403
        is_own = kind in (OWN, SHARED_OWN) or self._allows(ALL_PROJECTS, user)
        if "{" not in route.path or not route.scoped or is_own:
            return route.status
        if kind == OTHER:
            return 404
        return 403 if route.changes else route.status

    def _allows(self, rule: str, user: User) -> bool:
        return self._rules.allow(rule, "somebody", user.project, self._implied(user.role))

    def ask(self, user: User, method: str, path: str, **body: Any) -> requests.Response:
        """Send a request of a user."""
        return requests.request(
            method,
            self._url + path,
            headers=user.headers,
            timeout=60,
            allow_redirects=False,
            **body,
        )

    def _fractal(self, user: User, route: Route, kind: str, lasts: bool = True) -> str:
        """Return the uuid of a complete fractal; its image has been stored.

        :param lasts: whether it may be asked about again.
        """
        if "{uuid}" not in route.path:
            return ""
        is_own, shared = kind in (OWN, SHARED_OWN), kind in (SHARED_OWN, SHARED_OTHER)
        owner = self._owner(user, is_own)
        if not lasts:
            return self.complete(owner, shared)
        key = (owner.project, shared)
        if key not in self._kept:
            self._kept[key] = self.complete(owner, shared)
        return self._kept[key]

    def _project(self, user: User, route: Route, kind: str) -> str:
        """Return the id of a project, which the identity service may have chosen."""
        if "{project}" not in route.path:
            return ""
        owner = self._owner(user, kind == OWN)
        posted = self._must(owner, "POST", "/api/fractal", json=SMALL_FRACTAL)
        return posted.json()["project_id"]

    def _collection(self, user: User, route: Route, kind: str) -> str:
        """Return the uuid of a collection of the user, or of one in another project."""
        if "{collection}" not in route.path:
            return ""
        is_own, shared = kind in (OWN, SHARED_OWN), kind in (SHARED_OWN, SHARED_OTHER)
        owner = user if is_own else self._owner(user, is_own=False)
        if not self._allows("collection:create", owner):
            # Such a user has favourites at most.
            found = self.ask(owner, "GET", "/api/collection/mine").headers.get("Location", "")
            return found.rpartition("/")[2] or str(uuidlib.uuid4())
        made = {"name": "any", "shared": shared}
        return self._must(owner, "POST", "/api/collection", json=made).json()["uuid"]

    def _webhook(self, user: User, route: Route, kind: str) -> str:
        """Return the uuid of a webhook of a project: a callback, which is made without a wait."""
        if "{webhook}" not in route.path:
            return ""
        owner = self._owner(user, kind == OWN)
        url = RECEIVER + (str(uuidlib.uuid4()) if route.removes else "")
        self._must(owner, "POST", "/api/fractal", json=SMALL_FRACTAL | {"callback_url": url})
        listed = self._must(owner, "GET", "/api/webhook").json()["webhooks"]
        return next(one["uuid"] for one in listed if one["url"] == url)

    def _member(self, user: User, route: Route) -> str:
        """Return the uuid of a fractal that everybody may see."""
        if "{member}" not in route.path:
            return ""
        return self._fractal(user, ROUTES["fractal.get_fractal"], SHARED_OWN)

    def _owner(self, user: User, is_own: bool) -> User:
        """Return a member of the user's project, or of another."""
        return next(
            one
            for one in self._users.values()
            if one.role == "member" and (one.project == user.project) == is_own
        )

    def complete(self, owner: User, shared: bool = False) -> str:
        """Post a fractal and complete it, as a producer and a worker do; return its uuid."""
        service = self._service
        uuid, picture = str(uuidlib.uuid4()), io.BytesIO()
        posted = SMALL_FRACTAL | {"uuid": uuid, "shared": shared}
        self._must(owner, "POST", "/api/fractal", json=posted)
        Image.new("P", (posted["width"], posted["height"])).save(picture, "png")
        png = picture.getvalue()
        lease = None
        while lease is None:
            claim = {"claimed_by": "matrix", "lease": 600, "count": 100}
            claimed = self._must(service, "POST", "/api/claim", json=claim).json()["objects"]
            lease = next((one for one in claimed if one["uuid"] == uuid), None)
        named = {"attempt": lease["attempt"], "token": lease["token"]}
        digest = base64.b64encode(hashlib.sha256(png).digest()).decode()
        answer = requests.put(
            f"{self._url}/api/fractal/{uuid}/image",
            png,
            params=named,
            headers={
                **service.headers,
                "Content-Type": "image/png",
                "Content-Digest": f"sha-256=:{digest}:",
            },
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        result = {
            **named,
            "image_token": lease["token"],
            "checksum": hashlib.sha256(png).hexdigest(),
            "duration": 0.1,
            "size": len(png),
            "generated_by": "matrix",
        }
        self._must(service, "PUT", f"/api/fractal/{uuid}", json=result)
        return uuid

    def _must(self, user: User, method: str, path: str, **body: Any) -> requests.Response:
        answer = self.ask(user, method, path, **body)
        assert answer.ok, answer.text
        return answer


# One endpoint of each rule.
OF_EACH_RULE = {RULES[endpoint]: endpoint for endpoint in ROUTES}.values()


def missing() -> set[str]:
    """Return the endpoints that the matrix leaves out, or that there are not."""
    return ROUTES.keys() ^ (RULES.keys() - PUBLIC)


def _kinds(route: Route) -> tuple[str, ...]:
    if "{uuid}" in route.path or "{collection}" in route.path:
        return OWN, SHARED_OWN, OTHER, SHARED_OTHER
    of_project = "{project}" in route.path or "{webhook}" in route.path
    return (OWN, OTHER) if of_project else (OWN,)
