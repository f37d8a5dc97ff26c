# SPDX-License-Identifier: Apache-2.0
"""The commands by name: a list by hand, so that no entry points are searched."""

from cliff.command import Command

from faafo.cli.backlog import ShowBacklog
from faafo.cli.collections import (
    AddToCollection,
    CreateCollection,
    DeleteCollections,
    ListCollections,
    RemoveFromCollection,
    SetCollection,
    ShowCollection,
)
from faafo.cli.deliveries import ListDeliveries, Redeliver
from faafo.cli.events import TailEvents
from faafo.cli.films import CreateFilm
from faafo.cli.fractals import CreateFractal, ListFractals, ShowFractal
from faafo.cli.help import Complete, Help
from faafo.cli.images import GetImage, Render
from faafo.cli.load import Load
from faafo.cli.locks import AcquireLock, ReleaseLock, ShowLock
from faafo.cli.maintenance import SetMaintenance, ShowMaintenance
from faafo.cli.posters import CreatePoster
from faafo.cli.quotas import SetQuota, ShowQuota, UnsetQuota
from faafo.cli.services import DeleteService, ListServices, SetService, ShowService
from faafo.cli.settings import ListSettings, SetSetting, ShowSetting, UnsetSetting
from faafo.cli.several import DeleteFractals, RetryFractals, ShareFractals
from faafo.cli.tokens import IssueToken, RevokeToken
from faafo.cli.waiting import WaitForFractals
from faafo.cli.webhooks import (
    CreateWebhook,
    DeleteWebhooks,
    ListWebhooks,
    PingWebhooks,
    RotateSecret,
    SetWebhook,
    ShowWebhook,
)

COMMANDS: dict[str, type[Command]] = {
    "render": Render,
    "load": Load,
    "fractal create": CreateFractal,
    "fractal list": ListFractals,
    "fractal show": ShowFractal,
    "fractal wait": WaitForFractals,
    "fractal get": GetImage,
    "fractal retry": RetryFractals,
    "fractal share": ShareFractals,
    "fractal delete": DeleteFractals,
    "poster create": CreatePoster,
    "film create": CreateFilm,
    "event tail": TailEvents,
    "collection list": ListCollections,
    "collection show": ShowCollection,
    "collection create": CreateCollection,
    "collection set": SetCollection,
    "collection delete": DeleteCollections,
    "collection add": AddToCollection,
    "collection remove": RemoveFromCollection,
    "webhook list": ListWebhooks,
    "webhook show": ShowWebhook,
    "webhook create": CreateWebhook,
    "webhook set": SetWebhook,
    "webhook delete": DeleteWebhooks,
    "webhook ping": PingWebhooks,
    "webhook rotate": RotateSecret,
    "webhook deliveries": ListDeliveries,
    "webhook redeliver": Redeliver,
    "quota show": ShowQuota,
    "quota set": SetQuota,
    "quota unset": UnsetQuota,
    "lock show": ShowLock,
    "lock acquire": AcquireLock,
    "lock release": ReleaseLock,
    "service list": ListServices,
    "service show": ShowService,
    "service set": SetService,
    "service delete": DeleteService,
    "backlog show": ShowBacklog,
    "setting list": ListSettings,
    "setting show": ShowSetting,
    "setting set": SetSetting,
    "setting unset": UnsetSetting,
    "maintenance show": ShowMaintenance,
    "maintenance set": SetMaintenance,
    "token issue": IssueToken,
    "token revoke": RevokeToken,
    "complete": Complete,
    "help": Help,
}
