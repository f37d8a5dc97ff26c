# SPDX-License-Identifier: Apache-2.0
"""The resource ``setting`` of the REST API: options of services that are set while they run."""

from typing import Annotated, Any

from flask import g, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from faafo.api import examples
from faafo.api.schemas import ERRORS
from faafo.core.collaborators import collaborators
from faafo.db import db, settings
from faafo.db.operation_models import Setting
from faafo.fractal.events import as_text
from faafo.fractal.numbers import INTEGER_TEXT, MAX_SIZE, NUMBER_TEXT

NAME = "name of the option: group.option, and without a group that of [DEFAULT]"
VERSION = "number of changes so far"

blueprint = APIBlueprint(
    "setting",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="setting", description="Options of services that are set while they run")],
    abp_responses=ERRORS,
)


class SettingPath(BaseModel):
    """The name of an option."""

    name: str = Field(min_length=1, max_length=128, description=NAME)


class Change(BaseModel):
    """For which change to wait."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[int, Field(ge=0, le=MAX_SIZE), INTEGER_TEXT] | None = Field(
        None, description="number of changes that is known: the answer waits for another one"
    )
    wait: Annotated[float, Field(ge=0, le=30, allow_inf_nan=False), NUMBER_TEXT] = Field(
        0.0, description="seconds until the answer, if there is no other version earlier"
    )


class NewSetting(BaseModel):
    """The value of an option."""

    model_config = ConfigDict(extra="forbid")

    value: str = Field(max_length=4000, description="the value, as it is written in a file")


class SettingRecord(BaseModel):
    """An option that is set."""

    name: str = Field(description=NAME)
    value: str = Field(description="its value, as in a file")
    changed_at: str = Field(description="when it was set, in UTC")


class Settings(BaseModel):
    """All options that are set."""

    version: int = Field(description=VERSION)
    settings: list[SettingRecord] = Field(description="the options, by name")


@blueprint.get("/setting", operation_id="list_settings", responses={200: Settings})
def get_settings(query: Change) -> Any:
    """List all settings; wait up to ``wait`` seconds for another version than ``after``."""
    g.is_routine = True
    if query.after is not None:
        collaborators().settings.wait(query.after, query.wait)
    version, found = settings.everything(db.session)
    return jsonify(version=version, settings=[_record(one) for one in found])


@blueprint.get("/setting/<name>", operation_id="show_setting", responses={200: SettingRecord})
def get_setting(path: SettingPath) -> Any:
    """Show a setting."""
    return jsonify(_record(settings.get(db.session, path.name)))


@blueprint.put(
    "/setting/<name>",
    operation_id="update_setting",
    request_body=examples.json_body(NewSetting, examples.SETTING),
    responses={200: SettingRecord},
)
def put_setting(path: SettingPath, body: NewSetting) -> Any:
    """Set an option in all services: it takes effect within 2 seconds."""
    collaborators().settings.check(path.name, body.value)
    answer = jsonify(_record(settings.put(db.session, path.name, body.value)))
    collaborators().settings.look()
    return answer


@blueprint.delete("/setting/<name>", operation_id="delete_setting", responses={204: None})
def delete_setting(path: SettingPath) -> Any:
    """Have services read an option from their files again."""
    settings.remove(db.session, path.name)
    collaborators().settings.look()
    return "", 204


def _record(setting: Setting) -> dict[str, str]:
    return {
        "name": setting.name,
        "value": setting.value,
        "changed_at": as_text(setting.changed_at),
    }
