"""The command line: `zilliance up | demo | status | doctor`."""

import argparse
import sys

from zilliance.devstack.demo import demo
from zilliance.devstack.doctor import doctor
from zilliance.devstack.foreground import up
from zilliance.devstack.status import status


def main() -> int:
    parser = argparse.ArgumentParser(prog="zilliance", description="The whole platform on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start everything in the foreground; Ctrl-C stops it")
    show = commands.add_parser("demo", help="start everything, then do the main job as a new user")
    show.add_argument("--once", action="store_true", help="stop afterwards")
    tell = commands.add_parser("status", help="what runs where")
    tell.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("doctor", help="check every prerequisite")
    chosen = parser.parse_args()
    match chosen.command:
        case "up":
            return up()
        case "demo":
            return demo(once=chosen.once)
        case "status":
            return status(as_json=chosen.json)
        case _:
            return doctor()


if __name__ == "__main__":
    sys.exit(main())
