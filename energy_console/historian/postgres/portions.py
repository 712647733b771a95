"""Portions of an outbox on their way to the server: all of one or none; what no server can hold is put by."""

from __future__ import annotations

import psycopg

from energy_console.historian.errors import StoreError
from energy_console.historian.postgres.server import Place, server_faults
from energy_console.historian.postgres.spool import Record, Spool
from energy_console.historian.postgres.taking import Taker

MOST_READINGS = 200_000  # in one transaction
MOST_RECORDS = 200


def take_portion(taker: Taker, spool: Spool, place: Place, records: list[Record], notices: list[str]) -> dict[int, int]:
    """The server's answers by number, none of a record that was put by: `notices` tells of it. Raises StoreError."""
    try:
        with server_faults(place):
            return taker.take(records)
    except StoreError as fault:
        if not isinstance(fault.__cause__, (psycopg.DataError, psycopg.IntegrityError)):
            raise
        if len(records) > 1:  # one of them is nothing that the server can hold; the others go on
            alone = [take_portion(taker, spool, place, [record], notices) for record in records]
            return {number: answer for answers in alone for number, answer in answers.items()}
        spool.put_by(records[0], str(fault.__cause__))
        notices.append(f"{fault} One record ({records[0].kind}) stays in the outbox and is not delivered.")
        return {}
