
    alter table day add column gathered bigint not null default -1;
    insert into tier select name, -9007199254740992 from unnest(array['minutes', 'quarters']) name;
    insert into tier select 'readings', case when min(start_ms) > (select min(ms) from quarters) then min(start_ms)
        else -9007199254740992 end from day;
    