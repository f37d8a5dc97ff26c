# SPDX-License-Identifier: Apache-2.0
"""URLs that options hold: their form, and how they are shown without the passwords in them."""

import re
from collections.abc import Sequence
from importlib import metadata

HIDDEN = "***"
# The only form of a login that leaves no doubt about where it ends.
ENCODE = "percent-encode reserved characters in the user name and the password"

_NAME = r"[^\s:@/?#,\[\]]*"
_LOGIN = rf"(?P<user>{_NAME})(?P<password>:[^\s@/?#,\[\]]*)?@"
_HOST = rf"(?:{_NAME}(?::[^\s@/?#,\[\]]*)?@)?(?:\[[0-9A-Fa-f:.]+\]|{_NAME})(?::\d*)?"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"
# One host or several, as RabbitMQ has them. An @ anywhere else may be a part of a password.
_URL = re.compile(
    rf"(?P<scheme>{_SCHEME})(?P<hosts>{_HOST}(?:,{_HOST})*)"
    r"(?P<path>/[^@?#\x00-\x1f\x7f]*)?(?P<query>\?[^@#]*)?(?P<fragment>#[^@]*)?"
)
_PLACE = re.compile(r"[\w.-]*(:\d*)?(/[\w./~ +-]*)?")
_PATH = re.compile(r"[\w./~ +-]*")
# The access key of an object store is one half of what gives access to it.
_KEY_IS_SECRET = "s3://"
# Punctuation behind a URL belongs to the sentence.
_IN_TEXT = re.compile(rf"({_SCHEME}\S+?)([\"'<>)}},;:.]*)(?=\s|$)")


def masked(url: str) -> str:
    """Return ``url`` without passwords, query and fragment, for logs and errors.

    Of a malformed URL only that is shown which cannot be a part of a password.
    """
    if found := _URL.fullmatch(url):
        hide_user = found["scheme"] == _KEY_IS_SECRET
        hosts = re.sub(_LOGIN, lambda login: _masked_login(login, hide_user), found["hosts"])
        query = f"?{HIDDEN}" if found["query"] else ""
        fragment = f"#{HIDDEN}" if found["fragment"] else ""
        return f"{found['scheme']}{hosts}{found['path'] or ''}{query}{fragment}"
    scheme = re.match(_SCHEME, url)
    shown = scheme[0] if scheme else ""
    before, at, after = url.removeprefix(shown).rpartition("@")
    if not at:
        return url if not scheme and _PATH.fullmatch(url) else shown + HIDDEN
    # Behind one of these, the @ may be a part of a password in the query.
    if re.search("[?#]", before) or not _PLACE.fullmatch(after):
        return shown + HIDDEN
    return f"{shown}{HIDDEN}@{after}"


def masked_text(text: str) -> str:
    """Return ``text``, such as the error of a library, with each URL in it masked."""
    return _IN_TEXT.sub(lambda found: masked(found[1]) + found[2], text)


def check(url: str, schemes: Sequence[str] = (), plain: bool = False) -> None:
    """Check that ``url`` has a form that cannot be misread.

    :param schemes: those that are allowed; by default all.
    :param plain: whether it must name one host, and must have neither a query nor a fragment.
    :raises ValueError: when it has not; says why, and shows no part of the URL.
    """
    found = _URL.fullmatch(url)
    if not re.match(_SCHEME, url) or (found and schemes and found["scheme"][:-3] not in schemes):
        begin = " or ".join(f"{scheme}://" for scheme in schemes or ("driver",))
        raise ValueError(f"must begin with {begin}")
    if not found:
        raise ValueError(f"is not a valid URL; {ENCODE}")
    ports = re.findall(r":(\d*)(?=,|$)", re.sub(_LOGIN, "", found["hosts"]))
    if not all(1 <= int(port or 1) <= 65535 for port in ports):
        raise ValueError("a port must be a number from 1 to 65535")
    if found["fragment"]:
        raise ValueError(f"must not have a fragment, which begins with #; {ENCODE}")
    if plain and (found["query"] or "," in found["hosts"]):
        raise ValueError("must be the URL of one host, without a query")
    if plain and not re.sub(_LOGIN, "", found["hosts"]).strip(":0123456789"):
        raise ValueError("must name a host")


def check_transport(url: str) -> None:
    """Check the URL of a message broker, without loading oslo.messaging.

    :raises ValueError: as ``check``, and when oslo.messaging has no such driver.
    """
    check(url)
    drivers = {driver.name for driver in metadata.entry_points(group="oslo.messaging.drivers")}
    if url.partition("://")[0].partition("+")[0] not in drivers:
        raise ValueError(f"must begin with one of {', '.join(sorted(drivers))}")


def _masked_login(login: re.Match[str], hide_user: bool) -> str:
    # A user without a password is often a token.
    user = "" if hide_user or not login["password"] else f"{login['user']}:"
    return f"{user}{HIDDEN}@"
