"""Every process of a stack with two copies of each service is restarted while clients sign: nothing fails."""

import threading

from balanced import Balanced
from clients.cosign import Cosign2, Cosign3
from stack import Stack, wait_for


def test_nothing_fails_while_servers_restart(binary, tmp_path, postgres, up_stack, work, blob):
    made = Stack.up(binary, tmp_path / "data", postgres.new_database())
    made.stop()
    with Balanced.start(binary, made, Stack.SERVICES, up_stack) as stack:
        failures, signed, stop = [], [], threading.Event()

        def sign(worker, version):
            folder = work / f"{worker}"
            folder.mkdir()
            cosign, number = version(stack, folder), 0
            while not stop.is_set():
                files = ["--output-certificate", folder / f"{number}.pem", "--output-signature", folder / f"{number}.sig"]
                if version is Cosign3:
                    files = ["--bundle", folder / f"{number}.json"]
                try:
                    cosign("sign-blob", *cosign.signing(), *files, blob)
                    signed.append((cosign, files))
                except AssertionError as failure:
                    failures.append(str(failure))
                number += 1

        workers = [threading.Thread(target=sign, args=one) for one in enumerate([Cosign3, Cosign2, Cosign3])]
        for worker in workers:
            worker.start()
        balancer, *programs = stack.programs
        for place, program in enumerate(programs, start=1):
            before = len(signed)
            wait_for(lambda: len(signed) > before + 1 or failures, "signatures between two restarts")
            assert program.stop() == 0, f"it ended of itself and in order:\n{program.output()}"
            started = Balanced.again(program)
            stack.programs[place] = started
            wait_for(lambda: started.output().count(" listens on ") == 2, "the restarted copy")
        stop.set()
        for worker in workers:
            worker.join()
        assert not failures, failures[0]
        for cosign, files in signed:
            shown = [part.replace("--output-", "--") if isinstance(part, str) else part for part in files]
            cosign("verify-blob", *cosign.trust(), *cosign.identity(), *shown, blob)
