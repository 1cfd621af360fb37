"""Servers of one file: with ranges, without, and with a line that breaks."""

import asyncio

from aiohttp import web as http

FILE = bytes(range(256)) * 800


def ranged(data=FILE, *, tag='"v1"', ranges=True):
    async def answer(request):
        span = request.http_range
        if not ranges or span.start is None:
            return http.Response(body=data, headers={"ETag": tag})
        if span.start >= len(data):
            return http.Response(status=416)
        piece = data[span.start : span.stop]
        said = f"bytes {span.start}-{span.start + len(piece) - 1}/{len(data)}"
        return http.Response(status=206, body=piece, headers={"ETag": tag, "Content-Range": said})

    return answer


def breaking(times, *, tag='"v1"', change_at=99, data=FILE):
    """Hangs up in the middle `times` times; with `change_at` the file is another one from that try on."""
    seen = []

    async def answer(request):
        seen.append(request.headers.get("Range"))
        now, name = (data, tag) if len(seen) < change_at else (data[::-1], '"v2"')
        start = request.http_range.start or 0
        if start and request.headers.get("If-Range") not in (name, None):
            start = 0
        rest = now[start:]
        headers = {"ETag": name} if tag else {}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(now) - 1}/{len(now)}"
        if len(seen) <= times:
            response = http.StreamResponse(
                status=206 if start else 200,
                headers={"Content-Length": str(len(rest)), **headers},
            )
            await response.prepare(request)
            await response.write(rest[: len(rest) // 2])
            await asyncio.sleep(0.02)
            request.transport.close()
            return response
        return http.Response(status=206 if start else 200, body=rest, headers=headers)

    return answer, seen
