"""The viewer: a picture before and after, one over the other, with a slider between them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from upscaler_gui.images import Levels
from upscaler_gui.viewer_state import ViewerState

GRIP = 12  # points on each side of the slider that take the mouse

CENTRED = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap


class Viewer(QWidget):
    """Shows ``before`` (enlarged plainly to the result's size) and, where it is known, parts of the result over it.

    The state counts the screen's own pixels, not Qt's points, so that 100 % is one to one on every screen.
    """

    changed = Signal()
    """Zoom, place or slider changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = ViewerState()
        self._before: Levels | None = None
        self._after: list[tuple[QRectF, Levels]] = []
        self.hint = ""
        """Said where there is no picture."""

        self._dragging = ""
        self._last = QPointF()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Picture before and after"))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(640, 480)

    def show_picture(self, before: Levels | None, width: int, height: int) -> None:
        """Another picture, and the size of its result; nothing of the result is known yet."""
        self._before, self._after = before, []
        self._set(self.state.show(width, height))
        self.update()

    def show_result(self, image: Levels, left: int, top: int) -> None:
        """Part of the result, in its own pixels."""
        place = QRectF(left, top, image[0].width(), image[0].height())
        self._after = [part for part in self._after if not place.contains(part[0])] + [(place, image)]
        self.update()

    def forget_result(self) -> None:
        """What was shown of the result is no longer what would come out."""
        self._after = []
        self.update()

    def has_result(self) -> bool:
        return bool(self._after)

    def zoom_fit(self) -> None:
        self._set(self.state.fit())

    def zoom_to(self, zoom: float) -> None:
        """1.0: one pixel of the result is one of the screen."""
        self._set(self.state.zoom_to(zoom))

    def zoom_step(self, direction: int) -> None:
        """1: larger, -1: smaller."""
        self._set(self.state.step(direction))

    def slide(self, amount: float) -> None:
        """Move the slider by a share of the width."""
        self._set(self.state.slide(self.state.split + amount))

    def _set(self, state: ViewerState) -> None:
        self.state = state
        self.update()
        words = self.tr("zoom {zoom:.0%}, slider at {split:.0%}").format(zoom=state.zoom, split=state.split)
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        self.changed.emit()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().window())
        if self._before is None:
            painter.drawText(self.rect().adjusted(30, 30, -30, -30), CENTRED, self.hint)
            return
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)
        view_width, view_height = self.state.view
        split = round(view_width * self.state.split) if self._after else view_width
        whole = QRectF(0, 0, *self.state.picture)
        painter.setClipRect(QRectF(0, 0, split, view_height))
        self._paint_image(painter, whole, self._before)
        painter.setClipRect(QRectF(split, 0, view_width - split, view_height))
        self._paint_image(painter, whole, self._before)
        for place, image in self._after:
            self._paint_image(painter, place, image)
        painter.setClipping(False)
        painter.resetTransform()
        if self._after:
            self._paint_slider(painter, split / ratio)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _paint_image(self, painter: QPainter, place: QRectF, image: Levels) -> None:
        """In the level that is nearest above what is seen: reduced pictures are averages, enlarged ones squares."""
        target = self._on_screen(place)
        level: QImage = next((one for one in reversed(image) if one.width() >= target.width()), image[0])
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, level.width() > target.width())
        painter.drawImage(target, level)

    def _paint_slider(self, painter: QPainter, split: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(0, 0, 0, 140), 4))
        painter.drawLine(QPointF(split, 0), QPointF(split, self.height()))
        painter.setPen(QPen(QColor("white"), 2))
        painter.drawLine(QPointF(split, 0), QPointF(split, self.height()))
        painter.setBrush(QColor("white"))
        painter.drawEllipse(QPointF(split, self.height() / 2), 7, 7)
        for text, align, left in (
            (self.tr("before"), Qt.AlignmentFlag.AlignRight, split - 110),
            (self.tr("after"), Qt.AlignmentFlag.AlignLeft, split + 10),
        ):
            box = QRectF(left, self.height() - 30, 100, 20)
            painter.setPen(QColor(0, 0, 0, 200))
            painter.drawText(box.translated(1, 1), align, text)
            painter.setPen(QColor("white"))
            painter.drawText(box, align, text)

    def _on_screen(self, place: QRectF) -> QRectF:
        # The picture begins on a whole pixel of the screen; otherwise 100 % would be blurred or uneven.
        left, top = (round(edge) for edge in self.state.to_screen((0, 0)))
        zoom = self.state.zoom
        return QRectF(left + place.left() * zoom, top + place.top() * zoom, place.width() * zoom, place.height() * zoom)

    # Mouse and keys

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._resized()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        self._resized()

    def _resized(self) -> None:
        ratio = self.devicePixelRatioF()
        self._set(self.state.resize(round(self.width() * ratio), round(self.height() * ratio)))

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        steps = event.angleDelta().y()
        if steps:
            point = event.position() * self.devicePixelRatioF()
            self._set(self.state.step(1 if steps > 0 else -1, (point.x(), point.y())))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self._last = event.position()
        self._dragging = "slider" if self._near_slider(event.position().x()) else "picture"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        moved = event.position() - self._last
        self._last = event.position()
        if self._dragging == "slider":
            self._set(self.state.slide(event.position().x() / self.width()))
        elif self._dragging == "picture":
            ratio = self.devicePixelRatioF()
            self._set(self.state.pan(moved.x() * ratio, moved.y() * ratio))
        else:
            near = self._near_slider(event.position().x())
            self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.OpenHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self._dragging = ""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self.zoom_fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        key, shift = event.key(), event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        step = 60
        moves = {
            Qt.Key.Key_Left: (step, 0),
            Qt.Key.Key_Right: (-step, 0),
            Qt.Key.Key_Up: (0, step),
            Qt.Key.Key_Down: (0, -step),
        }
        if shift and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.slide(0.05 if key == Qt.Key.Key_Right else -0.05)
        elif key in moves:
            self._set(self.state.pan(*moves[Qt.Key(key)]))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_step(1)
        elif key == Qt.Key.Key_Minus:
            self.zoom_step(-1)
        elif key in (Qt.Key.Key_0, Qt.Key.Key_F):
            self.zoom_fit()
        elif key in (Qt.Key.Key_1, Qt.Key.Key_2):
            self.zoom_to(1.0 if key == Qt.Key.Key_1 else 2.0)
        else:
            super().keyPressEvent(event)

    def _near_slider(self, x: float) -> bool:
        return bool(self._after) and abs(x - self.width() * self.state.split) <= GRIP
