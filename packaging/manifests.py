"""Writes what package managers want of a release: winget, scoop and Homebrew. A person looks at it and submits it.

    python3 packaging/manifests.py RELEASE OUT

RELEASE is a folder with the release's SHA256SUMS; archives that lie beside it are checked against it. OUT must not be
there yet. Name, version, licence and address are those of Cargo.toml. Needs Python 3.11 or newer and nothing else.

The forms are those of
  https://github.com/microsoft/winget-cli/tree/master/schemas/JSON/manifests/v1.10.0
  https://github.com/ScoopInstaller/Scoop/blob/master/schema.json
  https://docs.brew.sh/Formula-Cookbook
"""

import hashlib
import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WINGET = "1.10.0"

# What a release has, by what the package managers call it. Homebrew's Linux takes the static programs.
WINDOWS = {"x64": "x86_64-pc-windows-msvc", "arm64": "aarch64-pc-windows-msvc"}
UNIX = {
    ("macos", "arm"): "aarch64-apple-darwin",
    ("macos", "intel"): "x86_64-apple-darwin",
    ("linux", "arm"): "aarch64-unknown-linux-musl",
    ("linux", "intel"): "x86_64-unknown-linux-musl",
}


class Wrong(Exception):
    """What is wrong with a release, in a sentence."""


class Release:
    """A version with the sums of its archives."""

    def __init__(self, folder, package):
        self.name, self.version = package["name"], package["version"]
        self.tag = "v" + self.version
        self.repository, self.license = package["repository"].rstrip("/"), package["license"]
        self.description = package["description"].split(":")[0]
        self.owner = self.repository.split("/")[-2]
        self._sums = sums(folder)

    def stem(self, target):
        """The name of a target's archive without its ending, which is also the folder in it."""
        return f"{self.name}-{self.tag}-{target}"

    def archive(self, target):
        return self.stem(target) + (".zip" if "windows" in target else ".tar.gz")

    def url(self, target):
        return f"{self.repository}/releases/download/{self.tag}/{self.archive(target)}"

    def sum(self, target):
        archive = self.archive(target)
        if archive not in self._sums:
            raise Wrong(f"SHA256SUMS does not have {archive}; it has: {', '.join(sorted(self._sums)) or 'nothing'}")
        return self._sums[archive]


def sums(folder):
    """The sums by file, as `sha256sum` writes them; files that are there must have theirs."""
    path = folder / "SHA256SUMS"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Wrong(f"cannot read {path}: {error.strerror}; it comes with the release") from error
    found = {}
    for number, line in enumerate(lines, 1):
        matched = re.fullmatch(r"([0-9a-f]{64}) [ *]([^/\\]+)", line)
        if not matched:
            raise Wrong(f"{path}, line {number}: 64 hex digits, two blanks and a file's name are expected")
        wanted, name = matched.groups()
        if name in found:
            raise Wrong(f"{path}, line {number}: {name} is there twice")
        found[name] = wanted
        archive = folder / name
        if archive.exists() and hashlib.sha256(archive.read_bytes()).hexdigest() != wanted:
            raise Wrong(f"{archive} is not the file that SHA256SUMS names: download it again")
    return found


