
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
    