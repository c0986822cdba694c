import io

import pytest

from copydesk.model.errors import ConfigError, DataError
from copydesk.model.files.dialect import Dialect, to_utf8

TEXT = "id,text\n1,Müller – “no deal” 🙂\n" * 5000  # more than a piece


def decoded(content: bytes, encoding: str | None = None) -> str:
    return to_utf8(io.BytesIO(content), "a.csv", encoding).read().decode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    assert decoded(TEXT.encode(encoding)) == TEXT


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "gb18030", "utf-16"])
def test_an_encoding_that_was_named_is_read(encoding: str) -> None:
    assert decoded(TEXT.encode(encoding), encoding) == TEXT


def test_big_endian_with_a_mark_is_read() -> None:
    assert decoded(b"\xfe\xff" + TEXT.encode("utf-16-be")) == TEXT
    assert decoded("März".encode("cp1252"), "cp1252") == "März"


def test_what_does_not_decode_comes_out_as_no_utf8() -> None:
    content = to_utf8(io.BytesIO(b"ok\nM\x81rz\nok\n"), "a.csv", "cp1252").read().splitlines()
    assert content[::2] == [b"ok", b"ok"]
    with pytest.raises(UnicodeDecodeError):
        content[1].decode()


def test_utf16_without_a_mark_is_named_with_the_remedy() -> None:
    with pytest.raises(DataError, match=r"a\.csv:1: not UTF-8; .* --encoding, such as utf-16-le"):
        decoded("text".encode("utf-16-le"))


@pytest.mark.parametrize(("named", "delimiter"), [(";", ";"), ("tab", "\t"), ("\\t", "\t"), (":", ":"), (None, None)])
def test_a_delimiter_is_one_character(named: str | None, delimiter: str | None) -> None:
    assert Dialect.of(named, None).delimiter == delimiter


@pytest.mark.parametrize("named", ["", ";;", '"', "\n", "→"])
def test_another_delimiter_is_refused(named: str) -> None:
    with pytest.raises(ConfigError, match=r"--delimiter .*: expected one ASCII character"):
        Dialect.of(named, None)


@pytest.mark.parametrize("named", ["latin-17", "base64", ""])
def test_an_unknown_encoding_is_refused(named: str) -> None:
    with pytest.raises(ConfigError, match=f"--encoding '{named}' is not known"):
        Dialect.of(None, named)
