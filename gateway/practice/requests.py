"""The practice world's requests: the talk's own, with the production manager made up as the requester."""

from dataclasses import replace
from typing import Final

from gateway.imports.drafts import Reading, RequestDraft
from gateway.imports.talk import understand_talk
from gateway.practice.talk import FILE_NAME, talk_document

PRODUCTION_MANAGER: Final = "prodman"


def practice_requests() -> tuple[Reading, ...]:
    """The talk's requests and processings as rows to import, in the order of the talk."""
    readings = understand_talk(talk_document(), file_name=FILE_NAME)
    return tuple(
        replace(reading, draft=replace(reading.draft, requested_by=PRODUCTION_MANAGER))
        if isinstance(reading.draft, RequestDraft)
        else reading
        for reading in readings
    )
