
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
    