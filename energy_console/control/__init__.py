"""Who may command what, the ledger of what was commanded, and what becomes of commands when something ends."""
