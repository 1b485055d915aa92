"""What a weights file is, told by its first bytes, and what it is when it is none."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from upscaler.errors import WeightsError
from upscaler.models.manifest import Format

HEAD = 1024
"""Bytes that are enough to recognise any container."""

CHUNK = 1 << 20

INDEX_SUFFIX = ".safetensors.index.json"
SUFFIXES = (".pth", ".pt", ".pkl", ".ckpt", ".safetensors", ".param", ".bin", INDEX_SUFFIX)

WANTED: dict[Format, str] = {
    "torch-zip": "a PyTorch checkpoint",
    "torch-pickle": "a PyTorch checkpoint of the old kind",
    "safetensors": "a safetensors file",
    "ncnn-param": "an ncnn graph",
    "ncnn-bin": "ncnn weights",
}


def is_path(model: str) -> bool:
    """True if the text means a weights file, not a model's name."""
    return "/" in model or "\\" in model or model.lower().endswith(SUFFIXES)


@dataclass(frozen=True, slots=True)
class Digests:
    """Both names of a content, and its size."""

    sha256: str
    git_blob_sha1: str
    bytes: int


def digests(path: Path) -> Digests:
    """Hashes of a file's content, read in pieces."""
    size = path.stat().st_size
    # Git names a content by SHA-1; nothing secret depends on it.
    sha256, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            sha256.update(chunk)
            blob.update(chunk)
    return Digests(sha256.hexdigest(), blob.hexdigest(), size)


def fingerprint(files: tuple[Path, ...]) -> str:
    """One SHA-256 for a model: its file's, or that of its files' hashes in order."""
    hashes = [digests(file).sha256 for file in files]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def head_of(path: Path) -> bytes:
    """The first bytes of a file.  Raises WeightsError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def sniff(head: bytes) -> Format | None:
    """The container that begins with these bytes; None for anything else.

    ``ncnn-bin`` has no mark of its own and is never returned.
    """
    if head.startswith(b"PK\x03\x04"):
        return "torch-zip"
    if head.startswith(b"\x80\x02"):
        return "torch-pickle"
    if head[:8].strip(b" \r\n").startswith(b"7767517"):
        return "ncnn-param"
    if len(head) > 9 and 2 <= int.from_bytes(head[:8], "little") <= 100 << 20 and head[8:9] == b"{":
        return "safetensors"
    return None


def what_it_is(head: bytes) -> str:
    """For content that is no weights file: what it is instead, as the end of a sentence."""
    text = head.lstrip().lower()
    if not head:
        return "it is empty"
    if head.startswith(b"version https://git-lfs.github.com/spec/"):
        return (
            "it is a Git LFS pointer, not the file itself; fetch the real file (git lfs pull, or the download button "
            "of the page)"
        )
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "it is a web page; the download did not give the file"
    if head.startswith(b"\x80"):
        return "it is a Python pickle of a kind that no checkpoint has"
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8")):
        return "it is a picture"
    if head.startswith((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")):
        return "it is an archive; unpack it first"
    if head.startswith(b"\x08") and b"pytorch" in head.lower():
        return "it is an ONNX model, whose graph this program does not run"
    if all(byte in b"\t\n\r\f" or 32 <= byte < 127 for byte in head[:64]):
        shown = head[:24].decode("ascii").splitlines()[0].strip()
        return f'it begins with text ("{shown}")'
    return f"it begins with {head[:4].hex(' ')}, which no weights file does"
