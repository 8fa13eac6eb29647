"""Files that play: containers, codecs, shapes and rates that people really upload."""

import struct

from tests.media.making import Kitchen, Recipe, made, written

PICTURES = "-f lavfi -i testsrc2=s=160x90:r=30:d=2"
SOUND = "-f lavfi -i sine=f=440:r=48000:d=2"
X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 30 -threads 1"
AAC = "-c:a aac -b:a 64k"
SUBTITLES = b"1\n00:00:00,200 --> 00:00:00,900\nHello\n\n2\n00:00:01,000 --> 00:00:01,800\nWorld\n"


def sized(size: str, rate: str = "30", seconds: str = "1") -> str:
    return f"-f lavfi -i testsrc2=s={size}:r={rate}:d={seconds}"


def bitmap_subtitles(_kitchen: Kitchen) -> bytes:
    """Presentation graphics of a Blu-ray: an empty screen, twice."""

    def segment(kind: int, at: int, data: bytes) -> bytes:
        return b"PG" + struct.pack(">IIBH", at, 0, kind, len(data)) + data

    def screen(at: int, number: int) -> bytes:
        return segment(0x16, at, struct.pack(">HHBHBBBB", 160, 90, 0x10, number, 0x80, 0, 0, 0)) + segment(
            0x80, at, b""
        )

    return screen(18_000, 0) + screen(90_000, 1)


HDR = "-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -threads 1 -x265-params"

