"""Which code page the names in an old zip are written in, judged by how its texts read.

A zip without the UTF-8 flag says nothing about its names, and they are too short for statistics
of a language. So each candidate's letters are weighed: frequent characters of a script that
stand where its words have them count, rare ones and mixtures do not.
"""

from collections.abc import Callable, Sequence

ENCODINGS: dict[str, str] = {
    "gbk": "Chinese, simplified",
    "cp932": "Japanese",
    "big5": "Chinese, traditional",
    "cp949": "Korean",
    "cp866": "Cyrillic, DOS",
    "cp1251": "Cyrillic, Windows",
    "cp437": "Western, DOS",
    "cp850": "Western, DOS",
    "cp1252": "Western, Windows",
}
"""Code pages that names are looked for in, in the order that decides between equals."""

Weigh = Callable[[str, str, str, str], float]
"""How well a letter stands between the one before and the one after, in a code page."""

_MOST_NAMES = 500
_CHINESE = frozenset(
    "的一是不了人在有他这中大来上个国和地们到说子时学生猫狗鸟鱼马牛羊花草树木车船飞机山水火土天日"
    "月年红黄蓝绿白黑小好坏正常图片照数据训练测试集类别苹果香蕉橙梨桃葡萄西瓜虎狮熊兔鸡鸭鹅猪象猴鹿"
    "狼手电脑桌椅门窗房屋路桥汽新文件夹像分良恶性病变无异样本叶子健康"
)
_KOREAN = frozenset(
    "이다가나고기개사자지어시아라마하도리스인대한양강일정수전장부무서소주보비상구우동물꽃새말돼닭호랑"
    "곰토끼여늑학생람차버집산바은는을를의에로와과안녕세요류진빨간파란색검은흰훈련테트데터폴더"
)


def guess(names: Sequence[bytes]) -> str:
    """The code page that these names most likely are in, a key of `ENCODINGS`."""
    sample = [name for name in dict.fromkeys(names) if not name.isascii()][:_MOST_NAMES]
    best, most = "cp437", -1.0
    for encoding in ENCODINGS:
        score = _score(sample, encoding)
        if score > most:
            best, most = encoding, score
    return best


def _score(names: Sequence[bytes], encoding: str) -> float:
    """The mean weight of the letters that are not ASCII; negative where a name cannot be read."""
    weight = _WEIGHTS.get(encoding, _latin)
    total = number = 0.0
    for name in names:
        try:
            text = name.decode(encoding)
        except UnicodeError:
            return -1.0
        for position, letter in enumerate(text):
            if not letter.isascii():
                before = text[position - 1] if position else ""
                total += weight(letter, before, text[position + 1 : position + 2], encoding)
                number += 1
    return total / number if number else -1.0


def _is_latin(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


def _two_bytes(levels: Sequence[tuple[int, int, float]], frequent: frozenset[str]) -> Weigh:
    def weigh(letter: str, before: str, after: str, encoding: str) -> float:
        raw = letter.encode(encoding)
        if len(raw) < 2 or raw[1] < 0xA1 or _is_latin(before) or _is_latin(after):
            return 0.1
        if letter in frequent:
            return 1.3
        return next((w for first, last, w in levels if first <= raw[0] <= last), 0.1)

    return weigh


def _big5(letter: str, before: str, after: str, encoding: str) -> float:
    first = letter.encode(encoding)[0]
    if _is_latin(before) or _is_latin(after):
        return 0.1
    return 0.95 if 0xA4 <= first <= 0xC6 else 0.35 if 0xC9 <= first <= 0xF9 else 0.1


def _japanese(letter: str, before: str, after: str, encoding: str) -> float:
    raw = letter.encode(encoding)
    if "ぁ" <= letter <= "ヺ" or letter == "ー":
        return 1.3
    if len(raw) < 2 or _is_latin(before) or _is_latin(after):
        return 0.1  # half-width katakana, or a letter of a Western word
    return 0.95 if 0x88 <= raw[0] <= 0x97 else 0.35


def _cyrillic(letter: str, before: str, after: str, encoding: str) -> float:
    if not "А" <= letter <= "ё" or _is_latin(before) or _is_latin(after):
        return 0.0
    in_word = any("А" <= other <= "ё" for other in (before, after))
    return (0.9 if letter.islower() else 0.6) + 0.3 * in_word if in_word else 0.3


def _latin(letter: str, before: str, after: str, encoding: str) -> float:
    if not letter.isalpha() or letter > "ſ" or letter in "ªº":
        return 0.0
    beside = [other for other in (before, after) if other.isalpha()]
    if any(other > "ſ" for other in beside) or (letter.isupper() and before.islower()):
        return 0.3
    return 0.85 if any(_is_latin(other) for other in beside) else 0.3


_WEIGHTS: dict[str, Weigh] = {
    "gbk": _two_bytes([(0xB0, 0xD7, 0.95), (0xD8, 0xF7, 0.4)], _CHINESE),
    "cp949": _two_bytes([(0xB0, 0xC8, 0.9)], _KOREAN),
    "big5": _big5,
    "cp932": _japanese,
    "cp866": _cyrillic,
    "cp1251": _cyrillic,
}
