"""Recovery phrases: the official vectors in ten languages, and what people do wrong."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidInput, InvalidMnemonic
from chain.wallet.mnemonic import (
    ENTROPY_BYTES,
    LANGUAGES,
    UnknownWord,
    WrongChecksum,
    WrongWordCount,
    build_phrase,
    check_phrase,
    complete_word,
    count_edits,
    find_nearest_words,
    get_word_list,
    to_seed,
)
from chain.wallet.secret import Secret

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "bip39_trezor.json").read_text("utf-8"))["tests"]
ZEROS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


def nfkd(text: str) -> str:
    return unicodedata.normalize("NFKD", text)


@pytest.mark.parametrize("language", sorted({vector[0] for vector in VECTORS}))
def test_trezor_vectors(language: str) -> None:
    vectors = [vector[1:] for vector in VECTORS if vector[0] == language]
    assert len(vectors) == 24
    for entropy, words, seed in vectors:
        assert nfkd(build_phrase(bytes.fromhex(entropy), language).reveal()) == nfkd(words)
        phrase = check_phrase(words, language)
        assert phrase.entropy.reveal().hex() == entropy
        assert to_seed(phrase, Secret("TREZOR")).reveal().hex() == seed


def test_a_japanese_vector_with_a_passphrase_that_needs_normalizing() -> None:
    """The first vector of bip32JP, to which BIP-39 refers."""
    phrase = check_phrase("あいこくしん　" * 11 + "あおぞら")
    assert phrase.language == "japanese"
    seed = to_seed(phrase, Secret("㍍ガバヴァぱばぐゞちぢ十人十色")).reveal().hex()
    assert seed.startswith("a262d6fb6122ecf45be09c50492b31f92e9beb7d9a845987a02cefda57a15f9c")
    assert seed.endswith("467a17872029a9e92299b5cbdf306e3a0ee620245cbd508959b6cb7ca637bd55")


@given(st.sampled_from(LANGUAGES), st.sampled_from(ENTROPY_BYTES), st.data())
def test_a_phrase_read_without_its_language_gives_the_same_keys(
    language: str, length: int, data: st.DataObject
) -> None:
    entropy = data.draw(st.binary(min_size=length, max_size=length))
    words = build_phrase(entropy, language).reveal()
    phrase = check_phrase(words)
    assert check_phrase(words, language).entropy.reveal() == entropy
    assert phrase.text == check_phrase(words, language).text  # the seed is made of nothing else


def test_every_language_of_the_package_has_its_words() -> None:
    assert len(LANGUAGES) >= 12
    assert LANGUAGES[0] == "english"
    for language in LANGUAGES:
        words = get_word_list(language)
        assert len(words) == len(set(words)) == 2048
        assert all(check_phrase(build_phrase(bytes(16), language).reveal(), language).text for _ in "1")


@pytest.mark.parametrize(
    "typed",
    [ZEROS.upper(), f"  {ZEROS.replace(' ', '   ')}\n", ZEROS.replace(" ", "\u3000"), ZEROS.replace(" ", "\n", 3)],
)
def test_case_and_spaces_do_not_matter(typed: str) -> None:
    assert check_phrase(typed).text.reveal() == ZEROS


def test_composed_and_decomposed_accents_are_one() -> None:
    words = build_phrase(b"\x01" * 16, "spanish").reveal()
    composed, decomposed = (unicodedata.normalize(form, words) for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert check_phrase(composed).text == check_phrase(decomposed).text


def is_accepted(words: str, language: str) -> bool:
    try:
        check_phrase(words, language)
    except WrongChecksum:
        return False
    return True


def test_the_language_in_which_the_checksum_holds_is_preferred() -> None:
    """English and French share a hundred words, at different places."""
    english = set(get_word_list("english"))
    shared = [word for word in get_word_list("french") if word in english]
    assert len(shared) == 100
    phrases = [" ".join([*shared[first : first + 11], last]) for first in range(20) for last in shared]
    french = {words for words in phrases if is_accepted(words, "french")}
    either = {words for words in french if is_accepted(words, "english")}
    assert either
    assert french - either
    assert {check_phrase(words).language for words in french - either} == {"french"}
    assert {check_phrase(words).language for words in either} == {"english"}  # the seed is the same


def test_the_words_that_both_chinese_lists_have_mean_the_same_in_both() -> None:
    pairs = zip(get_word_list("chinese_simplified"), get_word_list("chinese_traditional"), strict=True)
    same_place = {simplified for simplified, traditional in pairs if simplified == traditional}
    assert same_place == set(get_word_list("chinese_simplified")) & set(get_word_list("chinese_traditional"))


@pytest.mark.parametrize("count", [0, 1, 11, 13, 23, 25, 10_000])
def test_a_wrong_number_of_words(count: int) -> None:
    with pytest.raises(WrongWordCount, match=f"number of words: '{count}'") as caught:
        check_phrase("abandon " * count)
    assert caught.value.count == count


def test_an_unknown_word_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownWord, match=r"word 12: 'abuot' .* such as about") as caught:
        check_phrase(ZEROS.replace("about", "abuot"))
    error = caught.value
    assert (error.position, error.word, error.language, error.nearest[0]) == (12, "abuot", "english", "about")


def test_the_language_of_most_words_is_meant() -> None:
    words = build_phrase(b"\x07" * 16, "french").reveal().split()
    with pytest.raises(UnknownWord) as caught:
        check_phrase(" ".join([*words[:5], "xylophone", *words[6:]]))
    assert (caught.value.language, caught.value.position) == ("french", 6)


def test_only_the_checksum_is_wrong() -> None:
    with pytest.raises(
        WrongChecksum, match="every word is in the english list, but the checksum does not fit"
    ) as caught:
        check_phrase("abandon " * 12)
    assert caught.value.language == "english"


def test_an_error_never_carries_the_phrase() -> None:
    secret_words = ["legal", "winner", "thank", "year", "wave", "sausage", "worth", "useful"]
    for typed in (
        secret_words,
        [*secret_words, "legal", "winner", "thank", "yellov"],
        [*secret_words, *secret_words[:4]],
    ):
        with pytest.raises(InvalidMnemonic) as caught:
            check_phrase(" ".join(typed))
        told = f"{caught.value} {caught.value!r} {vars(caught.value)}".replace("'", " ").split()
        assert not set(secret_words) & set(told)


@pytest.mark.parametrize(
    "hostile", ["\udc80 " * 12, "x" * 100_000 + " abandon" * 11, "\x1b[2J " * 12, "a\u0301" * 9 + " a" * 11]
)
def test_hostile_text_is_refused(hostile: str) -> None:
    with pytest.raises(UnknownWord) as caught:
        check_phrase(hostile)
    str(caught.value).encode()


@pytest.mark.parametrize(
    ("typed", "language", "expected"),
    [
        ("abuot", "english", "about"),
        ("abandn", "english", "abandon"),
        ("zooo", "english", "zoo"),
        ("academie", "french", nfkd("académie")),
        ("あいこくしむ", "japanese", "あいこくしん"),
    ],
)
def test_the_nearest_word(typed: str, language: str, expected: str) -> None:
    assert find_nearest_words(typed, language)[0] == expected


def test_nothing_is_near_to_nonsense() -> None:
    assert find_nearest_words("qqqqqqqqqq", "english") == ()
    assert find_nearest_words("", "english") == ()
    assert find_nearest_words("龘", "chinese_simplified") == ()


def test_completion() -> None:
    assert complete_word("aba", "english") == ("abandon",)
    assert complete_word("ABO", "english") == ("about", "above")
    assert nfkd("écarter") in complete_word("ec", "french")
    assert complete_word("zzz", "english") == ()
    assert len(complete_word("", "english")) == 2048


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [("", "", 0), ("", "abc", 3), ("abc", "abc", 0), ("abuot", "about", 1), ("kitten", "sitting", 3), ("ca", "abc", 3)],
)
def test_edits(left: str, right: str, edits: int) -> None:
    assert count_edits(left, right) == count_edits(right, left) == edits


def test_every_passphrase_leads_to_keys_of_its_own() -> None:
    phrase = check_phrase(ZEROS)
    passphrases = ["", " ", "a", "A", "é", "パスワード", "🔑", "x" * 10_000]
    assert len({to_seed(phrase, Secret(passphrase)).reveal() for passphrase in passphrases}) == len(passphrases)
    assert to_seed(phrase, Secret("é")) == to_seed(phrase, Secret("e\u0301"))
    assert to_seed(phrase) == to_seed(phrase, Secret(""))


def test_a_passphrase_that_cannot_be_written_is_refused_without_showing_it() -> None:
    with pytest.raises(InvalidInput, match="passphrase") as caught:
        to_seed(check_phrase(ZEROS), Secret("hunter2\udc80"))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("length", [0, 15, 17, 33])
def test_entropy_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidInput, match="entropy length"):
        build_phrase(bytes(length))


def test_an_unknown_language_is_refused() -> None:
    for use in (lambda: build_phrase(bytes(16), "klingon"), lambda: check_phrase(ZEROS, "../english")):
        with pytest.raises(InvalidInput, match="language"):
            use()
