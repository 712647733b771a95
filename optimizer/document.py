"""A problem as a JSON document, and a plan as one. Both carry format and version; a newer one is refused.

The document is `{"format": "plan-problem", "version": 1, "problem": {...}}`; its fields are those of `Problem` and
of `optimizer.parts`.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from typing import Any

import msgspec
import numpy as np

from optimizer.errors import BadDocument
from optimizer.plan import Answer, Infeasible, Plan
from optimizer.problem import Problem

PROBLEM_FORMAT = "plan-problem"
ANSWER_FORMAT = "plan-answer"
VERSION = 3  # 2: batteries, ships, fixed levels of light; 3: heat, water, bands. Older documents read as they did


def read_problem(text: bytes | str) -> Problem:
    """Raises BadDocument or another ProblemError, in a sentence that says where in the document."""
    try:
        document = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise BadDocument(f"The problem is not valid JSON ({error}): correct it.") from error
    if not isinstance(document, dict) or document.get("format") != PROBLEM_FORMAT:
        raise BadDocument(f'The document is not a problem: it must be an object with "format": "{PROBLEM_FORMAT}".')
    version = document.get("version")
    if not isinstance(version, int) or version < 1:
        raise BadDocument(f'The problem has no version: add "version": {VERSION}.')
    if version > VERSION:
        raise BadDocument(f"The problem has version {version}; this program reads up to {VERSION}: update the program.")
    body = document.get("problem")
    _refuse_unknown_keys(Problem, body, "problem")
    try:
        return msgspec.convert(body, Problem, strict=True)
    except msgspec.ValidationError as error:
        raise BadDocument(_plain(str(error))) from error


def write_problem(problem: Problem) -> bytes:
    """The document of a problem; `read_problem` gives the same problem back."""
    return msgspec.json.encode({"format": PROBLEM_FORMAT, "version": VERSION, "problem": problem})


def write_answer(answer: Answer) -> bytes:
    """The document of a plan, of an infeasible problem, or of one that was not solved in time."""
    kind = "plan" if isinstance(answer, Plan) else "infeasible" if isinstance(answer, Infeasible) else "unsolved"
    document = {"format": ANSWER_FORMAT, "version": VERSION, "answer": kind, kind: answer}
    return msgspec.json.encode(document, enc_hook=_encode_array)


def problem_schema() -> dict[str, Any]:
    """JSON schema of the problem document."""
    return _document_schema(PROBLEM_FORMAT, {"problem": Problem})


def answer_schema() -> dict[str, Any]:
    """JSON schema of the answer document; arrays of the plan are arrays of numbers."""
    fields = typing.get_args(Answer)
    return _document_schema(ANSWER_FORMAT, {field.__name__.lower(): field for field in fields})


def _document_schema(format: str, parts: dict[str, type]) -> dict[str, Any]:
    schemas, definitions = msgspec.json.schema_components(
        parts.values(), schema_hook=_schema_array, ref_template="#/$defs/{name}"
    )
    for definition in definitions.values():
        if definition.get("type") == "object" and "properties" in definition:
            definition["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "format": {"const": format},
            "version": {"type": "integer", "minimum": 1, "maximum": VERSION},
            **({"answer": {"enum": list(parts)}} if len(parts) > 1 else {}),
            **dict(zip(parts, schemas, strict=True)),
        },
        "required": ["format", "version", *(parts if len(parts) == 1 else ["answer"])],
        "$defs": definitions,
    }


def _encode_array(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise NotImplementedError(f"{type(value).__name__} has no place in an answer document")


def _schema_array(kind: type) -> dict[str, Any]:
    if (typing.get_origin(kind) or kind) is np.ndarray:
        return {"type": "array", "items": {"type": ["number", "array"]}}
    raise NotImplementedError(f"{kind} has no place in an answer document")


def _plain(message: str) -> str:
    """msgspec's `Expected X, got Y - at `$.a.b`` as a sentence that begins with the place."""
    what, _, place = message.partition(" - at `$")
    return f"problem{place.rstrip('`')}: {what.rstrip('.')}." if place else f"{what.rstrip('.')}."


def _refuse_unknown_keys(kind: Any, value: object, where: str) -> None:
    """Raises BadDocument for a key that no field has, with the nearest one that exists."""
    if dataclasses.is_dataclass(kind) and isinstance(value, dict):
        hints = typing.get_type_hints(kind)
        for key, item in value.items():
            if key not in hints:
                near = difflib.get_close_matches(key, hints, n=1)
                advice = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(hints)}."
                raise BadDocument(f"{where} has an unknown key {key}: {advice}")
            _refuse_unknown_keys(hints[key], item, f"{where}.{key}")
    elif isinstance(value, list) and (item_kind := _item_of(kind)) is not None:
        for index, item in enumerate(value):
            _refuse_unknown_keys(item_kind, item, f"{where}[{index}]")


def _item_of(kind: Any) -> Any:
    """The dataclass a `tuple[X, ...]` holds; None for every other type."""
    arguments = () if typing.get_origin(kind) in (None, types.UnionType) else typing.get_args(kind)
    return arguments[0] if arguments and dataclasses.is_dataclass(arguments[0]) else None
