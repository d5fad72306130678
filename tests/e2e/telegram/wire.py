"""Between HTTP and aiogram's models: requests are what its methods accept, answers what its types say."""

import json
from collections.abc import Mapping
from types import NoneType
from typing import Any, get_args

from aiogram import methods
from aiogram.types import BufferedInputFile
from aiohttp import web
from pydantic import BaseModel, ValidationError

from tests.e2e.telegram.world import wrong

METHODS: Mapping[str, type[methods.TelegramMethod[Any]]] = {
    found.__api_method__.lower(): found
    for found in vars(methods).values()
    if isinstance(found, type)
    and issubclass(found, methods.TelegramMethod)
    and found is not methods.TelegramMethod
}
ATTACHED = "attach://"


async def read_fields(request: web.Request) -> tuple[dict[str, Any], dict[str, BufferedInputFile]]:
    """Read what a request carries (in its address, as a form, as JSON): fields as sent, and files."""
    fields: dict[str, Any] = dict(request.query)
    files: dict[str, BufferedInputFile] = {}
    if request.content_type == "application/json":
        fields |= json.loads(await request.read() or b"{}")
    else:
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                files[name] = BufferedInputFile(value.file.read(), filename=value.filename)
                value.file.close()
            else:
                fields[name] = value
    return fields, files


def method_of(
    name: str, fields: Mapping[str, Any], files: Mapping[str, BufferedInputFile]
) -> methods.TelegramMethod[Any]:
    """Make the method's model of a request; whatever aiogram does not know or accept is refused."""
    model = METHODS[name.lower()]
    unused = set(files)
    given = {key: _value(model, key, value) for key, value in fields.items()}
    given = {key: _attach(value, files, unused) for key, value in given.items()}
    direct = unused & set(model.model_fields)
    given |= {key: files[key] for key in direct}
    if unused - direct:
        raise wrong(f"files that nothing refers to: {sorted(unused - direct)}")
    try:
        method = model.model_validate(given)
    except ValidationError as problem:
        raise wrong(f"{name}: {problem}") from problem
    unknown = dict(method.model_extra or {})
    if unknown:
        raise wrong(f"{name} has no {sorted(unknown)}")
    return method


def _value(model: type[BaseModel], key: str, value: Any) -> Any:
    """Read a form's value: text where the field takes text, else JSON."""
    field = model.model_fields.get(key)
    if field is None or not isinstance(value, str):
        return value
    accepted = {kind for kind in (get_args(field.annotation) or (field.annotation,)) if kind is not NoneType}
    if int in accepted and value.lstrip("-").isdecimal():
        return int(value)
    if str in accepted:
        return value
    try:
        return json.loads(value)
    except ValueError as problem:
        raise wrong(f"{key} is no JSON: {value!r}") from problem


def _attach(value: Any, files: Mapping[str, BufferedInputFile], unused: set[str]) -> Any:
    """Put the files in the places that refer to them."""
    if isinstance(value, dict):
        return {key: _attach(inner, files, unused) for key, inner in value.items()}
    if isinstance(value, list):
        return [_attach(inner, files, unused) for inner in value]
    if isinstance(value, str) and value.startswith(ATTACHED):
        name = value.removeprefix(ATTACHED)
        if name not in files:
            raise wrong(f"the file {name} is not attached")
        unused.discard(name)
        return files[name]
    return value


def plain(result: Any) -> Any:
    """Write a result as JSON does."""
    if isinstance(result, BaseModel):
        return result.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=False)
    if isinstance(result, list):
        return [plain(one) for one in result]
    return result
