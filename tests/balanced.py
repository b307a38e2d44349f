"""Several copies of each service, and haproxy in front of them."""

from stack import Program, Stack, connects, free_port, wait_for


class Balanced(Stack):
    """Two processes of every service, at the addresses that the configuration tells clients."""

    COPIES = 2

    @classmethod
    def start(cls, binary, made, services, issuer, settings=(), to_come=()):
        """`made` is the stack, stopped, whose configuration and keys are used; `issuer` the one that issues tokens.

        The balancer knows the addresses `to_come` of further copies, by service.
        """
        data, programs, behind = made.data, [], {}
        for service in services:
            behind[service] = [f"127.0.0.1:{free_port()}" for _ in range(cls.COPIES)]
            programs += [cls.copy(binary, data, service, number, address, issuer, settings)
                         for number, address in enumerate(behind[service])]
        known = {service: [*addresses, *dict(to_come).get(service, [])] for service, addresses in behind.items()}
        balancer = Program(["haproxy", "-f", cls.haproxy(made, known)], data.parent / "haproxy.log")
        stack = cls(binary, data, {**made.urls, "issuer": issuer.urls["issuer"]}, [balancer, *programs], issuer)
        for program in programs:
            wait_for(lambda: " listens on " in program.output(), f"{program.command}")
        for service in services:
            wait_for(lambda: connects(made.address(service)), f"the balancer's {service}")
        return stack

    @classmethod
    def copy(cls, binary, data, service, number, address, issuer, settings=()):
        own = [f"{service}.listen={address}", f"admin.listen=127.0.0.1:{free_port()}", f"guard=guard-{service}-{number}",
               f"ca.issuers={issuer.data / 'issuers.yaml'}", *settings]
        flags = [part for setting in own for part in ("--set", setting)]
        log = data.parent / f"{service}-{number}.log"
        return Program([binary, service, "--config", data / "sigstead.toml", *flags], log)

    @staticmethod
    def again(stopped):
        """The same command once more, with the same log."""
        return Program(stopped.command, stopped.log)

    @staticmethod
    def haproxy(made, behind):
        """Connections go to the copies in turns; one that is not there is tried no more for the moment."""
        text = "global\n  log stderr format raw local0 err\ndefaults\n  mode tcp\n  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n"
        text += "  option redispatch\n  retries 3\n"
        for service, addresses in behind.items():
            text += f"listen {service}\n  bind {made.address(service)}\n  balance roundrobin\n"
            text += "".join(f"  server copy{number} {to} check inter 500ms\n" for number, to in enumerate(addresses))
        file = made.data.parent / "haproxy.cfg"
        file.write_text(text)
        return file
