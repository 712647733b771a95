"""What can go wrong with a store, as one family; every message is a sentence that says what to do."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any


class StoreError(Exception):
    """Base of everything a historian raises by itself."""


class StoreMissing(StoreError):
    """Nothing was ever stored there."""

    def __init__(self, folder: PurePath | str) -> None:
        super().__init__(f"No store in {folder}: start the engine once (serve), or name another folder with --store.")


class StoreBusy(StoreError):
    """Another process writes to this store."""

    def __init__(self, folder: PurePath | str, holder: str) -> None:
        self.holder = holder
        super().__init__(f"The store {folder} is already being written by {holder}: attach to it, or stop it first.")


class StoreAway(StoreError):
    """The database server does not answer. A batch refused can be handed over again."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"The store {place} cannot be reached ({why}): start its server, or look at the network.")


class StoreAwayStill(StoreAway):
    """As it was told before: nobody waits for a server that is known to be away, or to refuse."""

    def __init__(self, sentence: str) -> None:
        StoreError.__init__(self, sentence)


class StoreShut(StoreAway):
    """The server answers and lets nobody in, or not far enough. Waiting does not help: a person has to mend it."""

    def __init__(self, sentence: str) -> None:
        StoreError.__init__(self, sentence)


class StoreLogin(StoreShut):
    """A wrong password, none, or a user that the server does not know."""

    def __init__(self, place: str, user: str) -> None:
        super().__init__(
            f"The store {place} does not take user {user} with the password it was given: put the right one into the "
            "keyring, PGPASSWORD or the password file, or have it set on the server."
        )


class StoreNoDatabase(StoreShut):
    """The server has no such database."""

    def __init__(self, place: str, database: str) -> None:
        super().__init__(
            f"The server of the store {place} has no database {database}: create it there (createdb {database}), "
            "or correct the address."
        )


class StoreNotLetIn(StoreShut):
    """The server refuses the connection for a reason of its own. `known`: one of rights or of pg_hba.conf."""

    def __init__(self, place: str, user: str, why: str, *, known: bool) -> None:
        remedy = f"allow user {user} from this machine (pg_hba.conf, rights)" if known else "look at its log"
        super().__init__(f"The server of the store {place} answers and refuses the connection ({why}): {remedy}.")


class StoreNoRight(StoreShut):
    """The user may connect, but not do what a store needs."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(
            f"The user of the store {place} may not do what it needs ({why}): have GRANT CREATE ON DATABASE given to "
            "the user who makes the store, and its schema owned by that user."
        )


class StoreOldServer(StoreShut):
    """A server older than this program is tested on."""

    def __init__(self, place: str, version: str, oldest: int) -> None:
        super().__init__(
            f"The store {place} is on PostgreSQL {version}: this program needs {oldest} or newer; upgrade the server."
        )


class HistoryAway(StoreAway):
    """The server is away; `known` is what is kept on this machine of what was asked, the newest, and may be empty.

    `known`: what the question would have answered. It is not the whole: nothing may be worked out of it.
    """

    def __init__(self, sentence: str, known: Any) -> None:
        StoreError.__init__(self, sentence)
        self.known = known


class StoreRefused(StoreError):
    """The database server answers, and refuses what was asked of it."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"The store {place} refused ({why}): look at the rights of its user and at the server's log.")


class StoreAddress(StoreError):
    """A server's address that cannot be read as one."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place} is no address of a database ({why}): write postgresql://USER@HOST/DATABASE.")


class StoreFull(StoreError):
    """The disk, the quota or the largest file allowed is used up. A batch refused can be handed over again."""

    def __init__(self, folder: PurePath | str) -> None:
        super().__init__(
            f"No room left for the store {folder}: free space on that disk; what is stored stays as it is."
        )


class StoreGone(StoreError):
    """The folder was moved, removed, or its disk taken away while it was open. A batch refused can be given again."""

    def __init__(self, folder: PurePath | str) -> None:
        super().__init__(
            f"The store {folder} is gone (moved, removed, or its disk taken off): put it back, or restore a copy there."
        )


class StoreUnwritable(StoreError):
    """The folder refuses writing."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"Cannot write to the store {folder} ({why}): allow it, or name another folder with --store.")


class StoreBroken(StoreError):
    """A file of the store cannot be read as what it should be."""

    def __init__(self, path: Path, what: str) -> None:
        self.path, self.what = path, what
        super().__init__(
            f"The store file {path} is damaged ({what}): "
            "start the engine, which sets it aside, or restore it from a copy."
        )


class StoreForeign(StoreError):
    """The folder or a file in it belongs to something else."""

    def __init__(self, path: PurePath | str) -> None:
        super().__init__(f"{path} is not part of an energy console store: name an empty folder, or move the file away.")


class StoreTooNew(StoreError):
    """Written by a later version of this program."""

    def __init__(self, path: PurePath | str, version: int, known: int) -> None:
        super().__init__(
            f"{path} has format {version}, this program knows {known}: use the newer program that wrote it."
        )


class StoreTooOld(StoreError):
    """Written by an earlier version of this program, and not led forward yet."""

    def __init__(self, path: PurePath | str, version: int, known: int) -> None:
        super().__init__(
            f"{path} has format {version}, this program knows {known}: start this program's engine once (serve), "
            "which leads it forward."
        )


class StoreUnits(StoreError):
    """A point's readings are kept in a unit that it has no longer."""

    def __init__(self, point: str, kept: str, now: str, more: int = 0, old: str = "") -> None:
        others = f" (and {more} more points)" if more else ""
        whose = f"what is kept as {old}" if old else "what is kept"
        super().__init__(
            f"{point} is in {now or 'no unit'}, {whose} is in {kept}{others}: one curve would be of two units. "
            f"Give the point its unit back, or another name"
            + (" without `was`." if old else "; `was` in points.csv carries over what converts.")
        )
