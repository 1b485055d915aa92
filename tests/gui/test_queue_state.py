"""The queue's state, without a window."""

from pathlib import Path

from upscaler_gui.queue_state import QueueState, State, seconds_left

TWO = [Path("a.png"), Path("b.png")]


def test_a_path_dropped_twice_is_one_row() -> None:
    queue = QueueState()
    assert queue.add([*TWO, TWO[0]]) == 2
    assert queue.add(TWO) == 0
    assert [row.path for row in queue.rows] == TWO


def test_progress_is_weighed_by_pixels() -> None:
    queue = QueueState()
    queue.add(TWO)
    queue.change(0, size_in=(30, 10))
    queue.change(1, size_in=(10, 10))
    queue.change(0, done=0.5, state=State.RUNNING)
    assert queue.done == 0.375


def test_a_failed_row_counts_as_over_and_can_be_tried_again() -> None:
    queue = QueueState()
    queue.add(TWO)
    queue.change(0, state=State.FAILED, sentence="It broke.")
    assert queue.done == 0.5
    queue.retry(0)
    assert queue.rows[0].sentence == ""
    assert queue.pending() == [0, 1]


def test_a_running_row_cannot_be_removed() -> None:
    queue = QueueState()
    queue.add(TWO)
    queue.change(1, state=State.RUNNING)
    queue.remove([0, 1])
    assert [row.path for row in queue.rows] == [TWO[1]]


def test_a_row_is_found_by_its_path_after_others_were_removed() -> None:
    queue = QueueState()
    queue.add(TWO)
    queue.remove([0])
    assert queue.where(TWO[1]) == 0
    assert queue.where(TWO[0]) is None


def test_the_whole_is_not_done_before_the_last_file_was_written_and_checked() -> None:
    queue = QueueState()
    queue.add(TWO)
    queue.change(0, state=State.DONE)
    queue.change(1, state=State.RUNNING, done=1.0)
    assert queue.done < 1
    queue.change(1, state=State.DONE)
    assert queue.done == 1


def test_no_time_is_promised_before_there_is_a_pace() -> None:
    assert seconds_left(0.2, 0.5) is None
    assert seconds_left(100, 0.001) is None
    assert seconds_left(10, 0.25) == 30
