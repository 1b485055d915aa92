"""Light and dark: Qt's own Fusion style with one palette for each."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

ACCENT = QColor("#2f6fde")


def apply_theme(app: QApplication, *, dark: bool | None = None) -> None:
    """Follow the system, or ``dark`` where it is given."""
    app.setStyle("Fusion")
    if dark is None:
        dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
    app.setPalette(dark_palette() if dark else light_palette())


def dark_palette() -> QPalette:
    palette = _palette(QColor("#232528"), QColor("#33363b"), QColor("#e8eaed"), QColor("#b4bac1"), QColor("#3c4046"))
    palette.setColor(QPalette.ColorRole.Link, QColor("#8ab4f8"))
    return palette


def light_palette() -> QPalette:
    return _palette(QColor("#f4f5f7"), QColor("#ffffff"), QColor("#1b1c1e"), QColor("#5f6368"), QColor("#e6e8eb"))


def _palette(window: QColor, base: QColor, text: QColor, faint: QColor, button: QColor) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for kind, colour in (
        (role.Window, window),
        (role.Base, base),
        (role.AlternateBase, window),
        (role.Text, text),
        (role.WindowText, text),
        (role.ButtonText, text),
        (role.Button, button),
        (role.ToolTipBase, base),
        (role.ToolTipText, text),
        (role.PlaceholderText, faint),
        (role.Highlight, ACCENT),
        (role.HighlightedText, QColor("white")),
        (role.Link, ACCENT),
    ):
        palette.setColor(kind, colour)
    for kind in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, kind, faint)
    return palette
