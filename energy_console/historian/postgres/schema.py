"""Tables of one site in PostgreSQL, as the steps that lead from each version to the next."""

from __future__ import annotations

ALWAYS_MS = -(2**53)
"""Before any time: a tier that answers for all there is."""

MARK = "energy-console-store"

_CELL_COLUMNS = """
    point integer not null, ms bigint not null, minimum double precision not null, maximum double precision not null,
    first double precision not null, last double precision not null, held double precision not null,
    count integer not null, good_count integer not null, integral_h double precision not null,
    covered_h double precision not null, status integer not null, last_ms bigint not null, from_ms bigint not null,
    to_ms bigint not null
"""


def _tiers(*names: str) -> str:
    return "\n".join(
        f"create table {tier}({_CELL_COLUMNS}) partition by range (ms);\n"
        f"create index on {tier}(point, ms);\n"
        f"create index on {tier} using brin (ms);"
        for tier in names
    )


STEPS: tuple[str, ...] = (
    f"""
    create table store(mark text not null, version integer not null);
    create table point(key integer primary key generated always as identity, id text not null unique,
                       unit text not null, name text not null);
    create table engine(area text primary key, holder text not null, sealed bigint not null default 0,
                        newest bytea);
    create sequence batch_number;
    create table batch(sequence bigint primary key, area text not null references engine(area),
                       stored_ms bigint not null, size integer not null, first_ms bigint not null,
                       last_ms bigint not null, body bytea not null);
    create table reading(point integer not null, status integer not null, ms bigint not null,
                         batch bigint not null, value double precision not null) partition by range (ms);
    create index on reading(point, ms);
    create index on reading using brin (ms);
    {_tiers("minutes", "quarters", "threehours")}
    create table event(id bigint primary key generated always as identity, time_ns bigint not null, kind text not null,
                       source text not null, text text not null, data jsonb not null);
    create index on event(time_ns);
    create table state(room text not null, key text not null, value jsonb not null, since_ns bigint not null,
                       primary key(room, key));
    create table audit(id bigint primary key generated always as identity, room text not null, key text not null,
                       value jsonb not null, since_ns bigint not null, until_ns bigint not null);
    create table command(id bigint primary key generated always as identity, body jsonb not null,
                         asked_ns bigint not null, owner text, claimed_ns bigint, result jsonb, finished_ns bigint);
    create index on command(id) where owner is null;
    create table ledger(id bigint primary key, asked_ns bigint not null, device text not null, point text not null,
                        value double precision, who text not null, why text not null, plan text not null);
    create index on ledger(device, id);
    create index on ledger(asked_ns);
    create table ledger_step(id bigint primary key generated always as identity,
                             command bigint not null references ledger(id), time_ns bigint not null, kind text not null,
                             text text not null, value double precision, closes boolean not null);
    create index on ledger_step(command, id);
    create table ledger_open(command bigint primary key);
    create function ledger_only_grows() returns trigger language plpgsql as
        $$ begin raise exception 'the ledger only grows'; end $$;
    create trigger ledger_stays before update or delete on ledger
        for each row execute function ledger_only_grows();
    create trigger ledger_step_stays before update or delete on ledger_step
        for each row execute function ledger_only_grows();
    """,
    """
    create table delivery(spool text primary key, area text not null references engine(area), taken bigint not null);
    alter table ledger_step drop constraint ledger_step_command_fkey, add column book text not null default '';
    alter table ledger add column book text not null default '', add column area text not null default 'site';
    alter table ledger drop constraint ledger_pkey, add primary key (book, id);
    alter table ledger_step add foreign key (book, command) references ledger(book, id);
    create index on ledger_step(book, command, id);
    alter table ledger_open drop constraint ledger_open_pkey, add column book text not null default '';
    alter table ledger_open add primary key (book, command);
    alter table point add column area text;
    alter table command add column area text;
    """,
    """
    create table day(start_ms bigint primary key, written bigint not null, sorted boolean not null default false);
    drop index reading_point_ms_idx, reading_ms_idx;
    do $$ declare name text; begin
        for name in select relname from pg_inherits join pg_class on oid = inhrelid
            where inhparent = 'reading'::regclass
        loop
            execute format('create index on %I(point, ms)', name);
            insert into day values ((extract(epoch from to_date(right(name, 8), 'YYYYMMDD')) * 1000)::bigint, 0);
        end loop;
    end $$;
    """,
    """
    alter table engine add column seen timestamptz;
    create sequence ledger_slot;
    alter table delivery add column slot integer unique;
    alter table state add column writer text not null default '';
    alter table day add column readings bigint;
    """,
    "create index on audit(room, key, since_ns);",
    f"""
    {_tiers("tenseconds", "hours", "days")}
    create table tier(name text primary key, from_ms bigint not null);
    insert into tier select name, coalesce((select (max(ms) / 86400000 + 1) * 86400000 from quarters), {ALWAYS_MS})
        from unnest(array['tenseconds', 'hours', 'days']) name;
    create table without_tenseconds(point integer not null, first bigint not null, last bigint not null,
                                    primary key (point, first));
    drop table threehours;
    """,
    f"""
    create table act(id integer primary key generated always as identity, kind text not null, number integer not null,
                     readings bigint not null, unique(kind, number));
    create table act_mask(act integer not null references act(id), point integer not null, start_ms bigint not null,
                          end_ms bigint not null);
    create index on act_mask(point);
    create table act_reading(act integer not null references act(id), point integer not null, ms bigint not null,
                             value double precision not null, status integer not null);
    create index on act_reading(point, ms);
    create table act_cell(act integer not null references act(id), step_ms bigint not null, {_CELL_COLUMNS});
    create index on act_cell(point, step_ms, ms);
    create table renamed(old text primary key, point text not null, factor double precision not null);
    create table revision(number bigint not null);
    insert into revision values (0);
    """,
    f"""
    alter table day add column gathered bigint not null default -1;
    insert into tier select name, {ALWAYS_MS} from unnest(array['minutes', 'quarters']) name;
    insert into tier select 'readings', case when min(start_ms) > (select min(ms) from quarters) then min(start_ms)
        else {ALWAYS_MS} end from day;
    """,
    "create table apart(batch bigint primary key);",
)
