"""Make golden/words.vec: word vectors of the documentation that lies on this machine.

Run: python -m tests.marketplace.find.make_vectors (some minutes; 3 GB of memory)
The text is what this project, packages that it uses and the manual pages say of themselves.
Words that stand near each other are counted, as positive pointwise mutual information, and the
table is factored (Levy and Goldberg, 2014). Kept are the words of the example catalogues, and the
four nearest of each. Other packages make other vectors: the tests hold for any.
"""

from __future__ import annotations

import ast
import gzip
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import svds

from proml_lab.marketplace.example import make_flights, make_movies
from proml_lab.marketplace.find.words import words
from proml_lab.marketplace.workspace import open_workspace

HERE = Path(__file__).parent
N_NUMBERS, N_WORDS, LEAST, WINDOW, NEAREST = 50, 15_000, 20, 5, 4
WORD = re.compile(r"[a-z]+")
MAN = Path("/usr/share/man")
PACKAGES = ("proml_lab", "numpy", "pandas", "scipy", "sklearn", "polars", "networkx", "sqlalchemy")


def main() -> None:
    seen = {text: [one for one in WORD.findall(text) if len(one) > 1] for text in paragraphs()}
    counts = Counter(word for text in seen.values() for word in text)
    known = [word for word, n in counts.most_common(N_WORDS) if n >= LEAST]
    vectors = factored(table(list(seen.values()), known))
    numbers = {word: i for i, word in enumerate(known)}
    asked = [numbers[word] for word in catalogues() if word in numbers]
    near = np.argsort(-(vectors[asked] @ vectors.T), axis=1)[:, : NEAREST + 1]
    kept = sorted({*asked, *near.ravel().tolist()})
    with (HERE / "golden" / "words.vec").open("w", encoding="utf-8") as out:
        out.write(f"{len(kept)} {N_NUMBERS}\n")
        for i in kept:
            out.write(f"{known[i]} {' '.join(f'{x:.3f}' for x in vectors[i])}\n")


def paragraphs() -> Iterator[str]:
    """Texts of six words or more, in lower case."""
    for text in documents():
        for one in re.split(r"\n\s*\n", text.casefold()):
            if one.count(" ") > 4:
                yield " ".join(one.split())


def documents() -> Iterator[str]:
    found = [find_spec(name) for name in PACKAGES]
    folders = [Path(str(one.origin)).parent for one in found if one is not None]
    for folder in (*folders, HERE.parents[2] / "docs"):
        for file in sorted(folder.rglob("*")):
            if file.suffix in (".md", ".rst", ".txt", ".yaml", ".py") and file.is_file():
                text = file.read_text(encoding="utf-8", errors="replace")
                yield from docstrings(text) if file.suffix == ".py" else [text]
    for file in sorted(MAN.glob("man*/*.gz")):
        text = gzip.decompress(file.read_bytes()).decode(errors="replace")
        yield re.sub(r"^[.'].*$|\\f.|\\.", "", text, flags=re.MULTILINE)


def docstrings(code: str) -> Iterator[str]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    yield from (ast.get_docstring(one) or "" for one in ast.walk(tree) if isinstance(one, kinds))


def table(texts: list[list[str]], known: list[str]) -> sparse.csr_matrix:
    """(V, V) positive pointwise mutual information of words that stand within five of another."""
    numbers = {word: i for i, word in enumerate(known)}
    gap = [-1] * WINDOW
    ids = np.array([i for text in texts for i in (*(numbers.get(w, -1) for w in text), *gap)])
    met = sparse.csr_matrix((len(known), len(known)), dtype=np.float32)
    for apart in range(1, WINDOW + 1):
        a, b = ids[:-apart], ids[apart:]
        both = (a >= 0) & (b >= 0) & (a != b)
        share = np.full(both.sum(), 1 / apart, np.float32)
        met += sparse.coo_matrix((share, (a[both], b[both])), shape=met.shape).tocsr()
    pairs = (met + met.T).tocoo()
    of_word = np.bincount(pairs.row, pairs.data, len(known))
    chance = np.bincount(pairs.col, pairs.data, len(known)) ** 0.75
    mutual = np.log(pairs.data * chance.sum() / (of_word[pairs.row] * chance[pairs.col]))
    some = mutual > 0
    return sparse.csr_matrix(
        (mutual[some].astype(np.float32), (pairs.row[some], pairs.col[some])), shape=met.shape
    )


def factored(mutual: sparse.csr_matrix) -> np.ndarray:
    """(V, 50) vectors of length 1."""
    left, sizes, _ = svds(mutual, k=N_NUMBERS, random_state=0)
    vectors = left * np.sqrt(sizes)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def catalogues() -> list[str]:
    """The words of the example workspaces."""
    found: dict[str, None] = {}
    for make in (make_flights, make_movies):
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder) / "shop")
            index = open_workspace(Path(folder) / "shop").index
            found |= dict.fromkeys(index.vocabulary.words)
            text = " ".join(index.table_of_features()["description"])
            found |= dict.fromkeys(words(text))
    return list(found)


if __name__ == "__main__":
    main()
