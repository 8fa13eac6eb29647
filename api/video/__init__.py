"""Videos as they are watched: grants, playlists and pictures from rows, their delivery, and who has watched what."""
