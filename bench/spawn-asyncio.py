"""Processes per second through asyncio: `spawn-asyncio.py PROGRAM PROCESSES CONCURRENCY` prints the rate."""

import asyncio
import sys
import time


async def main(program, processes, concurrency):
    left = processes

    async def worker():
        nonlocal left
        while left > 0:
            left -= 1
            child = await asyncio.create_subprocess_exec(
                program,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            await child.communicate()

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    print(processes / (time.perf_counter() - started))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
