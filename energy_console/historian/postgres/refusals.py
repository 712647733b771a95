"""Why a connection was not to be had, in the store's own errors: a server that is away is another matter than one that
answers and refuses, which only a person can mend.

A server tells no code before somebody is let in, only words, and those in its own language: what is not known word for
word is told as the server said it.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import psycopg

from energy_console.historian.errors import StoreAway, StoreLogin, StoreNoDatabase, StoreNotLetIn, StoreOldServer

OLDEST_VERSION = 15  # the oldest PostgreSQL that this is tested on
_ANSWERED = re.compile(r"failed: [^\s:]+:  (.+)")  # severity and two blanks: the server's own words
_NOT_NOW = ("is starting up", "is shutting down", "in recovery", "too many clients", "connection slots", "terminating")
_PASSWORD = ("password authentication failed", "no password supplied", "empty password")
_NOT_LET_IN = (
    "no pg_hba.conf entry",
    "pg_hba.conf rejects",
    "not permitted to log in",
    "permission denied for database",
)


def why_not_connected(told: str, url: str, fault: psycopg.Error) -> StoreAway:
    """`told`: the store as a person may read it. The words of the last host that answered decide."""
    answers = [match[1].strip() for match in _ANSWERED.finditer(str(fault))]
    needs_password = bool(fault.pgconn and fault.pgconn.needs_password)
    said = answers[-1] if answers else ""
    user, database = _user_of(url), urlsplit(url).path.strip("/")
    if needs_password or any(words in str(fault) for words in _PASSWORD):
        return StoreLogin(told, user)
    if not said or any(words in said for words in _NOT_NOW):
        return StoreAway(told, said or _first_line(fault))
    if "database" in said and "does not exist" in said:
        return StoreNoDatabase(told, database)
    if "role" in said and "does not exist" in said:
        return StoreLogin(told, user)
    return StoreNotLetIn(told, user, said, known=any(words in said for words in _NOT_LET_IN))


def check_version(told: str, version: int) -> None:
    """`version` as the server tells it, 180004 for 18.4. Raises StoreOldServer."""
    if version < OLDEST_VERSION * 10_000:
        raise StoreOldServer(told, f"{version // 10_000}.{version % 10_000}", OLDEST_VERSION)


def _user_of(url: str) -> str:
    return urlsplit(url).username or "(the one of this computer's account)"


def _first_line(fault: psycopg.Error) -> str:
    return str(fault).partition("\n")[0] or "connection lost"
