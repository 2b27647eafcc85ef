"""Several people, or senders, at the same moment: each in a thread and on a connection of its own."""

from threading import Barrier, Thread

from django.db import connections


def at_once(*presses):
    """Call functions without arguments, all starting together; return in their order what each returned or raised."""
    start, came_of = Barrier(len(presses)), [None] * len(presses)

    def run(number, press):
        start.wait()
        try:
            came_of[number] = press()
        except Exception as error:
            came_of[number] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=each) for each in enumerate(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came_of
