"""The limited child that looks into a source: `python -I -m activities.media.probe` behind the guard of programs.

libav parses bytes that anybody may have made, so the child has no rights: nobody's user, no file but the one that it
was handed open, no environment, hard limits. What it finds are facts; what they mean is judged by its parent.
"""
