# SPDX-License-Identifier: Apache-2.0
"""What a release consists of, and that the commands of the README work from its wheel."""

import configparser
import re
import subprocess
import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
import requests

from tests.functional.processes import Service, run, wait_until, write_config
from tests.release import conftest
from tests.release.conftest import TAG, Built

ROOT = conftest.ROOT
SAMPLES = {
    "api.conf",
    "notifier.conf",
    "producer.conf",
    "reader.conf",
    "worker.conf",
    "policy.yaml",
}


def tracked(clone: Path, *paths: str) -> set[str]:
    """Return the files of the commit."""
    return set(conftest.run("git", "-C", clone, "ls-files", *paths).splitlines())


def names(sdist: Path) -> set[str]:
    """Return the files of a source distribution, below its only directory."""
    with tarfile.open(sdist) as archive:
        return {one.name.partition("/")[2] for one in archive if one.isfile()}


def test_the_version_is_that_of_the_tag(built: Built):
    assert built.wheel.name == f"faafo-{TAG}-py3-none-any.whl"
    assert built.sdist.name == f"faafo-{TAG}.tar.gz"


def test_the_index_would_take_both(built: Built):
    printed = conftest.run(
        built.tools, "-m", "twine", "check", "--strict", built.wheel, built.sdist
    )
    assert printed.count("PASSED") == 2


def test_the_wheel_holds_the_package_and_the_samples_and_nothing_else(built: Built):
    with zipfile.ZipFile(built.wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    data = f"faafo-{TAG}.data/data/"
    samples = {name for name in found if name.startswith(data)}
    assert samples == {f"{data}etc/faafo/{name}.sample" for name in SAMPLES}
    assert found - samples == tracked(built.clone, "faafo")


def test_the_source_distribution_holds_all_files_and_names_nobody(built: Built):
    found = names(built.sdist)
    assert tracked(built.clone) - found <= {".gitignore"}
    made = {name for name in found - tracked(built.clone) if not name.startswith("faafo.egg-info/")}
    assert made <= {"PKG-INFO", "setup.cfg", "ChangeLog"}


def test_a_wheel_of_the_source_distribution_is_the_same(built: Built, tmp_path):
    made = tmp_path / "made"
    conftest.run(built.tools, *conftest.PIP, "wheel", "--no-deps", "-w", made, built.sdist)
    with zipfile.ZipFile(built.wheel) as one, zipfile.ZipFile(made / built.wheel.name) as other:
        ours = {info.filename: info.CRC for info in one.infolist()}
        theirs = {info.filename: info.CRC for info in other.infolist()}
    # pbr notes the commit, which only the repository tells.
    different = {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
    assert {Path(name).name for name in different} <= {"pbr.json", "RECORD"}


def test_the_metadata_name_the_licence_and_the_versions_of_python(built: Built):
    with zipfile.ZipFile(built.wheel) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith("/METADATA"))
        metadata = HeaderParser().parsestr(archive.read(name).decode())
    assert metadata["License"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    classifiers = metadata.get_all("Classifier")
    versions = {one for one in classifiers if re.search(r":: 3\.\d+$", one)}
    assert versions == {f"Programming Language :: Python :: 3.{minor}" for minor in range(11, 15)}


def scripts() -> list[str]:
    """Return the commands that ``setup.cfg`` declares."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["entry_points"]["console_scripts"].strip().splitlines()
    return [line.partition("=")[0].strip() for line in lines]


@pytest.mark.parametrize("script", scripts())
def test_every_command_starts_and_tells_the_version(installed: Path, tmp_path, script):
    finished = run(tmp_path, installed / script, "--version")
    assert finished.returncode == 0, finished.stderr
    assert TAG in finished.stdout


def test_the_requirements_that_were_installed_agree(installed: Path):
    done = subprocess.run(
        [installed / "python", "-m", "pip", "check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_faafo_all_shows_its_first_picture_and_its_pages(installed: Path, tmp_path):
    config = write_config(tmp_path / "all.conf", DEFAULT={"bind_port": 0})
    with Service(tmp_path, installed / "faafo-all", "--config-file", config, name="all") as service:
        line = service.wait_for_line("faafo is at http://127.0.0.1:")
        url = re.search(r"http://\S+", line)[0].rstrip("/")
        picture = wait_until(lambda: _first_picture(url), "a picture in the gallery")
        answer = requests.get(url + picture, timeout=60)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] in ("image/png", "image/webp", "image/jpeg")
        for path in ("/explore", "/new", "/system", "/api/fractal", "/openapi/openapi.json"):
            assert requests.get(url + path, timeout=60).status_code == 200, path
        for path in _linked(requests.get(f"{url}/explore", timeout=60).text):
            assert requests.get(url + path, timeout=60).status_code == 200, path
        drawn = run(
            tmp_path,
            *(installed / "faafo", "render", "--url", url, "-o", tmp_path / "julia.png"),
        )
        assert drawn.returncode == 0, drawn.stderr
        assert (tmp_path / "julia.png").read_bytes().startswith(b"\x89PNG")
        assert service.lines_with("Traceback") == []


def _first_picture(url: str) -> str:
    """Return the path of a picture that the gallery shows; nothing while there is none."""
    found = re.search(r'<img[^>]* src="(/[^"]*fractal/[^"]+)"', requests.get(url, timeout=60).text)
    return found[1] if found else ""


def _linked(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="(/static/[^"]+)"', page)


def test_a_database_is_made_with_the_migrations_of_the_wheel(installed: Path, tmp_path):
    url = f"sqlite:///{tmp_path}/faafo.sqlite"
    config = write_config(tmp_path / "api.conf", DEFAULT={"database_url": url})
    for words in (("db", "upgrade"), ("db", "version")):
        done = run(tmp_path, installed / "faafo-manage", "--config-file", config, *words)
        assert done.returncode == 0, done.stderr


def test_the_samples_are_read_as_they_are(installed: Path, tmp_path):
    samples = installed.parent / "etc/faafo"
    assert {one.name.removesuffix(".sample") for one in samples.iterdir()} == SAMPLES
    url = f"sqlite:///{tmp_path}/faafo.sqlite"
    own = write_config(tmp_path / "own.conf", DEFAULT={"database_url": url})
    files = ("--config-file", samples / "api.conf.sample", "--config-file", own)
    done = run(tmp_path, installed / "faafo-manage", *files, "db", "upgrade")
    assert done.returncode == 0, done.stderr
