"""Files upload v2: an address, the bytes to another path than the API, completion and sharing."""

import mimetypes
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from fmo_bot.sandbox.slack import blocks as block_rules
from fmo_bot.sandbox.slack import chat
from fmo_bot.sandbox.slack.call import Call, Method
from fmo_bot.sandbox.slack.errors import SlackError
from fmo_bot.sandbox.slack.state import File, State

MOST_SHARES = 100


def get_upload_url(call: Call) -> dict[str, Any]:
    """files.getUploadURLExternal."""
    name, size = call.args.need("filename"), call.args.number("length", 0)
    if size <= 0:
        raise SlackError("invalid_arguments", response_metadata={"messages": ["[ERROR] length must be positive"]})
    file = File(
        id=call.state.new_id("F"),
        name=name,
        title=name,
        alt_text=call.args.text("alt_txt") or call.args.text("alt_text"),
        length=size,
        app=call.app,
        team_id=call.team_id,
    )
    call.state.files[file.id] = file
    return {"upload_url": f"{call.state.url}/slack/upload/{file.id}", "file_id": file.id}


def complete_upload(call: Call) -> dict[str, Any]:
    """files.completeUploadExternal, sharing into channels where asked."""
    entries = call.args.json("files")
    if not isinstance(entries, list) or not entries:
        raise SlackError("invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: files"]})
    files = [_uploaded(call, entry) for entry in entries]
    channels = [call.channel(id) for id in _targets(call)]
    for channel in channels:
        chat.may_post(call, channel)
        call.state.limits.message(channel.id, call.team_id, call.app.id)
    for entry, file in zip(entries, files, strict=True):
        file.title = entry.get("title") or file.name
        file.complete = True
    for channel in channels:
        message = chat.record(call, channel, _share(call, files))
        for file in files:
            file.shares.append((channel.id, message.ts))
    return {"files": [file_json(call.state, file) for file in files]}


def _uploaded(call: Call, entry: Any) -> File:
    file = call.state.files.get(entry.get("id", "")) if isinstance(entry, dict) else None
    if file is None or file.app.id != call.app.id or file.content is None:
        raise SlackError("file_not_found")
    if file.complete:
        raise SlackError("file_update_failed")
    return file


def _targets(call: Call) -> list[str]:
    named = [call.args.text("channel_id"), *call.args.text("channels").split(",")]
    targets = [name for name in named if name]
    if len(targets) > MOST_SHARES:
        raise SlackError("too_many_channels")
    return targets


def _share(call: Call, files: list[File]) -> dict[str, Any]:
    blocks = call.args.json("blocks")
    if blocks:
        chat.refuse(block_rules.problems(blocks, "message"), "invalid_blocks")
    thread = call.args.text("thread_ts")
    return {
        "text": call.args.text("initial_comment"),
        "subtype": "file_share",
        "upload": True,
        "files": [file_json(call.state, file) for file in files],
        **({"blocks": chat.with_ids(call.state, blocks)} if blocks else {}),
        **({"thread_ts": thread} if thread else {}),
    }


def info(call: Call) -> dict[str, Any]:
    """files.info, with the shares that a message's `ts` can be learnt from."""
    file = call.state.files.get(call.args.need("file"))
    if file is None or not file.complete or file.team_id != call.team_id:
        raise SlackError("file_not_found")
    return {"file": file_json(call.state, file), "comments": [], "response_metadata": {"next_cursor": ""}}


def delete(call: Call) -> dict[str, Any]:
    """files.delete: the file, and the messages in which it alone was shared."""
    file = call.state.files.get(call.args.need("file"))
    if file is None or file.app.id != call.app.id:
        raise SlackError("file_not_found")
    for channel_id, ts in file.shares:
        message = call.state.message(channel_id, ts)
        if message is not None:
            call.state.forget(message)
            call.hub.events.deleted(message, call.state.cast.channels[channel_id])
    del call.state.files[file.id]
    return {}


def file_json(state: State, file: File) -> dict[str, Any]:
    """A file as Slack describes it."""
    mimetype = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    address = f"{state.url}/slack/files/{file.id}/{quote(file.name)}"
    shares: dict[str, dict[str, Any]] = {"public": {}, "private": {}}
    for channel_id, ts in file.shares:
        channel = state.cast.channels[channel_id]
        side = shares["private" if channel.is_private or channel.im else "public"]
        side.setdefault(channel_id, []).append({"ts": ts, "team_id": file.team_id})
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": mimetype,
        "filetype": file.name.rpartition(".")[2],
        "size": file.length,
        "alt_txt": file.alt_text,
        "mode": "hosted",
        "is_public": False,
        "public_url_shared": False,
        "url_private": address,
        "url_private_download": address,
        "shares": shares,
        "channels": [channel for channel in (id for id, _ in file.shares)],
    }


def routes(state: State) -> list[BaseRoute]:
    """Where bytes go to and come from."""

    async def upload(request: Request) -> Response:
        file = state.files.get(request.path_params["id"])
        content = await request.body()
        if file is None or file.complete:
            return PlainTextResponse("not found", 404)
        if len(content) != file.length:
            return PlainTextResponse(f"{len(content)} bytes came, {file.length} were announced", 400)
        file.content = content
        return PlainTextResponse(f"OK - {len(content)}")

    async def download(request: Request) -> Response:
        grant = state.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if grant is None or (grant.app.scopes is not None and "files:read" not in grant.app.scopes):
            return PlainTextResponse("a token with files:read is needed", 403)
        return content_of(state, request.path_params["id"])

    return [
        Route("/slack/upload/{id}", upload, methods=["POST"]),
        Route("/slack/files/{id}/{name}", download),
    ]


def content_of(state: State, id: str) -> Response:
    """The bytes of a complete file."""
    file = state.files.get(id)
    if file is None or file.content is None or not file.complete:
        return PlainTextResponse("not found", 404)
    mimetype = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Response(file.content, media_type=mimetype, headers={"x-content-type-options": "nosniff"})


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, ("files:write",), 4),
    "files.completeUploadExternal": Method(complete_upload, ("files:write",), 4),
    "files.info": Method(info, ("files:read",), 4),
    "files.delete": Method(delete, ("files:write",), 3),
}