RECIPES: dict[str, Recipe] = {
    "plain.mp4": made(f"{PICTURES} {SOUND} {X264} {AAC}"),
    "faststart.mp4": made("-i {plain.mp4} -c copy -movflags +faststart"),
    "silent.mp4": made(f"{PICTURES} {X264}"),
    "plain.mkv": made("-i {plain.mp4} -c copy"),
    "plain.mov": made("-i {plain.mp4} -c copy"),
    "plain.ts": made("-i {plain.mp4} -c copy"),
    "late.ts": made("-i {plain.mp4} -c copy -output_ts_offset 100"),
    "plain.flv": made("-i {plain.mp4} -c copy"),
    "plain.avi": made(f"{PICTURES} {SOUND} -c:v mpeg4 -c:a libmp3lame"),
    "aac.avi": made(f"{PICTURES} {SOUND} -c:v mpeg4 {AAC}"),
    "dts.m2ts": made(f"{PICTURES} {SOUND} {X264} -c:a dca -ac 2 -strict -2"),
    "plain.wmv": made(f"{PICTURES} {SOUND} -c:v wmv2 -c:a wmav2"),
    "plain.mpg": made(f"{sized('160x96', '25', '2')} {SOUND} -c:v mpeg2video -c:a mp2"),
    "plain.mxf": made(f"{sized('720x576', '25')} {SOUND} -c:v mpeg2video -c:a pcm_s16le"),
    "plain.ogv": made(f"{PICTURES} {SOUND} -c:v libtheora -c:a libvorbis"),
    "vp9.webm": made(f"{PICTURES} {SOUND} -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus"),
    "live.webm": made(f"{PICTURES} {SOUND} -c:v libvpx -deadline realtime -cpu-used 16 -c:a libopus -live 1"),
    "fragmented.mp4": made("-i {plain.mp4} -c copy -movflags +frag_keyframe+empty_moov+default_base_moof"),
    "av1.mp4": made(f"{sized('160x90')} -c:v libsvtav1 -preset 13"),
    "hevc.mp4": made(
        f"{sized('160x90')} -c:v libx265 -preset ultrafast -threads 1 -tag:v hvc1 -x265-params log-level=1"
    ),
    "prores.mov": made(f"{sized('160x90')} -c:v prores_ks"),
    "ffv1.mkv": made(f"{sized('160x90')} -c:v ffv1"),
    "mjpeg.avi": made(f"{sized('160x90')} -c:v mjpeg"),
    "animation.gif": made(f"{sized('160x90', '10')} -c:v gif"),
    "vfr.mp4": made(f"{PICTURES} {X264} -fps_mode vfr", "-vf", "setpts='if(lt(N,30),N/30,1+(N-30)/10)/TB'"),
    "fast.mp4": made(f"{sized('160x90', '240')} {X264}"),
    "slow.mp4": made(f"{sized('160x90', '1', '5')} {X264}"),
    "ntsc.mp4": made(f"{sized('160x90', '30000/1001', '2')} {X264}"),
    "film.mkv": made(f"{sized('160x90', '24000/1001', '2')} {X264}"),
    "one-frame.mp4": made(f"{sized('160x90')} {X264} -frames:v 1"),
    "late.mp4": made("-i {plain.mp4} -itsoffset 3 -i {plain.mp4} -map 0:a -map 1:v -c copy"),
    "long.mp4": made("-f lavfi -i color=s=64x64:r=1:d=18000 -c:v libx264 -preset ultrafast"),
    "turned90.mp4": made("-display_rotation 90 -i {silent.mp4} -c copy"),
    "turned180.mp4": made("-display_rotation 180 -i {silent.mp4} -c copy"),
    "turned270.mp4": made("-display_rotation 270 -i {silent.mp4} -c copy"),
    "hdr10.mp4": made(
        f"{sized('160x90')} {HDR} log-level=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited"
    ),
    "hlg.mp4": made(
        f"{sized('160x90')} {HDR} log-level=1:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc:range=limited"
    ),
    "ten-bit.mkv": made(f"{sized('160x90')} -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le"),
    "odd.mkv": made(f"{sized('640x360')} -vf scale=321:181,setsar=1,format=yuv444p -c:v libx264 -preset ultrafast"),
    "flat.mp4": made(f"{sized('1000x20')} {X264}"),
    "dot.mkv": made(f"{sized('2x2')} -c:v ffv1 -pix_fmt yuv444p"),
    "portrait.mp4": made(f"{sized('404x720')} {X264}"),
    "anamorphic.mp4": made(f"{sized('720x576', '25')} {X264} -vf setsar=64/45"),
    "interlaced.ts": made(
        f"{sized('160x96', '50')} -c:v mpeg2video -pix_fmt yuv422p -flags +ildct+ilme",
        *("-vf", "tinterlace=interleave_top,fieldorder=tff"),
    ),
    "large.mp4": made(f"{sized('1920x1080', '30', '0.2')} {X264}"),
    "uhd.mp4": made(f"-f lavfi -i color=s=3840x2160:r=30:d=0.1 {X264}"),
    "languages.mkv": made(
        f"{PICTURES} {SOUND} {SOUND} {SOUND} -map 0 -map 1 -map 2 -map 3 {X264} {AAC} -metadata:s:a:0 language=eng "
        "-metadata:s:a:1 language=ger -metadata:s:a:1 title=Kommentar -metadata:s:a:2 language=xxx9 "
        "-disposition:a:0 0 -disposition:a:1 default"
    ),
    "many-sounds.mkv": made(f"{PICTURES} {SOUND} -map 0 {' '.join(['-map 1'] * 10)} {X264} -c:a libmp3lame -b:a 32k"),
    "surround.mkv": made(f"{PICTURES} {SOUND} {X264} -c:a ac3 -ac 6"),
    "telephone.mov": made(f"{PICTURES} -f lavfi -i sine=r=8000:d=2 {X264} -c:a pcm_s16le"),
    "short-sound.mp4": made(f"{PICTURES} -f lavfi -i sine=r=48000:d=1 {X264} {AAC}"),
    "long-sound.mp4": made(f"{sized('160x90')} -f lavfi -i sine=r=48000:d=4 {X264} {AAC}"),
    "text.srt": written(SUBTITLES),
    "graphics.sup": written(bitmap_subtitles),
    "captions.mp4": made(
        "-i {plain.mp4} -i {text.srt} -map 0 -map 1 -c copy -c:s mov_text -metadata:s:s:0 language=fra"
    ),
    "fragmented-captions.mp4": made("-i {captions.mp4} -map 0 -c copy -movflags +frag_keyframe+empty_moov"),
    "captions.mkv": made(
        "-i {plain.mp4} -i {text.srt} -map 0 -map 1 -map 1 -c copy -c:s:0 srt -c:s:1 ass -metadata:s:s:0 language=eng "
        "-metadata:s:s:1 language=spa -disposition:s:1 forced"
    ),
    "windows.srt": written(SUBTITLES.replace(b"Hello", "Grüße".encode("cp1252"))),
    "windows-captions.mkv": made("-i {plain.mp4} -i {windows.srt} -map 0 -map 1 -c copy -metadata:s:s:0 language=deu"),
    "page.srt": written(b"1\n00:00:00,200 --> 00:00:00,900\n" + b"a page of words\n" * 80_000),
    "broken-captions.mkv": made(
        "-i {plain.mp4} -i {text.srt} -i {page.srt} -map 0 -map 1 -map 2 -map 1 -c copy -metadata:s:s:0 language=eng "
        "-metadata:s:s:1 language=fra -metadata:s:s:2 language=spa"
    ),
    "graphics.mkv": made("-i {plain.mp4} -i {graphics.sup} -map 0 -map 1 -c copy"),
    "sound.mp3": made(f"{SOUND} -c:a libmp3lame"),
    "sound.wav": made(f"{SOUND} -c:a pcm_s16le"),
    "sound.aiff": made(f"{SOUND} -c:a pcm_s16be"),
    "sound.caf": made(f"{SOUND} -c:a pcm_s16be"),
    "sound.flac": made(f"{SOUND} -c:a flac"),
    "sound.ogg": made(f"{SOUND} -c:a libvorbis"),
    "sound.aac": made(f"{SOUND} {AAC} -f adts"),
    "cover.jpg": made("-f lavfi -i testsrc2=s=64x64 -frames:v 1 -update 1"),
    "cover.m4a": made(f"{SOUND} -i {{cover.jpg}} -map 0 -map 1 {AAC} -c:v copy -disposition:v attached_pic"),
    "cover.mp3": made(f"{SOUND} -i {{cover.jpg}} -map 0 -map 1 -c:a libmp3lame -c:v copy -id3v2_version 3"),
}
