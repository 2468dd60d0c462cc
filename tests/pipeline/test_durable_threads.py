"""Two threads that write the same file at once do not share a draft."""

import threading

from pipeline.durable import whole_file


def test_each_thread_writes_its_own_draft(tmp_path):
    target = tmp_path / "list.txt"
    inside = threading.Barrier(2)

    def write(text):
        with whole_file(target) as draft:
            draft.write_text(text)
            inside.wait(timeout=5)

    threads = [threading.Thread(target=write, args=(text,)) for text in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_text() in ("one", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["list.txt"]
