"""The narrow panel of settings: widgets over one ``Settings``, which the command line shares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from upscaler.errors import UpscalerError
from upscaler.jobs.presets import load_preset, preset_names, save_preset_as, settings_from
from upscaler.jobs.settings import Exists, Settings

TARGETS = ("scale", "width", "height", "long_edge", "megapixels")
SEEN = frozenset(
    {"model", "prefer", "commercial", "format", "quality", "lossless", "strip_metadata", "device", "precision", "tile"}
    | {"exact"}
)
FORMATS = ("keep", "png", "jpg", "webp", "tiff", "avif", "jxl")


class SettingsPanel(QWidget):
    """``options`` is what differs from the defaults, as presets keep it; ``changed`` follows every change."""

    changed = Signal()
    choose_model = Signal()
    problem = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(250)
        self.model = QLineEdit("auto")
        self.model.setReadOnly(True)
        self.prefer = QComboBox()
        self.commercial = QCheckBox(self.tr("Commercial use allowed only"))
        self.target = QComboBox()
        self.amount = QDoubleSpinBox()
        self.format = QComboBox()
        self.quality = QSpinBox()
        self.lossless = QCheckBox(self.tr("Lose nothing"))
        self.strip = QCheckBox(self.tr("Leave out metadata"))
        self.folder = QLineEdit()
        self.name = QLineEdit()
        self.exists = QComboBox()
        self._unseen: dict[str, Any] = {}
        self.device = QComboBox()
        self.precision = QComboBox()
        self.tile = QSpinBox()
        self.exact = QCheckBox(self.tr("Exact tiles for every network (slower)"))
        self.presets = QComboBox()
        self._fill()
        self._lay_out()
        self._connect()

    def _fill(self) -> None:
        for value, text in (
            ("latency", self.tr("Speed")),
            ("quality", self.tr("Quality")),
            ("flops", self.tr("Little arithmetic")),
            ("memory", self.tr("Little memory")),
        ):
            self.prefer.addItem(text, value)
        for value, text in (
            ("scale", self.tr("Times larger")),
            ("width", self.tr("Width in pixels")),
            ("height", self.tr("Height in pixels")),
            ("long_edge", self.tr("Longer side in pixels")),
            ("megapixels", self.tr("Megapixels")),
        ):
            self.target.addItem(text, value)
        self._range("scale")
        for value in FORMATS:
            self.format.addItem(self.tr("As the input") if value == "keep" else value.upper(), value)
        self.quality.setRange(-1, 100)
        self.quality.setSpecialValueText(self.tr("95 or visually lossless"))
        self.quality.setValue(-1)
        for value, text in (
            ("skip", self.tr("Keep; skip what is done")),
            ("rename", self.tr("Keep; write beside them")),
            ("overwrite", self.tr("Replace")),
        ):
            self.exists.addItem(text, value)
        for value in ("auto", "cpu", "cuda", "mps", "xpu"):
            self.device.addItem(self.tr("Automatic") if value == "auto" else value.upper(), value)
        for value in ("auto", "fp32", "bf16", "fp16"):
            self.precision.addItem(self.tr("Automatic") if value == "auto" else value, value)
        self.tile.setRange(-1, 8192)
        self.tile.setSpecialValueText(self.tr("Automatic"))
        self.tile.setValue(-1)
        self.folder.setPlaceholderText(self.tr("“upscaled” beside the inputs"))
        self.name.setPlaceholderText("{stem}")
        self.name.setToolTip(self.tr("May hold {stem}, {scale}, {model}, {n} and {parent}"))
        self.reload_presets()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self._group(self.tr("Model"), self._model_rows()))
        layout.addWidget(self._group(self.tr("Size"), [(self.tr("Make it"), self.target), ("", self.amount)]))
        layout.addWidget(
            self._group(
                self.tr("Output"),
                [
                    (self.tr("Format"), self.format),
                    (self.tr("Quality"), self.quality),
                    ("", self.lossless),
                    ("", self.strip),
                    (
                        self.tr("Folder"),
                        self._with_button(self.folder, "…", self._pick_folder, self.tr("Choose folder")),
                    ),
                    (self.tr("Name"), self.name),
                    (self.tr("Existing"), self.exists),
                ],
            )
        )
        self.advanced = self._group(
            self.tr("Advanced"),
            [
                (self.tr("Device"), self.device),
                (self.tr("Precision"), self.precision),
                (self.tr("Tile"), self.tile),
                ("", self.exact),
            ],
        )
        self.advanced.setCheckable(True)
        self.advanced.setChecked(False)
        layout.addWidget(self.advanced)
        save = self._with_button(self.presets, self.tr("Save…"), self._save_preset, self.tr("Save as preset"))
        layout.addWidget(self._group(self.tr("Presets"), [("", save)]))
        layout.addStretch()

    def _model_rows(self) -> list[tuple[str, QWidget]]:
        chooser = self._with_button(self.model, "…", self.choose_model.emit, self.tr("Choose a model"))
        return [("", chooser), (self.tr("Automatic by"), self.prefer), ("", self.commercial)]

    def _group(self, title: str, rows: list[tuple[str, QWidget]]) -> QGroupBox:
        group = QGroupBox(title)
        form = QFormLayout(group)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for text, widget in rows:
            named = widget.focusProxy() or widget  # what the keyboard meets
            if text:
                label = QLabel(text)
                label.setBuddy(widget)
                form.addRow(label, widget)
                named.setAccessibleName(f"{title}: {text}")
            else:
                form.addRow(widget)
                if not isinstance(widget, QCheckBox):
                    named.setAccessibleName(title)
        return group

    def _with_button(self, widget: QWidget, text: str, pressed: Any, name: str) -> QWidget:
        box = QWidget()
        box.setFocusProxy(widget)
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(widget, 1)
        button = QToolButton() if text == "…" else QPushButton(text)
        button.setText(text)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.clicked.connect(lambda: pressed())
        row.addWidget(button)
        return box

    def _connect(self) -> None:
        for box in (self.prefer, self.format, self.exists, self.device, self.precision):
            box.currentIndexChanged.connect(self.changed)
        for check in (self.commercial, self.lossless, self.strip, self.exact):
            check.toggled.connect(self.changed)
        for spin in (self.quality, self.tile):
            spin.valueChanged.connect(self.changed)
        self.amount.valueChanged.connect(self.changed)
        self.target.currentIndexChanged.connect(self._target_changed)
        self.folder.textChanged.connect(self.changed)
        self.name.textChanged.connect(self.changed)
        self.model.textChanged.connect(self._model_changed)
        self.advanced.toggled.connect(self.changed)
        self.presets.activated.connect(self._use_preset)

    def _model_changed(self, name: str) -> None:
        self.prefer.setEnabled(name == "auto")
        self.changed.emit()

    def _target_changed(self) -> None:
        self._range(self.target.currentData())
        for name in (*TARGETS, "fit"):
            self._unseen.pop(name, None)
        self.changed.emit()

    def _range(self, target: str) -> None:
        decimals, least, most, start = {
            "scale": (2, 0.1, 64.0, 4.0),
            "megapixels": (1, 0.1, 10_000.0, 12.0),
        }.get(target, (0, 1.0, 500_000.0, 3840.0))
        self.amount.blockSignals(True)
        self.amount.setDecimals(decimals)
        self.amount.setRange(least, most)
        self.amount.setValue(start)
        self.amount.blockSignals(False)

    # What the panel says

    def options(self) -> dict[str, Any]:
        """What differs from the defaults, by ``Settings``' names."""
        target = self.target.currentData()
        amount = self.amount.value()
        found: dict[str, Any] = {
            **self._unseen,
            "model": self.model.text() or "auto",
            "prefer": self.prefer.currentData(),
            "commercial": self.commercial.isChecked(),
            "format": self.format.currentData(),
            "quality": self.quality.value() if self.quality.value() >= 0 else None,
            "lossless": self.lossless.isChecked(),
            "strip_metadata": self.strip.isChecked(),
            target: amount if target in ("scale", "megapixels") else int(amount),
        }
        if self.advanced.isChecked():
            found |= {
                "device": self.device.currentData(),
                "precision": self.precision.currentData(),
                "tile": self.tile.value() if self.tile.value() >= 0 else None,
                "exact": self.exact.isChecked(),
            }
        defaults = Settings()
        return {key: value for key, value in found.items() if value != getattr(defaults, key)}

    def settings(self) -> Settings:
        """Raises UsageError where they make no sense."""
        return settings_from(self.options())

    def show_options(self, options: dict[str, Any]) -> None:
        """Set all widgets; what is not named gets its default, and what has no widget is kept as it is."""
        values = {**{f: getattr(Settings(), f) for f in Settings.__dataclass_fields__}, **options}
        self.blockSignals(True)
        self.model.setText(values["model"])
        for box, key in (
            (self.prefer, "prefer"),
            (self.format, "format"),
            (self.device, "device"),
            (self.precision, "precision"),
        ):
            box.setCurrentIndex(max(box.findData(values[key]), 0))
        for check, key in (
            (self.commercial, "commercial"),
            (self.lossless, "lossless"),
            (self.strip, "strip_metadata"),
            (self.exact, "exact"),
        ):
            check.setChecked(values[key])
        self.quality.setValue(-1 if values["quality"] is None else values["quality"])
        self.tile.setValue(-1 if values["tile"] is None else values["tile"])
        target = next((t for t in TARGETS if t != "scale" and values[t] is not None), "scale")
        self.target.setCurrentIndex(self.target.findData(target))
        self.amount.setValue(values[target])
        self._unseen = {key: value for key, value in options.items() if key not in SEEN and key != target}
        self.advanced.setChecked(any(key in options for key in ("device", "precision", "tile", "exact")))
        self.blockSignals(False)
        self.changed.emit()

    def output(self) -> Path | None:
        return Path(self.folder.text()) if self.folder.text() else None

    def existing(self) -> Exists:
        value: Exists = self.exists.currentData()
        return value

    def template(self) -> str | None:
        return self.name.text() or None

    # Presets and folder

    def reload_presets(self) -> None:
        self.presets.clear()
        self.presets.addItem(self.tr("Choose…"))
        self.presets.addItems(preset_names())

    def _use_preset(self, index: int) -> None:
        if index > 0:
            try:
                self.show_options(load_preset(self.presets.itemText(index)))
            except UpscalerError as error:
                self.problem.emit(str(error))

    def _save_preset(self) -> None:
        name, given = QInputDialog.getText(self, self.tr("Save as preset"), self.tr("Name:"))
        if given and name:
            try:
                save_preset_as(name, self.options())
            except UpscalerError as error:
                self.problem.emit(str(error))
            self.reload_presets()

    def _pick_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Output folder"), self.folder.text())
        if folder:
            self.folder.setText(folder)
