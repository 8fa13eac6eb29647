"""The linter finds what it is there to find: each rule, broken once."""

import pytest

from tests.api.playback.linter import faults_of_master, faults_of_media

MEDIA = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="a.mp4",BYTERANGE="700@0"
#EXTINF:6.00000,
#EXT-X-BYTERANGE:1000@700
a.mp4
#EXTINF:4.00000,
#EXT-X-BYTERANGE:1000@1700
a.mp4
#EXT-X-ENDLIST
"""
MASTER = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="a",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="a.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="b",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="b.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=20,AVERAGE-BANDWIDTH=10,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=16x16,FRAME-RATE=25.000,\
VIDEO-RANGE=SDR,AUDIO="audio",CLOSED-CAPTIONS=NONE
v.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=5,CODECS="avc1.64001e",RESOLUTION=16x16,URI="i.m3u8"
"""

BROKEN_MEDIA = [
    ("#EXTM3U\n", "\n"),
    ("VERSION:7", "VERSION:3"),
    ("#EXT-X-INDEPENDENT-SEGMENTS\n", ""),
    ("#EXT-X-ENDLIST\n", ""),
    ("TYPE:VOD", "TYPE:EVENT"),
    ("DURATION:6", "DURATION:5"),
    ('#EXT-X-MAP:URI="a.mp4",BYTERANGE="700@0"\n', ""),
    ("#EXT-X-BYTERANGE:1000@1700\n", ""),
    ("1000@1700", "1000@1600"),
    ("#EXTINF:4.00000,", '#EXT-X-MAP:URI="b.mp4",BYTERANGE="1@0"\n#EXTINF:4.00000,'),
    ("#EXTINF:4.00000,", "#EXTINF:0.00000,"),
    ("#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-WHATEVER:1"),
    ("\n#EXT-X-ENDLIST", "\n\n#EXT-X-ENDLIST"),
    ("#EXT-X-TARGETDURATION:6\n", "#EXT-X-TARGETDURATION:6\n#EXT-X-TARGETDURATION:6\n"),
]
BROKEN_MASTER = [
    ("BANDWIDTH=20", "BANDWIDTH=9"),
    ("AVERAGE-BANDWIDTH=10,", ""),
    ("avc1.64001e,mp4a.40.2", "avc1,mp4a.40.2"),
    ("RESOLUTION=16x16,FRAME-RATE", "FRAME-RATE"),
    ("FRAME-RATE=25.000,", ""),
    ("FRAME-RATE=25.000", "FRAME-RATE=25"),
    (",CLOSED-CAPTIONS=NONE", ""),
    (',AUDIO="audio"', ""),
    ('NAME="b"', 'NAME="a"'),
    ("DEFAULT=NO", "DEFAULT=YES"),
    ('LANGUAGE="de"', 'LANGUAGE="en"'),
    ("DEFAULT=YES,AUTOSELECT=YES", "DEFAULT=YES,AUTOSELECT=NO"),
    (',CHANNELS="2",URI="b.m3u8"', ',URI="b.m3u8"'),
    (',URI="b.m3u8"', ""),
    ("BANDWIDTH=5,", "BANDWIDTH=5,FRAME-RATE=1.000,"),
    ('#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=5,CODECS="avc1.64001e",RESOLUTION=16x16,URI="i.m3u8"\n', ""),
]


def test_what_is_right_has_no_faults() -> None:
    assert faults_of_media(MEDIA) == []
    assert faults_of_master(MASTER) == []


@pytest.mark.parametrize(("right", "wrong"), BROKEN_MEDIA)
def test_a_media_playlist_with_one_fault_is_found_out(right: str, wrong: str) -> None:
    assert right in MEDIA
    assert faults_of_media(MEDIA.replace(right, wrong, 1)) != []


@pytest.mark.parametrize(("right", "wrong"), BROKEN_MASTER)
def test_a_master_playlist_with_one_fault_is_found_out(right: str, wrong: str) -> None:
    assert right in MASTER
    assert faults_of_master(MASTER.replace(right, wrong, 1)) != []
