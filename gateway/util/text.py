"""Text that came from outside (Amazon's descriptions, names): made fit to be shown or logged on one line."""

import unicodedata

LONGEST_SHOWN = 300

# Format characters that people need in names: the joiners of emoji and of several scripts.
JOINERS = frozenset("\u200c\u200d")


def is_hidden(character: str) -> bool:
    """Tell whether a character is a control, a direction mark, a lone surrogate or a line end."""
    category = unicodedata.category(character)
    return category in {"Cc", "Cs", "Zl", "Zp"} or (category == "Cf" and character not in JOINERS)


def has_hidden(text: str) -> bool:
    """Tell whether a text holds control or direction marks, or what UTF-8 cannot carry."""
    if text.isascii():  # of which nothing else but controls cannot be printed
        return not text.isprintable()
    return any(is_hidden(character) for character in text)


def cleaned(text: object, longest: int = LONGEST_SHOWN) -> str:
    """Return `text` on one line without control and direction marks, at most `longest` characters.

    Anything but a string gives an empty one, and so do blanks alone.
    """
    if not isinstance(text, str) or text.isspace():
        return ""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())[:longest]
    visible = "".join(" " if is_hidden(character) else character for character in text[: 4 * longest])
    return " ".join(visible.split())[:longest]
