
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
    create table minutes(
    point integer not null, ms bigint not null, minimum double precision not null, maximum double precision not null,
    first double precision not null, last double precision not null, held double precision not null,
    count integer not null, good_count integer not null, integral_h double precision not null,
    covered_h double precision not null, status integer not null, last_ms bigint not null, from_ms bigint not null,
    to_ms bigint not null
) partition by range (ms);
create index on minutes(point, ms);
create index on minutes using brin (ms);
create table quarters(
    point integer not null, ms bigint not null, minimum double precision not null, maximum double precision not null,
    first double precision not null, last double precision not null, held double precision not null,
    count integer not null, good_count integer not null, integral_h double precision not null,
    covered_h double precision not null, status integer not null, last_ms bigint not null, from_ms bigint not null,
    to_ms bigint not null
) partition by range (ms);
create index on quarters(point, ms);
create index on quarters using brin (ms);
create table threehours(
    point integer not null, ms bigint not null, minimum double precision not null, maximum double precision not null,
    first double precision not null, last double precision not null, held double precision not null,
    count integer not null, good_count integer not null, integral_h double precision not null,
    covered_h double precision not null, status integer not null, last_ms bigint not null, from_ms bigint not null,
    to_ms bigint not null
) partition by range (ms);
create index on threehours(point, ms);
create index on threehours using brin (ms);
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
    