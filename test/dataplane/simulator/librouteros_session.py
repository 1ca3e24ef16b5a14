"""Talks to a router as a script of a customer would, with PyPI's librouteros; prints what it saw as JSON."""

import json
import sys

import librouteros
from librouteros.exceptions import LibRouterosError, TrapError
from librouteros.query import Key

host, password = sys.argv[1], sys.argv[2]
seen = {}

try:
    librouteros.connect(host=host, username="admin", password="wrong", encoding="utf-8", timeout=10)
except LibRouterosError as error:
    seen["wrongPassword"] = str(error)

api = librouteros.connect(host=host, username="admin", password=password, encoding="utf-8", timeout=10)
seen["interfaces"] = [row["name"] for row in api("/interface/print")]
seen["version"] = str(tuple(api("/system/resource/print"))[0]["version"])

lists = api.path("interface", "list")
added = lists.add(name="shops", comment="für alle")
lists.update(**{".id": added, "comment": "für \"$alle\""})
name, comment, row_id = Key("name"), Key("comment"), Key(".id")
seen["query"] = [dict(row) for row in lists.select(name, comment).where(name == "shops")]
seen["nothing"] = list(lists.select(row_id).where(name == "none-such"))

try:
    lists.add(name="shops")
except TrapError as error:
    seen["duplicate"] = error.message

lists.remove(added)
seen["afterRemove"] = list(lists.select(row_id).where(name == "shops"))
api.close()
print(json.dumps(seen))
