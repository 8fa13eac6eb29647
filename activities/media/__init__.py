"""The door to ffmpeg: sources are inspected, and become the files that players are sent."""
