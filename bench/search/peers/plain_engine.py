"""Independent draws by Python's own generator: needs no package. It proves the protocol where no peer is installed."""

import math
import random

from protocol import is_active, serve_peer


class Plain:
    def __init__(self, space, seed, evaluations, agents):
        self.space = space
        self.random = random.Random(seed)

    def ask(self):
        values = {}
        for parameter in self.space:
            if is_active(parameter, values):
                values[parameter["name"]] = draw(parameter, self.random)
        return None, values

    def tell(self, token, loss):
        pass

    def fail(self, token):
        pass

    lose = fail


def draw(parameter, random):
    if "values" in parameter:
        return random.randrange(len(parameter["values"]))
    low, high = parameter["min"], parameter["max"]
    if parameter["log"]:
        value = math.exp(random.uniform(math.log(low), math.log(high)))
        return min(max(round(value), low), high) if parameter["kind"] == "integer" else min(max(value, low), high)
    return random.randint(low, high) if parameter["kind"] == "integer" else random.uniform(low, high)


serve_peer(Plain)
