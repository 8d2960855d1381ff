"""What a PDF says and how large its pages are."""

import pypdfium2

POINTS_PER_MM = 72 / 25.4


def read_pdf(data: bytes) -> tuple[str, list[tuple[int, int]]]:
    """All text without spaces, and each page's width and height in millimetres."""
    document = pypdfium2.PdfDocument(data)
    texts, sizes = [], []
    for index in range(len(document)):
        page = document[index]
        words = page.get_textpage()
        texts.append(words.get_text_bounded())
        words.close()
        sizes.append(tuple(round(side / POINTS_PER_MM) for side in page.get_size()))
        page.close()
    document.close()
    return "".join("".join(texts).split()), sizes
