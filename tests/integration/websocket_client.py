"""A WebSocket client by others that watches a camera. Run by the interpreter of venvs.python("websockets"):

    websocket_client.py URL SECONDS FOLDER [PAUSE]

PAUSE: seconds in which it reads nothing, after its first frames. Writes init N and all that followed it to FOLDER/media-N.mp4 and prints, as JSON: the text messages, the time to
the first media, how often and how late key frames came, and the code that the server closed with.
"""

import asyncio
import json
import pathlib
import sys
import time

import websockets


async def watch(url, seconds, folder, slow):
    result = {"texts": [], "media": 0, "bytes": 0, "first_media": None, "close": None, "gaps": []}
    begun = time.monotonic()
    out, expect_init, last = None, False, None
    try:
        async with websockets.connect(url, max_size=None, max_queue=1 if slow else 16, compression=None) as socket:
            while time.monotonic() - begun < seconds:
                try:
                    message = await asyncio.wait_for(socket.recv(), seconds - (time.monotonic() - begun))
                except (asyncio.TimeoutError, TimeoutError):
                    break
                now = time.monotonic()
                if isinstance(message, str):
                    result["texts"].append(json.loads(message))
                    expect_init = True
                    continue
                if expect_init:
                    assert message[4:8] == b"ftyp", message[:16]
                    out = open(pathlib.Path(folder) / f"media-{result['texts'][-1]['init']}.mp4", "wb")
                    expect_init = False
                else:
                    assert b"moof" in message[:64], message[:64]
                    result["media"] += 1
                    if result["first_media"] is None:
                        result["first_media"] = now - begun
                    if last is not None:
                        result["gaps"].append(now - last)
                    last = now
                out.write(message)
                result["bytes"] += len(message)
                if slow and result["media"] == 5:
                    await asyncio.sleep(slow)
            closing = asyncio.create_task(socket.close())
            try:
                while True:  # where the queue is full, the server's answer would wait behind it
                    await socket.recv()
            except websockets.ConnectionClosed:
                await closing
            result["close"] = socket.close_code
    except websockets.ConnectionClosed as closed:
        result["close"] = closed.rcvd.code if closed.rcvd else None
        result["reason"] = closed.rcvd.reason if closed.rcvd else None
    result["gaps"] = sorted(result["gaps"])[-5:]
    print(json.dumps(result))


asyncio.run(watch(sys.argv[1], float(sys.argv[2]), sys.argv[3], float(sys.argv[4]) if len(sys.argv) > 4 else 0))
