"""container.py CONTAINERFILE PROGRAM…: checks a Containerfile; prints what is wrong, one line each, and exits with 1.

The images have fixed versions, the last stage runs without privileges and fetches nothing but Debian packages, and these bring
every library that the built programs load (Swift's own are linked into the image's programs).
"""

import pathlib
import re
import subprocess
import sys

problems = []


def instructions(text):
    """The instructions, with continued lines joined and comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [line.strip().split(None, 1) for line in joined.splitlines() if line.strip()]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def packages_with_dependencies(names):
    """These Debian packages and what they pull in, as far as it is installed here."""
    listed = run("dpkg-query", "-W", "-f", "${Package}\\t${Depends},${Pre-Depends}\\n")
    depends = dict(line.split("\t", 1) for line in listed.splitlines())
    seen, queue = set(), list(names)
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in depends:
            problems.append(f"no Debian package {name} here to compare with")
            continue
        words = [re.split(r"[ (:|]", entry.strip())[0] for entry in depends[name].split(",")]
        queue += [word for word in words if word in depends]
    return seen


def libraries(programs):
    """For each program the libraries that it loads, without Swift's own; and the Debian package of each library."""
    loaded = {}
    for program in programs:
        paths = {str(pathlib.Path(path).resolve()) for path in re.findall(r"=> (/\S+)", run("ldd", program))}
        loaded[program] = {path for path in paths if "/swift/" not in path}
    # Where /lib is a link to /usr/lib, packages name either.
    every = sorted(set().union(*loaded.values()))
    names = every + [path.removeprefix("/usr") for path in every]
    found = subprocess.run(["dpkg", "-S", *names], capture_output=True, text=True, check=False).stdout
    owners = {}
    for line in found.splitlines():
        package, path = line.split(": ", 1)
        owners[path] = owners[f"/usr{path}"] = package.split(":")[0]
    return loaded, owners


def main():
    parsed = instructions(pathlib.Path(sys.argv[1]).read_text())
    arguments = dict(value.split("=", 1) for word, value in parsed if word == "ARG" and "=" in value)
    for word, value in parsed:
        if word == "FROM":
            image = re.sub(r"\$\{(\w+)\}", lambda match: arguments.get(match[1], ""), value.split()[0])
            if not re.search(r":\d+\.\d+(\.\d+)?-[a-z]+$|@sha256:[0-9a-f]{64}$", image):
                problems.append(f"{image} is no fixed version")
        if word == "ADD":
            problems.append(f"ADD {value}: use COPY")
    last = max(index for index, (word, _) in enumerate(parsed) if word == "FROM")
    final = parsed[last + 1 :]
    users = [value for word, value in final if word == "USER"]
    if not users or not re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", users[-1]):
        problems.append("the last USER is no number of a user without privileges")
    installed = set()
    for word, value in final:
        if word != "RUN":
            continue
        if re.search(r"\bcurl\b|\bwget\b|git |pip |https?:", value):
            problems.append(f"RUN {value}: it fetches something else than Debian packages")
        found = re.search(r"apt-get install ([^&]*)", value)
        if found:
            installed |= {name for name in found[1].split() if not name.startswith("-")}
    available = packages_with_dependencies(installed | {"apt", "libc6"})
    loaded, owners = libraries(sys.argv[2:])
    for program, paths in loaded.items():
        missing = sorted(path for path in paths if owners.get(path) not in available)
        if missing:
            problems.append(f"{pathlib.Path(program).name} needs {missing}")
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
