"""The window in another language."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET  # our own file, not one from outside
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QTranslator
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from upscaler_gui import app
from upscaler_gui.main_window import MainWindow

GERMAN = app.TEXTS / "upscaler_de.ts"
SOURCES = sorted(app.TEXTS.parent.glob("*.py"))


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    app.translate(qapp, QLocale("de_AT"))
    yield
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)
        translator.deleteLater()


def test_the_window_speaks_german(german: None, qtbot: QtBot) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    assert "Ordner hier ablegen" in window.empty.text()
    assert window.cancel_button.text() == "Abbrechen"
    window.close()


def messages(path: Path) -> dict[tuple[str, str], ET.Element]:
    found = {}
    for context in ET.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            found[context.findtext("name", ""), message.findtext("source", "")] = message.find("translation")
    return {key: value for key, value in found.items() if value is not None}


def test_every_german_text_is_finished_and_keeps_its_fields() -> None:
    for (_, source), translation in messages(GERMAN).items():
        assert translation.get("type") is None, source
        assert translation.text, source
        assert sorted(fields(source)) == sorted(fields(translation.text)), source


def fields(text: str) -> list[str]:
    return [part.split("}")[0] for part in text.split("{")[1:]]


@pytest.mark.skipif(shutil.which("pyside6-lupdate") is None, reason="PySide6's tools are not installed")
def test_every_text_of_the_program_has_a_german_one(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.ts"
    command = ["pyside6-lupdate", *map(str, SOURCES), "-ts", str(fresh), "-no-obsolete", "-locations", "none"]
    subprocess.run(command, check=True, capture_output=True)
    assert messages(fresh).keys() == messages(GERMAN).keys()


@pytest.mark.skipif(shutil.which("pyside6-lrelease") is None, reason="PySide6's tools are not installed")
def test_the_compiled_texts_are_those_of_the_source(tmp_path: Path) -> None:
    compiled = tmp_path / "fresh.qm"
    subprocess.run(["pyside6-lrelease", str(GERMAN), "-qm", str(compiled)], check=True, capture_output=True)
    assert compiled.read_bytes() == GERMAN.with_suffix(".qm").read_bytes()
