"""Ways to call a verb: with the exit code that it must have, or in the background."""

import subprocess


def cli(server, *arguments, code=0, **options):
    done = server.cli(*arguments, check=False, **options)
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


class Running:
    """`duru --data DIR ARGUMENTS` in the background, its output in files."""

    def __init__(self, server, folder, *arguments):
        self.out, self.err = folder / "out", folder / "err"
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [str(server.binary), "--data", str(server.data), *arguments],
                env=server.environment,
                stdout=out,
                stderr=err,
            )

    def says(self, text):
        return text in self.out.read_text()

    def exit_code(self):
        return self.process.wait(timeout=30)
