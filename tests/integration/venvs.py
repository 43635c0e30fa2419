"""Virtual environments for ONVIF software of others, which can't live together in one.

requirements/NAME.txt pins each one's packages; build/venvs/NAME holds it, made once per requirements file.
In a test:  python = venvs.python("onvif-zeep");  subprocess.run([python, "-c", ...])
On the command line:  venvs.py NAME... | --all  makes them.
"""

import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
REQUIREMENTS = pathlib.Path(__file__).resolve().parent / "requirements"
VENVS = pathlib.Path(os.environ.get("CAMCTL_VENVS", ROOT / "build" / "venvs"))


def names():
    return sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))


def python(name):
    """The interpreter of the environment `name`, which is made first where it is missing or outdated."""
    requirements = REQUIREMENTS / f"{name}.txt"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    folder = VENVS / name
    stamp = folder / "requirements.sha256"
    VENVS.mkdir(parents=True, exist_ok=True)
    with open(VENVS / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            print(f"venvs: making {name}", file=sys.stderr, flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run(["/usr/bin/python3", "-m", "venv", folder], check=True)
            subprocess.run(
                [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--quiet", "--no-deps",
                 "--disable-pip-version-check", "--requirement", requirements],
                check=True)
            stamp.write_text(wanted)
    return str(folder / "bin" / "python")


def site_packages(name):
    """Where the environment's packages are, to read their data files."""
    command = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return pathlib.Path(subprocess.check_output([python(name), "-c", command], text=True).strip())


if __name__ == "__main__":
    for wanted_name in names() if sys.argv[1:] == ["--all"] else sys.argv[1:]:
        python(wanted_name)
