import sys

sys.path.insert(0, "clients")
# The lines of the guide:
from greeter import Config, Greeter  # noqa: E402

greeter = Greeter.load("greeter.wasm", Config(greeting="Hi"))
greeting = greeter.greet(name="Ada")

assert greeting.message == "Hi, Ada!", greeting
