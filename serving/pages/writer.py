"""Templates filled with words: one Jinja environment a language, the style sheet under a name made from its content."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.reasons import SHOWN_REASONS
from records.roles import ROLES
from records.text import Text
from serving.dates import written, written_moment
from serving.pages import wording
from serving.texts import DEFAULT_LANGUAGE, Texts

_HERE = Path(__file__).parent
LANGUAGE_COOKIE = "language"


@dataclass(frozen=True, kw_only=True)
class StaticFile:
    content: bytes
    media_type: str


class PageWriter:
    """Writes pages in the language that the reader's cookie names."""

    def __init__(self, texts: Mapping[str, Texts]) -> None:
        style, icon = (_HERE / "static" / name for name in ("zerodrop.css", "icon.svg"))
        self._texts = texts
        self.static = {
            _name_by_content(style): StaticFile(content=style.read_bytes(), media_type="text/css"),
            _name_by_content(icon): StaticFile(content=icon.read_bytes(), media_type="image/svg+xml"),
        }
        self._environments = {
            language: _environment(words, style=_name_by_content(style), icon=_name_by_content(icon))
            for language, words in texts.items()
        }

    def language(self, request: Request) -> str:
        asked = request.cookies.get(LANGUAGE_COOKIE, DEFAULT_LANGUAGE)
        return asked if asked in self._texts else DEFAULT_LANGUAGE

    def write(self, request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        page = self._environments[self.language(request)].get_template(template)
        html = page.render({"reader": None, "path": request.url.path, "back_to": _asked_for(request), **values})
        return HTMLResponse(html, status_code=status)


def _asked_for(request: Request) -> str:
    """Where the language switch comes back to: the same page of several, and after a form the page of that form."""
    url = request.url
    return f"{url.path}?{url.query}" if url.query and request.method in ("GET", "HEAD") else url.path


def _name_by_content(path: Path) -> str:
    # Browsers may keep the file for ever: when its content changes, so does its name.
    return f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}"


def _environment(texts: Texts, *, style: str, icon: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )

    def in_language(text: Text) -> str:
        return text.in_language(texts.language)

    environment.globals.update(say=texts.say, knows=texts.knows, language=texts.language, style=style, icon=icon)
    environment.globals.update(roles=ROLES, wording=wording, texts=texts, shown_reasons=SHOWN_REASONS)
    environment.filters.update(
        told=in_language,
        day=lambda day: written(day, texts.language),
        moment=lambda instant: written_moment(instant, texts.language),
    )
    return environment
