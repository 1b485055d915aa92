"""The program with the window: ``upscaler gui [FILE...]``, ``upscaler-gui [FILE...]``."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from upscaler._version import __version__
from upscaler_gui.main_window import MainWindow
from upscaler_gui.theme import apply_theme

TEXTS = Path(__file__).parent / "texts"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program until its window is closed."""
    multiprocessing.freeze_support()
    files = [Path(name) for name in (sys.argv[1:] if arguments is None else arguments)]
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("upscaler")
    app.setApplicationVersion(__version__)
    apply_theme(app)
    app.styleHints().colorSchemeChanged.connect(lambda _: apply_theme(app))
    translate(app, QLocale.system())
    window = MainWindow()
    if files:
        window.add(files)
    window.show()
    return app.exec()


def translate(app: QApplication, locale: QLocale) -> None:
    """Show the texts in the user's language, where we have it."""
    for name, folder in (
        ("upscaler", str(TEXTS)),
        ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
    ):
        translator = QTranslator(app)
        if translator.load(locale, name, "_", folder):
            app.installTranslator(translator)


if __name__ == "__main__":
    sys.exit(main())
