"""How much of one answer stands in another: in Chinese, in English, with figures changed, and quickly enough."""

import random
from time import perf_counter

import pytest

from cxloop.domain.likeness import MOST_WORDS, runs, share

OLT = (
    "经排查，{city}{n}个小区因{day}割接后OLT上联口误码率升高，导致{lines}户宽带晚高峰掉线；"
    "已更换光模块并回退配置，逐户回访。"
)
TARIFF = "投诉集中在资费解释不清，客服口径与掌厅公示不一致，客户对优惠到期后恢复原价不知情；已统一口径并提前短信提醒。"
ENGLISH = (
    "After the cut-over on {day} the uplink of {n} OLTs showed a rising bit error rate, which made {lines} broadband "
    "lines drop in the evening; the optics were replaced and the configuration was rolled back."
)
HERE = {"city": "广州天河区", "n": 3, "day": "7月12日", "lines": "1,204"}
THERE = {"city": "成都武侯区", "n": 15, "day": "7月14日", "lines": "310"}


@pytest.mark.parametrize(("text", "least"), [(OLT, 80), (ENGLISH, 80)], ids=["zh", "en"])
def test_a_copy_is_known_under_other_names_and_figures(text: str, least: int) -> None:
    assert share(runs([text.format(**HERE)]), runs([text.format(**THERE)])) >= least
    assert share(runs([text.format(**HERE)]), runs([text.format(**HERE)])) == 100


def test_texts_of_one_trade_on_one_issue_are_not_copies() -> None:
    assert share(runs([OLT.format(**HERE)]), runs([TARIFF])) < 20


def test_it_is_the_share_of_the_new_answer() -> None:
    short, long = runs([TARIFF]), runs([TARIFF, OLT.format(**HERE)])
    assert (share(short, long), share(long, short) < 70) == (100, True)


def test_width_case_and_punctuation_make_no_difference() -> None:
    assert runs(["ＯＬＴ 上联口，误码"]) == runs(["olt上联口:误码!"])


@pytest.mark.parametrize("text", ["", "已解决", "已解决，请审核。", "..."])
def test_a_phrase_is_nobodys_copy(text: str) -> None:
    assert share(runs([text]), runs([text])) == 0


def test_thirty_others_of_two_thousand_characters_take_no_time_to_speak_of() -> None:
    draw = random.Random(4)
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 600)]
    texts = ["".join(draw.choices(letters, k=2000)) for _ in range(31)]
    begun = perf_counter()
    own, others = runs(texts[:1]), [runs([text]) for text in texts[1:]]
    assert max(share(own, other) for other in others) < 20
    assert perf_counter() - begun < 1


def test_what_lies_beyond_the_most_is_not_looked_at() -> None:
    assert len(runs([" ".join(f"w{chr(97 + n % 26)}x{'y' * (n // 26 % 9)}" for n in range(50_000))])) <= MOST_WORDS
    assert runs(["宽" * MOST_WORDS, TARIFF]) == runs(["宽" * MOST_WORDS])
