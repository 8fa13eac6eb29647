"""Who answers for language models, and what their tokens cost, as the settings say it."""

from decimal import Decimal
from pathlib import Path

import pytest

from zilliance.ai_settings import HOSTED_GATEWAY, PRICES
from zilliance.settings import Settings, SettingsError

SECRETS = dict.fromkeys(
    ("ZILLIANCE_DATABASE__SECRET", "ZILLIANCE_AUTH__JWT_SECRET", "ZILLIANCE_SECRETS__KEY"), "a secret " * 8
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env of this checkout


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


@pytest.mark.parametrize(
    ("variables", "url", "key"),
    [
        ({"LOVABLE_API_KEY": "k1"}, HOSTED_GATEWAY, "k1"),
        ({"AI_API_KEY": "k2", "LOVABLE_API_KEY": "k1"}, HOSTED_GATEWAY, "k2"),
        ({"AI_API_KEY": "k2", "AI_BASE_URL": "https://a.example/v1"}, "https://a.example/v1", "k2"),
        ({"ZILLIANCE_AI__API_KEY": "k3", "AI_API_KEY": "k2"}, HOSTED_GATEWAY, "k3"),
        ({"ZILLIANCE_AI__BASE_URL": "http://127.0.0.1:11434/v1"}, "http://127.0.0.1:11434/v1", ""),
        ({"ZILLIANCE_AI__STAND_IN_URL": "http://127.0.0.1:8434/v1"}, "http://127.0.0.1:8434/v1", "stand-in"),
    ],
)
def test_the_gateway_is_the_operators_whichever_name_he_uses(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str, key: str
) -> None:
    gateway = load(monkeypatch, **variables).ai_gateway
    assert gateway is not None
    assert (gateway.url, gateway.key.get_secret_value()) == (url, key)
    assert gateway.is_stand_in is (key == "stand-in")
    assert key not in repr(gateway) or not key


def test_without_one_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch).ai_gateway is None


def test_prices_are_json_or_a_file_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = '{"openai/gpt-5": {"prompt": 1.25, "completion": "10"}}'
    assert load(monkeypatch, ZILLIANCE_AI__PRICES=text).ai.prices["openai/gpt-5"].completion == Decimal(10)
    file = tmp_path / "prices.json"
    file.write_text(text)
    assert load(monkeypatch, ZILLIANCE_AI__PRICES=str(file)).ai.prices["openai/gpt-5"].prompt == Decimal("1.25")
    assert load(monkeypatch, ZILLIANCE_AI__PRICES="").ai.prices == PRICES


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRICES", "/no/such/file.json"),
        ("PRICES", '{"m": {"prompt": -1, "completion": 1}}'),
        ("PRICES", '{"m": 1}'),
        ("BASE_URL", "ftp://example.com"),
        ("BASE_URL", "https://name:secret@example.com/v1"),
        ("DEFAULT_MODEL", "somebody/else"),
        ("MAX_TOKENS", "0"),
        ("CALLS_A_MINUTE", "-1"),
    ],
)
def test_a_setting_that_is_no_good_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"ZILLIANCE_AI(__{name})?"):
        load(monkeypatch, **{f"ZILLIANCE_AI__{name}": value})


def test_the_stand_in_is_refused_outside_development(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="ZILLIANCE_AI__STAND_IN_URL"):
        load(
            monkeypatch,
            ZILLIANCE_ENVIRONMENT="production",
            ZILLIANCE_AI__STAND_IN_URL="http://127.0.0.1:8434/v1",
            **SECRETS,
        )
