"""What operators set for videos is looked at when a process starts, and not by the first video."""

from pathlib import Path

import pytest

from zilliance.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env of this checkout


def test_a_preset_that_x264_does_not_have_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZILLIANCE_VIDEO__PRESET", "veryfats")
    with pytest.raises(SettingsError, match=r"ZILLIANCE_VIDEO__PRESET: .*'veryfast'"):
        Settings.load()
    monkeypatch.setenv("ZILLIANCE_VIDEO__PRESET", "slower")
    assert Settings.load().video.preset == "slower"