def winget(release):
    """Three files in the folder that microsoft/winget-pkgs wants them in."""
    publisher = release.owner
    identifier = f"{publisher}.{release.name}"
    folder = f"winget/manifests/{identifier[0].lower()}/{publisher}/{release.name}/{release.version}/{identifier}"

    def page(kind, lines):
        schema = f"https://aka.ms/winget-manifest.{kind}.{WINGET}.schema.json"
        head = [f"# yaml-language-server: $schema={schema}"]
        head += [f"PackageIdentifier: {identifier}", f"PackageVersion: {release.version}"]
        return "\n".join([*head, *lines, f"ManifestType: {kind}", f"ManifestVersion: {WINGET}", ""])

    installers = ["InstallerType: zip", "NestedInstallerType: portable", "Installers:"]
    for architecture, target in WINDOWS.items():
        installers += [
            f"- Architecture: {architecture}",
            f"  InstallerUrl: {release.url(target)}",
            f"  InstallerSha256: {release.sum(target).upper()}",
            "  NestedInstallerFiles:",
            f"  - RelativeFilePath: {release.stem(target)}\\{release.name}.exe",
            f"    PortableCommandAlias: {release.name}",
        ]
    locale = [
        "PackageLocale: en-US",
        f"Publisher: {publisher}",
        f"PackageName: {release.name}",
        f"PackageUrl: {release.repository}",
        f"License: {release.license}",
        f"LicenseUrl: {release.repository}/blob/{release.tag}/LICENSE-MIT",
        f"ShortDescription: {json.dumps(release.description)}",
        f"ReleaseNotesUrl: {release.repository}/releases/tag/{release.tag}",
    ]
    return {
        f"{folder}.yaml": page("version", ["DefaultLocale: en-US"]),
        f"{folder}.installer.yaml": page("installer", installers),
        f"{folder}.locale.en-US.yaml": page("defaultLocale", locale),
    }


def scoop(release):
    """One file for a bucket."""
    names = {"x64": "64bit", "arm64": "arm64"}

    def of(target):
        url = release.url(target)
        return {"url": url, "hash": release.sum(target), "extract_dir": release.stem(target)}

    def next_of(target):
        return {name: text.replace(release.version, "$version") for name, text in of(target).items() if name != "hash"}

    manifest = {
        "version": release.version,
        "description": release.description,
        "homepage": release.repository,
        "license": release.license.replace(" OR ", "|"),
        "architecture": {names[name]: of(target) for name, target in WINDOWS.items()},
        "bin": f"{release.name}.exe",
        "checkver": "github",
        "autoupdate": {
            "architecture": {names[name]: next_of(target) for name, target in WINDOWS.items()},
            "hash": {"url": "$baseurl/SHA256SUMS"},
        },
    }
    return {f"scoop/bucket/{release.name}.json": json.dumps(manifest, indent=4) + "\n"}


def brew(release):
    """One formula for a tap."""
    lines = [
        f"class {release.name.capitalize()} < Formula",
        f'  desc "{release.description}"',
        f'  homepage "{release.repository}"',
        f'  version "{release.version}"',
        "  license any_of: [" + ", ".join(f'"{one}"' for one in release.license.split(" OR ")) + "]",
    ]
    for system in ("macos", "linux"):
        lines += ["", f"  on_{system} do"]
        for processor in ("arm", "intel"):
            target = UNIX[system, processor]
            lines += [
                f"    on_{processor} do",
                f'      url "{release.url(target)}"',
                f'      sha256 "{release.sum(target)}"',
                "    end",
            ]
        lines += ["  end"]
    lines += [
        "",
        "  def install",
        f'    bin.install "{release.name}"',
        '    man1.install Dir["man/*.1"]',
        f'    bash_completion.install "completions/{release.name}.bash" => "{release.name}"',
        f'    zsh_completion.install "completions/_{release.name}"',
        f'    fish_completion.install "completions/{release.name}.fish"',
        "  end",
        "",
        "  test do",
        f'    assert_match version.to_s, shell_output("#{{bin}}/{release.name} --version")',
        f'    system bin/"{release.name}", "template", "-o", "roster.csv"',
        '    assert_path_exists testpath/"roster.csv"',
        "  end",
        "end",
        "",
    ]
    return {f"homebrew/Formula/{release.name}.rb": "\n".join(lines)}


def main(arguments):
    if len(arguments) != 2:
        raise Wrong("usage: python3 packaging/manifests.py RELEASE OUT")
    folder, out = map(Path, arguments)
    package = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["package"]
    release = Release(folder, package)
    # All of them, or none is written.
    files = winget(release) | scoop(release) | brew(release)
    try:
        out.mkdir(parents=True)
    except FileExistsError as error:
        raise Wrong(f"{out} is there already: name a folder that is not") from error
    for name, text in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        print(path)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Wrong as wrong:
        sys.exit(f"error: {wrong}")
