
    alter table engine add column seen timestamptz;
    create sequence ledger_slot;
    alter table delivery add column slot integer unique;
    alter table state add column writer text not null default '';
    alter table day add column readings bigint;
    