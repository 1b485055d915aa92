"""The window: queue, viewer, settings, and one obvious button."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, QPoint, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
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
from upscaler.jobs.plan import Request
from upscaler.jobs.preview import Preview
from upscaler.jobs.report import Report
from upscaler.jobs.settings import Settings
from upscaler_gui import history, inputs
from upscaler_gui.cards import Card, read_cards
from upscaler_gui.compare_dialog import CompareDialog
from upscaler_gui.engine_link import EngineLink
from upscaler_gui.job_controller import JobController
from upscaler_gui.model_dialog import ModelDialog
from upscaler_gui.notify import Notifier
from upscaler_gui.paces import Paces
from upscaler_gui.plan_controller import PlanController
from upscaler_gui.preview_controller import PreviewController
from upscaler_gui.queue_model import ProgressDelegate, QueueModel, state_detail
from upscaler_gui.queue_state import FINAL, QueueState, State
from upscaler_gui.sentences import told
from upscaler_gui.settings_panel import SettingsPanel
from upscaler_gui.summary import outcome, promise, time_text
from upscaler_gui.thumbnails import ThumbnailController
from upscaler_gui.viewer import Viewer
from upscaler_gui.workers import Call, Threads


class MainWindow(QMainWindow):
    """Everything that is seen; what is done is done by the controllers."""

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
        self.plans = PlanController(self.queue, self._wish, self)
        self.previews = PreviewController(self.viewer, self.threads, self.engine, self)
        self.notifier = Notifier(self)
        self.paces = Paces(str(self.memory.value("paces", "")))
        self._options: object = None
        self._tried: object = None
        self._make_widgets()
        self.thumbnails = ThumbnailController(self.table, self.queue, self.threads, self)
        self._lay_out()
        self._make_actions()
        self._connect()
        self._restore()
        self._show_current()
        self._update()

    # Building

    def _make_widgets(self) -> None:
        self.table = QTableView()
        self.table.setModel(self.queue)
        self.table.setAccessibleName(self.tr("Queue"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(52)
        self.table.setTabKeyNavigation(False)
        self.table.setItemDelegateForColumn(2, ProgressDelegate(self.table))
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Fixed)
        header.setResizeContentsPrecision(20)
        self.table.setColumnWidth(2, 104)
        self.empty = QLabel(
            self.tr("Drop pictures, films or folders here\n\nor paste a picture, or press Ctrl+O to open files")
        )
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setStyleSheet("border: 2px dashed palette(mid); border-radius: 8px; padding: 12px")
        self.start_button = QPushButton(self.tr("Start"))
        self.start_button.setMinimumHeight(72)
        self.start_button.setDefault(True)
        self.pause_button = QPushButton(self.tr("Pause"))
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.preview_button = QPushButton(self.tr("Preview"))
        self.preview_button.setToolTip(self.tr("Enlarge what is in view, before the run"))
        self.compare_button = QPushButton(self.tr("Compare…"))
        self.compare_button.setToolTip(self.tr("Up to four models on what is in view"))
        self.zoom_label = QLabel()
        self.remark = QLabel()
        self.remark.setWordWrap(True)
        self.remark.setTextFormat(Qt.TextFormat.PlainText)
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
            button.setMinimumWidth(20)
            show = self.viewer.zoom_fit if zoom is None else functools.partial(self.viewer.zoom_to, zoom)
            button.clicked.connect(show)
            row.addWidget(button)
        row.addWidget(self.zoom_label)
        row.addStretch()
        row.addWidget(self.preview_button)
        row.addWidget(self.compare_button)
        column.addLayout(row)
        self.panel_area = panel = QScrollArea()
        panel.setWidget(self.panel)
        panel.setWidgetResizable(True)
        panel.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows its fields
        panel.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(panel, 1)
        column.addWidget(self.remark)
        column.addWidget(self.start_button)
        row = QHBoxLayout()
        row.addWidget(self.pause_button)
        row.addWidget(self.cancel_button)
        column.addLayout(row)
        self.splitter = QSplitter()
        for widget, size in ((self.queue_stack, 400), (middle, 580), (right, 300)):
            self.splitter.addWidget(widget)
            self.splitter.setStretchFactor(self.splitter.count() - 1, 1 if widget is middle else 0)
            widget.setMinimumWidth(min(size, 260))
        self.splitter.setSizes([400, 580, 300])
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.addWidget(self.splitter, 1)
        row = QHBoxLayout()
        row.addWidget(self.message, 1)
        row.addWidget(self.total, 1)
        column.addLayout(row)
        self.setCentralWidget(whole)

    def _make_actions(self) -> None:
        bar = self.menuBar()
        files, edit = bar.addMenu(self.tr("&File")), bar.addMenu(self.tr("&Edit"))
        view, help_ = bar.addMenu(self.tr("&View")), bar.addMenu(self.tr("&Help"))
        standard = QKeySequence.StandardKey
        self._action(files, self.tr("&Open files…"), self._open_files, QKeySequence(standard.Open))
        self._action(files, self.tr("Open &folder…"), self._open_folder, "Ctrl+Shift+O")
        self._action(files, self.tr("&Start"), self.start, "Ctrl+Return")
        self._action(files, self.tr("Pa&use or resume"), self._pause_or_resume, "Ctrl+Shift+P")
        self._action(files, self.tr("&Cancel"), self.jobs.cancel, "Ctrl+.")
        self._action(files, self.tr("&History…"), self._show_history, "Ctrl+H")
        self._action(files, self.tr("&Quit"), self.close, QKeySequence(standard.Quit))
        self._action(edit, self.tr("&Paste picture or files"), self.paste, QKeySequence(standard.Paste))
        self._action(edit, self.tr("&Try again"), self._retry_selected, "Ctrl+R")
        self._action(edit, self.tr("&Enlarge again"), self._again_selected, "Ctrl+Shift+R")
        self._action(edit, self.tr("&Show in folder"), self._show_current_in_folder, "Ctrl+Shift+F")
        self._action(edit, self.tr("&Remove from queue"), self._remove, QKeySequence(standard.Delete))
        self._action(edit, self.tr("Clear &finished"), self._clear_finished, "")
        self._action(view, self.tr("&Preview what is in view"), self._preview, "Ctrl+P")
        self._action(view, self.tr("&Compare models…"), self._compare, "Ctrl+M")
        self._action(view, self.tr("&Fit"), self.viewer.zoom_fit, "Ctrl+0")
        self._action(view, self.tr("&100 %"), functools.partial(self.viewer.zoom_to, 1.0), "Ctrl+1")
        self._action(view, self.tr("&200 %"), functools.partial(self.viewer.zoom_to, 2.0), "Ctrl+2")
        self._action(
            view, self.tr("&Larger"), functools.partial(self.viewer.zoom_step, 1), QKeySequence(standard.ZoomIn)
        )
        smaller = functools.partial(self.viewer.zoom_step, -1)
        self._action(view, self.tr("S&maller"), smaller, QKeySequence(standard.ZoomOut))
        self._action(view, self.tr("Slider to the l&eft"), functools.partial(self.viewer.slide, -0.05), "Ctrl+Left")
        self._action(view, self.tr("Slider to the &right"), functools.partial(self.viewer.slide, 0.05), "Ctrl+Right")
        view.addSeparator()
        self.by_itself = self._switch(view, self.tr("Preview &by itself"))
        self.notice = self._switch(view, self.tr("&Notify when the job has ended"))
        self.notice.toggled.connect(lambda on: setattr(self.notifier, "wanted", on))
        self._action(help_, self.tr("&Copy a report of the last job"), self._copy_report, "")

    def _action(self, menu: QMenu, text: str, slot: Callable[[], object], keys: QKeySequence | str) -> None:
        action = QAction(text, self)
        action.setShortcut(keys)
        action.triggered.connect(lambda: slot())
        menu.addAction(action)

    def _switch(self, menu: QMenu, text: str) -> QAction:
        action = QAction(text, self)
        action.setCheckable(True)
        action.setChecked(True)
        menu.addAction(action)
        return action

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
        self.queue.modelReset.connect(self._show_current)
        self.table.customContextMenuRequested.connect(self._row_menu)
        self.viewer.changed.connect(self._show_zoom)
        self.jobs.started.connect(self._job_started)
        self.jobs.said.connect(self.say)
        self.jobs.ended.connect(self._job_ended)
        self.plans.said.connect(self.say)
        self.plans.failed.connect(self.say)
        self.plans.changed.connect(self._planned)
        self.previews.said.connect(self.say)
        self.previews.failed.connect(self.say)
        self.previews.loaded.connect(self._picture_shown)
        self.previews.previewed.connect(self._learn_pace)
        for field in self.findChildren(QLineEdit):
            field.setAcceptDrops(False)  # a file dropped there is meant for the queue like any other
        # Events come by the hundred; the eye needs ten a second.
        self.refresh = QTimer(self)
        self.refresh.setSingleShot(True)
        self.refresh.setInterval(100)
        self.refresh.timeout.connect(self._show_progress)
        self.jobs.progressed.connect(lambda: self.refresh.isActive() or self.refresh.start())

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
        if new and self.queue.rowCount() == new:
            self.table.selectRow(0)
        if new and self.jobs.running:
            self.say(self.tr("{count} more: they follow when these are done.").format(count=new))
        self._queue_changed()

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
        numbers = [index.row() for index in self.table.selectionModel().selectedRows()]
        free = [number for number in numbers if not self.jobs.holds(self.queue.state.rows[number].path)]
        self.queue.remove(free)
        if len(free) < len(numbers):
            self.say(self.tr("What the running job will do stays in the queue until it has ended."))
        self._queue_changed()

    def _clear_finished(self) -> None:
        done = (State.DONE, State.SKIPPED)
        self.queue.remove([n for n, row in enumerate(self.queue.state.rows) if row.state in done])
        self._queue_changed()

    def _row_menu(self, place: QPoint) -> None:
        number = self.table.indexAt(place).row()
        if number < 0:
            return
        row = self.queue.state.rows[number]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if row.state in (State.FAILED, State.CANCELLED):
            menu.addAction(self.tr("Try again"), lambda: self.retry(number))
        if row.output is not None and row.state in (State.DONE, State.SKIPPED):
            menu.addAction(self.tr("Enlarge again"), self._again_selected)
            menu.addAction(self.tr("Show in folder"), self._show_current_in_folder)
        menu.addAction(self.tr("Remove from queue"), self._remove)
        menu.popup(self.table.viewport().mapToGlobal(place))

    def retry(self, number: int) -> None:
        """Let a row that ended wait again."""
        self.queue.state.retry(number)
        self.queue.changed()
        self._queue_changed()

    def _retry_selected(self) -> None:
        for index in self.table.selectionModel().selectedRows():
            self.retry(index.row())

    def _again_selected(self) -> None:
        rows = [self.queue.state.rows[index.row()] for index in self.table.selectionModel().selectedRows()]
        ended = [row.path for row in rows if row.state in FINAL]
        if ended:
            self._again(ended)

    def _again_if_there(self, paths: list[Path]) -> None:
        task = Call(functools.partial(inputs.expand, paths))
        task.done.connect(self._again)
        task.failed.connect(self.say)
        self.threads.start(task)

    def _again(self, paths: list[Path]) -> None:
        """Let files wait for the settings chosen now, whether their rows ended or have gone; old results are kept."""
        if not paths:
            self.say(self.tr("None of these files is there to be enlarged again."))
            return
        self.queue.add(paths)
        rows = [number for path in paths if (number := self.queue.state.where(path)) is not None]
        for number in rows:
            self.queue.state.retry(number)
        self.queue.changed()
        count = sum(self.queue.state.rows[number].state is State.WAITING for number in rows)
        sentence = self.tr("Again in the queue: {count}. Their old results will be replaced.")
        if self.panel.existing() != "overwrite":
            # What was made with other settings would otherwise be in the way.
            self.panel.exists.setCurrentIndex(self.panel.exists.findData("rename"))
            sentence = self.tr(
                "Again in the queue: {count}. Their old results are kept, and the new ones written beside them."
            )
        self.say(sentence.format(count=count))
        self._queue_changed()

    def _show_current_in_folder(self) -> None:
        number = self.table.currentIndex().row()
        output = self.queue.state.rows[number].output if number >= 0 else None
        if output is not None and self.queue.state.rows[number].state in (State.DONE, State.SKIPPED):
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(output.parent)))

    # What will happen

    def _settings_changed(self) -> None:
        options = self.panel.options()
        if options != self._options:  # folder and name are in none: they change nothing that is seen
            self._options, self._tried = options, None
            self.previews.outdate()
        self._queue_changed()

    def _queue_changed(self) -> None:
        if not self.jobs.running:
            self.plans.outdate()
        self._update()

    def _wish(self) -> tuple[Request, Settings] | None:
        """What Start would do now.  Raises UpscalerError."""
        waiting = tuple(self.queue.state.rows[n].path for n in self.queue.state.pending())
        if not waiting:
            return None
        panel = self.panel
        request = Request(
            inputs=waiting,
            output=panel.output(),
            name=panel.template(),
            exists=panel.existing(),
            gone_fails=True,  # it was there when it was dropped
        )
        return request, panel.settings()

    def _planned(self) -> None:
        self._show_current()
        self._update()
        self._measure()

    def _measure(self) -> None:
        """The first look with new settings comes by itself, and tells the pace: so Start can say how long it takes."""
        outlook = self.plans.outlook
        if outlook is None or self.jobs.running or not self.by_itself.isChecked() or self.previews.shown is None:
            return
        options = self.panel.options()
        if self.previews.region() is not None and options != self._tried and not self.viewer.has_result():
            self._tried = options
            self._preview()

    def _seconds(self) -> float | None:
        outlook = self.plans.outlook
        pace = self._pace()
        if outlook is None or pace is None or outlook.megapixels_in is None:
            return None
        return pace * outlook.megapixels_in

    def _pace(self) -> float | None:
        outlook = self.plans.outlook
        return self.paces.pace(outlook.models, self.panel.options()) if outlook is not None else None

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
        self._update_looking()
        if running:
            return
        outlook = self.plans.outlook if waiting else None
        lines = [self.tr("Start"), *(promise(outlook, self._seconds()) if outlook else [])]
        self.start_button.setText("\n".join(lines))
        self.start_button.setAccessibleName(", ".join(lines))
        remarks = [", ".join(outlook.models), outlook.reason, *outlook.notes] if outlook else []
        self.remark.setText(told("\n".join(filter(None, remarks))))

    def _update_looking(self) -> None:
        possible = self.previews.shown is not None and not self.jobs.running
        self.preview_button.setEnabled(possible)
        self.compare_button.setEnabled(possible)

    def say(self, sentence: str) -> None:
        """One line at the bottom."""
        self.message.setText(told(sentence))
        self.message.setToolTip(told(sentence))

    # Viewer

    def _show_current(self, *_: object) -> None:
        number = self.table.currentIndex().row()
        if not 0 <= number < len(self.queue.state.rows):
            self.previews.show(None, None, None)
            return
        row = self.queue.state.rows[number]
        result = row.output if row.state in (State.DONE, State.SKIPPED) else None
        self.previews.show(row.path, row.size_out, result)
        if row.sentence and not self.jobs.running:
            self.say(row.sentence)

    def _picture_shown(self) -> None:
        self._update_looking()
        self._measure()

    def _show_zoom(self) -> None:
        self.zoom_label.setText(f"{100 * self.viewer.state.zoom:.0f} %")

    def _preview(self) -> None:
        if self.jobs.running:
            return
        try:
            self.previews.preview(self.panel.settings(), self._pace())
        except UsageError as error:
            self.say(str(error))

    def _learn_pace(self, made: Preview) -> None:
        self.paces.learn(made.models, self.panel.options(), made.seconds, made.megapixels)
        self._update()

    def _compare(self) -> None:
        if self.previews.region() is not None and not self.jobs.running:
            self._with_cards(self._show_comparison)

    def _choose_model(self) -> None:
        self._with_cards(self._show_models)

    def _with_cards(self, show: Callable[[list[Card]], None]) -> None:
        task = Call(functools.partial(read_cards, self.paces, self.panel.options()))
        task.done.connect(show)
        task.failed.connect(self.say)
        self.threads.start(task)

    def _show_comparison(self, cards: list[Card]) -> None:
        region, path, outlook = self.previews.region(), self.previews.path, self.plans.outlook
        if region is None or path is None:
            return
        megapixels = outlook.megapixels_in if outlook is not None else None
        dialog = CompareDialog(path, region, self.panel.options(), megapixels, cards, self.engine, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.made.connect(self._learn_pace)
        dialog.accepted.connect(lambda: self.panel.model.setText(dialog.chosen))
        dialog.open()

    def _show_models(self, cards: list[Card]) -> None:
        dialog = ModelDialog(cards, self.engine, self.panel.model.text(), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.panel.model.setText(dialog.chosen))
        dialog.downloaded.connect(lambda _: self.plans.outdate())
        dialog.open()

    # Running

    def start(self) -> None:
        """Enlarge what waits."""
        try:
            wish = self._wish()
        except UpscalerError as error:
            self.say(str(error))
            return
        if wish is not None and not self.jobs.running:
            self.plans.stop()
            self.jobs.start(*wish)

    def _job_started(self) -> None:
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
        self._show_current()
        current = next((row for row in self.queue.state.rows if row.state is State.RUNNING), None)
        if current is not None and not self.jobs.paused:
            self.say(f"{current.path.name}: {state_detail(current)}")

    def _job_ended(self, result: Report | str) -> None:
        self.refresh.stop()
        self._update()
        if isinstance(result, str):
            self.say(result)
            self.notifier.tell(result)
            return
        sentence = outcome(result)
        history.append(result, sentence)
        self._learn_from(result)
        self._show_current()
        self.say(sentence)
        if result.exit_code in (0, 1) and self.queue.state.pending():
            self.start()  # what was dropped meanwhile
        else:
            self.notifier.tell(sentence)
            self.plans.outdate()

    def _learn_from(self, report: Report) -> None:
        items = [item for item in report.items if item.state == "finished"]
        megapixels = sum(item.width * item.height for item in items) / 1e6
        if megapixels > 1 and all(item.kind == "pictures" for item in items):
            models = [model for item in items for model in item.models]
            self.paces.learn(models, self.panel.options(), report.seconds, megapixels)

    def _show_history(self) -> None:
        from upscaler_gui.history_dialog import HistoryDialog

        dialog = HistoryDialog(history.read(), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.again.connect(self._again_if_there)
        dialog.open()

    def _copy_report(self) -> None:
        past = history.read()
        QGuiApplication.clipboard().setText(history.report_text(past[-1] if past else None))
        self.say(self.tr("The report is in the clipboard; it names no files."))

    # Being remembered

    def _restore(self) -> None:
        geometry, splitter = self.memory.value("geometry"), self.memory.value("splitter")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        if isinstance(splitter, QByteArray):
            self.splitter.restoreState(splitter)
        self.panel.show_options(inputs.options_from_text(str(self.memory.value("options", ""))))
        self.panel.folder.setText(str(self.memory.value("folder", "")))
        self.panel.name.setText(str(self.memory.value("name", "")))
        self.panel.exists.setCurrentIndex(max(self.panel.exists.findData(self.memory.value("exists", "skip")), 0))
        for name, switch in self._switches().items():
            switch.setChecked(self.memory.value(name, "yes") == "yes")

    def _remember(self) -> None:
        self.memory.setValue("geometry", self.saveGeometry())
        self.memory.setValue("splitter", self.splitter.saveState())
        self.memory.setValue("options", inputs.options_to_text(self.panel.options()))
        self.memory.setValue("folder", self.panel.folder.text())
        self.memory.setValue("name", self.panel.name.text())
        self.memory.setValue("exists", self.panel.existing())
        self.memory.setValue("paces", self.paces.to_text())
        for name, switch in self._switches().items():
            self.memory.setValue(name, "yes" if switch.isChecked() else "no")
        self.memory.sync()

    def _switches(self) -> dict[str, QAction]:
        return {"preview-by-itself": self.by_itself, "notify": self.notice}

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self.thumbnails.look()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        if self.jobs.running and not self._may_close():
            event.ignore()
            return
        self._remember()
        self.hide()  # the tile that is being made may take a moment
        self.engine.end()
        self.plans.end()
        self.refresh.stop()
        self.thumbnails.end()
        self.threads.end()
        self.notifier.end()
        event.accept()

    def _may_close(self) -> bool:
        answer = QMessageBox.question(
            self,
            self.tr("Still working"),
            self.tr("Stop the work and close? Finished files stay; the same files dropped again go on from there."),
        )
        return answer == QMessageBox.StandardButton.Yes
