"""A worker that has no TensorFlow: it claims and tells trials as a real one does, and trains nothing.

Words: `pause=0.05` seconds of a trial; `die=3,7` trials in which it is killed when they are begun first; `fail=TEXT` fails all;
`hasty` ends at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time


def main() -> None:
    words = dict(word.partition("=")[::2] for word in sys.argv[1:])
    request = json.loads(sys.stdin.readline())
    if "hasty" in words:
        sys.exit("nothing works here")
    from netlib.tasks.sweep.engine import need_optuna

    need_optuna()
    from optuna.trial import TrialState

    from netlib.tasks.sweep.attributes import RUN, WHY
    from netlib.tasks.sweep.claims import Claims
    from netlib.tasks.sweep.liveness import me
    from netlib.tasks.sweep.request import from_plain
    from netlib.tasks.sweep.study import open_study

    stopped = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stopped.set()), daemon=True).start()
    study = open_study(from_plain(request))
    claims = Claims(study, me(), request["wanted"])
    while not stopped.is_set():
        taken = claims.take()
        if taken is None:
            if claims.all_ended():
                print(json.dumps({"done": True}), flush=True)
                return
            time.sleep(0.2)
            continue
        print(json.dumps({"begun": taken.number}), flush=True)
        again = RUN in taken.user_attrs
        claims.set(taken, RUN, f"/nowhere/trial-{taken.number:04d}")
        if str(taken.number) in words.get("die", "").split(",") and not again:
            os.kill(os.getpid(), signal.SIGKILL)
        if stopped.wait(float(words.get("pause", 0))):
            claims.give_back(taken)
            break
        if "fail" in words:
            claims.set(taken, WHY, words["fail"].replace("N", str(taken.number)))
            study.tell(taken.number, state=TrialState.FAIL)
        else:
            study.tell(taken.number, 1 / (1 + taken.number))
        print(json.dumps({"ended": taken.number}), flush=True)
    print(json.dumps({"stopped": "asked to"}), flush=True)


if __name__ == "__main__":
    main()
