"""The one protocol in which a Python program answers a bench of TypeScript: a line of JSON in, a line of JSON out.

Lines come on standard input and answers go to standard output, which is kept for them: whatever a library prints goes to
standard error. `serve({"verb": function})` calls the function of a line's `verb` with its other fields as keywords; what it
gives is the answer's `result`, and `cpu` says what it cost in seconds of processor time. An exception is an answer too
(`error`), and the end of the input is the end of the program.
"""

import json
import os
import signal
import sys
import time
import traceback
import warnings


def serve(verbs: dict) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        request = json.loads(line)
        verb = verbs[request.pop("verb")]
        before = time.process_time()
        try:
            answer = {"result": verb(**request)}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answer["cpu"] = time.process_time() - before
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def serve_peer(open_peer) -> None:
    """Serves one search after another.

    `open_peer(space, seed, evaluations, agents)` gives an object with

        ask()              -> (token, {name: value}) of the next trial; inactive parameters are absent
        tell(token, loss)  -> None: it has finished, less is better
        fail(token)        -> None: its program failed
        lose(token)        -> None: its machine went away, which says nothing about the point

    `space` lists the parameters: {"name", "kind": "float" | "integer" | "ordinal" | "category", ...}. Numbers have `min`, `max` (both
    belong to the space) and `log`. Lists have `values`, and are answered by index. `when` ({"on": name, "in": [indices]}) says where a parameter exists.
    """
    searches = {}

    def begin(space, seed, evaluations, agents, seconds):
        # Of processor time, so that a busy machine is nobody's fault: the end of this process, and of the search that took too long.
        signal.setitimer(signal.ITIMER_PROF, seconds)
        searches["now"] = (open_peer(space, seed, evaluations, agents), {})

    def ask(number):
        peer, tokens = searches["now"]
        tokens[number], values = peer.ask()
        return values

    def tell(number, loss):
        peer, tokens = searches["now"]
        peer.tell(tokens[number], loss)

    def fail(number):
        peer, tokens = searches["now"]
        peer.fail(tokens[number])

    def lose(number):
        peer, tokens = searches["now"]
        peer.lose(tokens[number])

    serve({"begin": begin, "ask": ask, "tell": tell, "fail": fail, "lose": lose})


def is_active(parameter: dict, values: dict) -> bool:
    """Whether a parameter exists beside these values; those it depends on come before it in the space."""
    when = parameter.get("when")
    return when is None or values.get(when["on"]) in when["in"]


def active_values(space: list, values: dict) -> dict:
    """For engines that know no conditions: they choose every value, and what does not exist is dropped."""
    kept = {}
    for parameter in space:
        if is_active(parameter, kept):
            kept[parameter["name"]] = values[parameter["name"]]
    return kept
