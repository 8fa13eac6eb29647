"""Accounts: how they come to be, sign in, change and end. No FastAPI here."""
