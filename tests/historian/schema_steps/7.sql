
    create table act(id integer primary key generated always as identity, kind text not null, number integer not null,
                     readings bigint not null, unique(kind, number));
    create table act_mask(act integer not null references act(id), point integer not null, start_ms bigint not null,
                          end_ms bigint not null);
    create index on act_mask(point);
    create table act_reading(act integer not null references act(id), point integer not null, ms bigint not null,
                             value double precision not null, status integer not null);
    create index on act_reading(point, ms);
    create table act_cell(act integer not null references act(id), step_ms bigint not null, 
    point integer not null, ms bigint not null, minimum double precision not null, maximum double precision not null,
    first double precision not null, last double precision not null, held double precision not null,
    count integer not null, good_count integer not null, integral_h double precision not null,
    covered_h double precision not null, status integer not null, last_ms bigint not null, from_ms bigint not null,
    to_ms bigint not null
);
    create index on act_cell(point, step_ms, ms);
    create table renamed(old text primary key, point text not null, factor double precision not null);
    create table revision(number bigint not null);
    insert into revision values (0);
    