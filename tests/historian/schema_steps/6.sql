
    create table tenseconds(
    point integer not null, ms bigint not null, minimum double precision not null, maximum double precision not null,
    first double precision not null, last double precision not null, held double precision not null,
    count integer not null, good_count integer not null, integral_h double precision not null,
    covered_h double precision not null, status integer not null, last_ms bigint not null, from_ms bigint not null,
    to_ms bigint not null
) partition by range (ms);
create index on tenseconds(point, ms);
create index on tenseconds using brin (ms);
create table hours(
    point integer not null, ms bigint not null, minimum double precision not null, maximum double precision not null,
    first double precision not null, last double precision not null, held double precision not null,
    count integer not null, good_count integer not null, integral_h double precision not null,
    covered_h double precision not null, status integer not null, last_ms bigint not null, from_ms bigint not null,
    to_ms bigint not null
) partition by range (ms);
create index on hours(point, ms);
create index on hours using brin (ms);
create table days(
    point integer not null, ms bigint not null, minimum double precision not null, maximum double precision not null,
    first double precision not null, last double precision not null, held double precision not null,
    count integer not null, good_count integer not null, integral_h double precision not null,
    covered_h double precision not null, status integer not null, last_ms bigint not null, from_ms bigint not null,
    to_ms bigint not null
) partition by range (ms);
create index on days(point, ms);
create index on days using brin (ms);
    create table tier(name text primary key, from_ms bigint not null);
    insert into tier select name, coalesce((select (max(ms) / 86400000 + 1) * 86400000 from quarters), -9007199254740992)
        from unnest(array['tenseconds', 'hours', 'days']) name;
    create table without_tenseconds(point integer not null, first bigint not null, last bigint not null,
                                    primary key (point, first));
    drop table threehours;
    