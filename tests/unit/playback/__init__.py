"""Playlists from rows that are made up."""
