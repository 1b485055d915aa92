"""The window: queue, viewer, settings, and one obvious button."""

from __future__ import annotations

import functools
from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, QSettings, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeySequence,
    QPixmap,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMainWindow,
    QMenu,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from upscaler.errors import UpscalerError, UsageError
from upscaler.folders import cache_folder, config_folder
from upscaler.jobs.plan import Plan, Request, make_plan
from upscaler.jobs.preview import Preview
from upscaler.jobs.report import Report
from upscaler_gui import history, inputs
from upscaler_gui.awake import Awake
from upscaler_gui.compare_dialog import CompareDialog
from upscaler_gui.engine_link import EngineLink
from upscaler_gui.images import to_qimage
from upscaler_gui.job_controller import JobController
from upscaler_gui.model_dialog import ModelDialog
from upscaler_gui.preview_controller import PreviewController
from upscaler_gui.queue_model import QueueModel
from upscaler_gui.queue_state import FINAL, QueueState, State
from upscaler_gui.settings_panel import SettingsPanel
from upscaler_gui.summary import plan_summary, time_text
from upscaler_gui.viewer import Viewer
from upscaler_gui.workers import Call, Threads, Thumbnails

THUMBNAILS_AHEAD = 60


class MainWindow(QMainWindow):
    """Everything that is seen; what is done is done by the controllers."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("upscaler")
        self.setAcceptDrops(True)
        self.resize(1280, 800)
        self.memory = QSettings(str(config_folder() / "window.ini"), QSettings.Format.IniFormat)
        self.threads = Threads(self)
        self.queue = QueueModel(QueueState(), self)
        self.viewer = Viewer()
        self.panel = SettingsPanel()
        self.engine = EngineLink(self)
        self.jobs = JobController(self.queue, self.engine, self)
        self.previews = PreviewController(self.viewer, self.threads, self.engine, self)
        self.awake = Awake()
        self.plan: Plan | None = None
        self.pace: dict[str, float] = {}
        self._planning = 0
        self._make_widgets()
        self._lay_out()
        self._make_actions()
        self._connect()
        self._restore()
        self._update()

    # Building

    def _make_widgets(self) -> None:
        self.table = QTableView()
        self.table.setModel(self.queue)
        self.table.setAccessibleName(self.tr("Queue"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(52)
        self.table.setTabKeyNavigation(False)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Fixed)
        header.setResizeContentsPrecision(20)
        self.empty = QLabel(
            self.tr("Drop pictures, films or folders here\n\nor paste a picture, or press Ctrl+O to open files")
        )
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.start_button = QPushButton(self.tr("Start"))
        self.start_button.setMinimumHeight(44)
        self.start_button.setDefault(True)
        self.pause_button = QPushButton(self.tr("Pause"))
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.preview_button = QPushButton(self.tr("Preview"))
        self.compare_button = QPushButton(self.tr("Compare models…"))
        self.zoom_label = QLabel()
        self.promise = QLabel()
        self.promise.setWordWrap(True)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.total = QProgressBar()
        self.total.setRange(0, 1000)
        self.total.setTextVisible(True)
        self.total.setAccessibleName(self.tr("Progress of the whole queue"))

    def _lay_out(self) -> None:
        self.queue_stack = QStackedWidget()
        self.queue_stack.addWidget(self.empty)
        self.queue_stack.addWidget(self.table)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.viewer, 1)
        row = QHBoxLayout()
        for text, zoom in ((self.tr("Fit"), None), ("100 %", 1.0), ("200 %", 2.0)):
            button = QPushButton(text)
            show = self.viewer.zoom_fit if zoom is None else functools.partial(self.viewer.zoom_to, zoom)
            button.clicked.connect(show)
            row.addWidget(button)
        row.addWidget(self.zoom_label)
        row.addStretch()
        row.addWidget(self.preview_button)
        row.addWidget(self.compare_button)
        column.addLayout(row)
        panel = QScrollArea()
        panel.setWidget(self.panel)
        panel.setWidgetResizable(True)
        panel.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(panel, 1)
        column.addWidget(self.promise)
        column.addWidget(self.start_button)
        row = QHBoxLayout()
        row.addWidget(self.pause_button)
        row.addWidget(self.cancel_button)
        column.addLayout(row)
        self.splitter = QSplitter()
        for widget, size in ((self.queue_stack, 360), (middle, 600), (right, 300)):
            self.splitter.addWidget(widget)
            self.splitter.setStretchFactor(self.splitter.count() - 1, 1 if widget is middle else 0)
            widget.setMinimumWidth(min(size, 260))
        self.splitter.setSizes([360, 620, 300])
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.addWidget(self.splitter, 1)
        row = QHBoxLayout()
        row.addWidget(self.message, 1)
        row.addWidget(self.total, 1)
        column.addLayout(row)
        self.setCentralWidget(whole)

    def _make_actions(self) -> None:
        files = self.menuBar().addMenu(self.tr("&File"))
        edit = self.menuBar().addMenu(self.tr("&Edit"))
        view = self.menuBar().addMenu(self.tr("&View"))
        self._action(files, self.tr("&Open files…"), self._open_files, QKeySequence(QKeySequence.StandardKey.Open))
        self._action(files, self.tr("Open &folder…"), self._open_folder, QKeySequence("Ctrl+Shift+O"))
        self._action(files, self.tr("&Start"), self.start, QKeySequence("Ctrl+Return"))
        self._action(files, self.tr("&History…"), self._show_history, QKeySequence("Ctrl+H"))
        self._action(files, self.tr("&Quit"), self.close, QKeySequence(QKeySequence.StandardKey.Quit))
        self._action(edit, self.tr("&Paste picture"), self.paste, QKeySequence(QKeySequence.StandardKey.Paste))
        self._action(edit, self.tr("&Remove from queue"), self._remove, QKeySequence(QKeySequence.StandardKey.Delete))
        self._action(edit, self.tr("Clear &finished"), self._clear_finished, QKeySequence())
        self._action(view, self.tr("&Preview what is in view"), self._preview, QKeySequence("Ctrl+P"))
        self._action(view, self.tr("&Compare models…"), self._compare, QKeySequence("Ctrl+M"))

    def _action(self, menu: QMenu, text: str, slot: object, keys: QKeySequence) -> None:
        action = QAction(text, self)
        action.setShortcut(keys)
        action.triggered.connect(lambda: slot())  # type: ignore[operator]
        menu.addAction(action)

    def _connect(self) -> None:
        self.start_button.clicked.connect(self.start)
        self.pause_button.clicked.connect(self._pause_or_resume)
        self.cancel_button.clicked.connect(self.jobs.cancel)
        self.preview_button.clicked.connect(self._preview)
        self.compare_button.clicked.connect(self._compare)
        self.panel.changed.connect(self._settings_changed)
        self.panel.choose_model.connect(self._choose_model)
        self.panel.problem.connect(self.say)
        self.table.selectionModel().currentRowChanged.connect(self._show_current)
        self.table.customContextMenuRequested.connect(self._row_menu)
        self.viewer.changed.connect(self._show_zoom)
        self.jobs.started.connect(self._job_started)
        self.jobs.progressed.connect(self._show_progress)
        self.jobs.said.connect(self.say)
        self.jobs.ended.connect(self._job_ended)
        self.previews.said.connect(self.say)
        self.previews.failed.connect(self.say)
        self.previews.previewed.connect(self._learn_pace)
        # Typing into a field must not plan the queue anew at each key.
        self.replan = QTimer(self)
        self.replan.setSingleShot(True)
        self.replan.setInterval(250)
        self.replan.timeout.connect(self._make_plan)

    # Inputs

    def add(self, paths: list[Path]) -> None:
        """Put files, and what is in folders, into the queue."""
        task = Call(functools.partial(inputs.expand, paths))
        task.done.connect(self._add_found)
        task.failed.connect(self.say)
        self.threads.start(task)

    def _add_found(self, found: list[Path]) -> None:
        if not found:
            self.say(self.tr("There was no picture or film in what you gave."))
        new = self.queue.add(found)
        if new:
            first = self.queue.rowCount() - new
            if first == 0:
                self.table.selectRow(0)
            task = Thumbnails(found[:THUMBNAILS_AHEAD])
            task.made.connect(self._thumbnail)
            self.threads.start(task)
        self._settings_changed()

    def _thumbnail(self, path: Path, pixels: object) -> None:
        if pixels is not None:
            self.queue.set_thumbnail(path, QPixmap.fromImage(to_qimage(pixels)))  # type: ignore[arg-type]

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        self._take(event.mimeData())
        event.acceptProposedAction()

    def paste(self) -> None:
        """Take files or a picture from the clipboard."""
        self._take(QGuiApplication.clipboard().mimeData())

    def _take(self, data: QMimeData) -> None:
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if paths:
            self.add(paths)
        elif data.hasImage():
            image: QImage = data.imageData()
            task = Call(functools.partial(inputs.save_pasted, image, cache_folder() / "pasted"))
            task.done.connect(lambda path: self.add([path]))
            task.failed.connect(self.say)
            self.threads.start(task)
        else:
            self.say(self.tr("Only files and pictures can be dropped here."))

    def _open_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.tr("Open files"))
        if names:
            self.add([Path(name) for name in names])

    def _open_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.tr("Open folder"))
        if name:
            self.add([Path(name)])

    def _remove(self) -> None:
        self.queue.remove([index.row() for index in self.table.selectionModel().selectedRows()])
        self._settings_changed()

    def _clear_finished(self) -> None:
        done = (State.DONE, State.SKIPPED)
        self.queue.remove([n for n, row in enumerate(self.queue.state.rows) if row.state in done])
        self._settings_changed()

    def _row_menu(self, place: object) -> None:
        number = self.table.indexAt(place).row()  # type: ignore[call-overload]
        if number < 0:
            return
        row = self.queue.state.rows[number]
        menu = QMenu(self)
        if row.state in FINAL:
            menu.addAction(self.tr("Try again"), lambda: self.retry(number))
        if row.output is not None and row.state in (State.DONE, State.SKIPPED):
            menu.addAction(self.tr("Show in folder"), lambda: self._show_in_folder(row.output))
        menu.addAction(self.tr("Remove from queue"), lambda: self._remove())
        menu.exec(self.table.viewport().mapToGlobal(place))  # type: ignore[call-overload]

    def retry(self, number: int) -> None:
        """Let a row that ended wait again."""
        self.queue.state.retry(number)
        self.queue.changed()
        self._settings_changed()

    def _show_in_folder(self, output: Path | None) -> None:
        if output is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(output.parent)))

    # What will happen

    def _settings_changed(self) -> None:
        self.replan.start()
        self._update()

    def _make_plan(self) -> None:
        """Learn what the job will do; the viewer and the button say it."""
        waiting = tuple(self.queue.state.rows[n].path for n in self.queue.state.pending())
        if not waiting or self.jobs.running:
            self._planned(self._planning, None)
            return
        try:
            settings = self.panel.settings()
        except UsageError as error:
            self.say(str(error))
            return
        self._planning += 1
        request = Request(inputs=waiting, output=self.panel.output(), name=self.panel.template())
        task = Call(functools.partial(make_plan, request, settings))
        task.done.connect(functools.partial(self._planned, self._planning))
        task.failed.connect(self.say)
        self.threads.start(task)

    def _planned(self, number: int, plan: object) -> None:
        if number != self._planning or self.jobs.running:
            return
        self.plan = plan if isinstance(plan, Plan) else None
        if self.plan is not None:
            rows = {row.path: n for n, row in enumerate(self.queue.state.rows)}
            for item in self.plan.items:
                place = rows.get(item.source) if isinstance(item.source, Path) else None
                if item.work is not None and place is not None:
                    sizes = {
                        "size_in": (item.work.width, item.work.height),
                        "size_out": (item.work.out_width, item.work.out_height),
                    }
                    self.queue.state.change(place, output=item.output, sentence=item.problem or "", **sizes)
            self.queue.changed()
            self._show_current()
        self._update()

    def _update(self) -> None:
        running = self.jobs.running
        waiting = len(self.queue.state.pending())
        self.queue_stack.setCurrentIndex(1 if self.queue.state.rows else 0)
        self.start_button.setEnabled(bool(waiting) and not running)
        self.pause_button.setEnabled(running)
        self.pause_button.setText(self.tr("Resume") if self.jobs.paused else self.tr("Pause"))
        self.cancel_button.setEnabled(running)
        self.panel.setEnabled(not running)
        self.total.setVisible(running)
        has_picture = self.previews.pixels is not None
        self.preview_button.setEnabled(has_picture and not running)
        self.compare_button.setEnabled(has_picture and not running)
        if not running:
            self.promise.setText(plan_summary(self.plan, self.pace) if self.plan and waiting else "")

    def say(self, sentence: str) -> None:
        """One line at the bottom."""
        self.message.setText(sentence)

    # Viewer

    def _show_current(self, *_: object) -> None:
        number = self.table.currentIndex().row()
        if not 0 <= number < len(self.queue.state.rows):
            self.previews.show(None, None, None)
            return
        row = self.queue.state.rows[number]
        result = row.output if row.state in (State.DONE, State.SKIPPED) else None
        self.previews.show(row.path, row.size_out, result)
        self._update()

    def _show_zoom(self) -> None:
        self.zoom_label.setText(f"{self.viewer.state.zoom * self.viewer.devicePixelRatioF():.0%}")
        has_picture = self.previews.pixels is not None
        self.preview_button.setEnabled(has_picture and not self.jobs.running)
        self.compare_button.setEnabled(has_picture and not self.jobs.running)

    def _preview(self) -> None:
        try:
            self.previews.preview(self.panel.settings())
        except UsageError as error:
            self.say(str(error))

    def _learn_pace(self, made: Preview) -> None:
        self.pace[self.panel.model.text()] = made.seconds / max(made.megapixels, 1e-6)
        self._update()

    def _compare(self) -> None:
        region, path = self.previews.region(), self.previews.path
        if region is None or path is None:
            return
        dialog = CompareDialog(path, region, self.panel.options(), self.plan, self.engine, self)
        if dialog.exec() and dialog.chosen:
            self.panel.model.setText(dialog.chosen)

    def _choose_model(self) -> None:
        from upscaler_gui.cards import read_cards

        task = Call(read_cards)
        task.done.connect(self._show_models)
        task.failed.connect(self.say)
        self.threads.start(task)

    def _show_models(self, cards: object) -> None:
        dialog = ModelDialog(cards, self.engine, self.panel.model.text(), self)  # type: ignore[arg-type]
        if dialog.exec():
            self.panel.model.setText(dialog.chosen)

    # Running

    def start(self) -> None:
        """Enlarge what waits."""
        try:
            self.jobs.start(self.panel.settings(), self.panel.output(), self.panel.template())
        except UpscalerError as error:
            self.say(str(error))

    def _job_started(self) -> None:
        self.awake.hold()
        self._show_progress()
        self._update()

    def _pause_or_resume(self) -> None:
        if self.jobs.paused:
            self.jobs.resume()
        else:
            self.jobs.pause()
        self._update()

    def _show_progress(self) -> None:
        done = self.queue.state.done
        left = self.jobs.seconds_left()
        self.total.setValue(round(1000 * done))
        time = self.tr("{time} left").format(time=time_text(left)) if left is not None else ""
        self.total.setFormat(f"{done:.0%}   {time}")

    def _job_ended(self, result: Report | str) -> None:
        self.awake.release()
        if isinstance(result, Report):
            self.say(result.error or result.summary())
            history.append(result)
        else:
            self.say(result)
        self._update()
        self._show_current()
        if not self.isActiveWindow():
            QApplication.alert(self)

    def _show_history(self) -> None:
        from upscaler_gui.history_dialog import HistoryDialog

        HistoryDialog(history.read(), self).exec()

    # Being remembered

    def _restore(self) -> None:
        geometry, splitter = self.memory.value("geometry"), self.memory.value("splitter")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        if isinstance(splitter, QByteArray):
            self.splitter.restoreState(splitter)
        try:
            self.panel.show_options(inputs.options_from_text(str(self.memory.value("options", ""))))
        except UpscalerError:
            self.memory.remove("options")  # from another version; the defaults serve
        self.panel.folder.setText(str(self.memory.value("folder", "")))
        self.panel.name.setText(str(self.memory.value("name", "")))

    def _remember(self) -> None:
        self.memory.setValue("geometry", self.saveGeometry())
        self.memory.setValue("splitter", self.splitter.saveState())
        self.memory.setValue("options", inputs.options_to_text(self.panel.options()))
        self.memory.setValue("folder", self.panel.folder.text())
        self.memory.setValue("name", self.panel.name.text())
        self.memory.sync()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        if self.jobs.running and not self._may_close():
            event.ignore()
            return
        self.replan.stop()
        self._remember()
        self.threads.end()
        self.engine.end()
        self.awake.release()
        self.closed.emit()
        event.accept()

    def _may_close(self) -> bool:
        answer = QMessageBox.question(
            self,
            self.tr("Still working"),
            self.tr("Stop the work and close? Finished files stay; the queue goes on from there the next time."),
        )
        return answer == QMessageBox.StandardButton.Yes
