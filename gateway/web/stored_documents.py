"""Documents the gateway knows beforehand: a client sends the hash instead of the text.

After "Persisted Documents" in the appendix of the GraphQL over HTTP draft: `documentId` is `sha256:` and the
hexadecimal SHA-256 of the document's UTF-8 text.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import orjson

from gateway.errors import SetupError, TransportError

PREFIX = "sha256:"


def document_id(text: str) -> str:
    """Return the id that stands for a document in requests."""
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()


class StoredDocuments(Mapping[str, str]):
    """Texts of documents by their ids. An id that does not fit its text is a fault in how we were set up."""

    def __init__(self, texts: Mapping[str, str] = MappingProxyType({}), *, takes_others: bool = True) -> None:
        """Hold the texts; raise SetupError for an id that is not the hash of its text.

        Unless `takes_others`, a text that is none of them is refused by `check`.
        """
        self._takes_others = takes_others
        for key, text in texts.items():
            if key != document_id(text):
                raise SetupError(f"the stored document {key} has another text than its id says")
        self._texts = MappingProxyType(dict(texts))

    def __getitem__(self, key: str) -> str:
        return self._texts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def check(self, text: str) -> None:
        """Return if a text may be asked with; raise TransportError if only stored ones may, and it is not."""
        if not self._takes_others and document_id(text) not in self._texts:
            raise TransportError(
                403,
                "ONLY_STORED_DOCUMENTS",
                "this gateway answers only documents that are stored with it; the operators can add yours",
            )

    def text_of(self, key: str) -> str:
        """Return a document's text; raise TransportError for an id that was not stored."""
        text = self._texts.get(key)
        if text is None:
            raise TransportError(
                400,
                "DOCUMENT_NOT_FOUND",
                "no document is stored under this 'documentId'; after an upgrade of the gateway, "
                "reload the page",
            )
        return text


def read_stored_documents(
    file: Path, folder: Path | None = None, *, takes_others: bool = True
) -> StoredDocuments:
    """Return the panel's documents, from a JSON file `{id: text}`, and those of a folder's *.graphql files.

    There need be no such file. Raises SetupError if the file or the folder is not what it should be.
    """
    return StoredDocuments({**_of_panel(file), **_of_folder(folder)}, takes_others=takes_others)


def _of_panel(file: Path) -> dict[str, str]:
    try:
        content = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, orjson.JSONDecodeError) as error:
        raise SetupError(f"{file.name} of the panel cannot be read; build the panel anew") from error
    if not isinstance(content, dict) or not all(isinstance(text, str) for text in content.values()):
        raise SetupError(f"{file.name} of the panel is not an object of texts; build the panel anew")
    return content


def _of_folder(folder: Path | None) -> dict[str, str]:
    if folder is None:
        return {}
    if not folder.is_dir():
        raise SetupError(f"GATEWAY_STORED_DOCUMENTS names {folder}, which is no folder")
    try:
        texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.graphql"))]
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"a document in {folder} cannot be read as UTF-8") from error
    return {document_id(text): text for text in texts}
