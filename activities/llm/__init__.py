"""The one door to language models: what is asked goes through the ledger, and is paid for once."""
