"""Getting one file from one source: plain addresses, the Hugging Face hub, Google Drive.

Whatever comes is checked elsewhere (``store``); here it is only seen to that a transfer is whole, that one which was
cut goes on where it stopped, and that what a server says instead of a file becomes a reason in words.
"""

import errno
import fnmatch
import json
import logging
import os
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from upscaler.models.formats import HEAD, WANTED, sniff, what_it_is
from upscaler.models.manifest import (
    AnySource,
    DriveFile,
    DriveFolder,
    GithubRaw,
    Hub,
    Manual,
    Package,
    Url,
    WeightsFile,
)

if TYPE_CHECKING:
    import httpx2

Tell = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes that are here, and how many there will be if that is known."""

ATTEMPTS = 5
CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
LONGEST_WAIT = 30.0
REDIRECTS = 5
LARGEST = 2 << 30
"""Bytes above which nothing is taken, whatever it is."""

NO_ROOM = {errno.ENOSPC, errno.EDQUOT}

AGAIN = {408, 425, 429, 500, 502, 503, 504}
"""Answers after which another attempt makes sense."""


class Unavailable(Exception):
    """A source did not give the file; ``str(error)`` is the reason as the end of a sentence."""


def page_of(source: AnySource) -> str | None:
    """Where a person finds the file with a browser."""
    match source:
        case Url():
            return source.page or source.url
        case GithubRaw():
            return f"https://github.com/{source.repo}/blob/{source.commit}/{quote(source.path)}"
        case Hub():
            return f"https://huggingface.co/{source.repo_id}"
        case DriveFile() | DriveFolder() | Manual():
            return source.page
        case Package():
            return None


def get(source: AnySource, folder: Path, file: WeightsFile, tell: Tell) -> Path:
    """The file, whole, somewhere in ``folder``; what is left of a cut transfer stays there for the next time.

    Raises Unavailable, and whatever ``tell`` raises.
    """
    match source:
        case Url():
            return _plain((source.url,), folder, file, tell)
        case GithubRaw():
            path = quote(source.path)
            return _plain(
                (
                    f"https://raw.githubusercontent.com/{source.repo}/{source.commit}/{path}",
                    f"https://github.com/{source.repo}/raw/{source.commit}/{path}",
                ),
                folder,
                file,
                tell,
            )
        case Hub():
            return _hub(source, folder, file, tell)
        case DriveFile():
            return _drive(source.id, folder, file, tell)
        case DriveFolder():
            return _drive(find_in_folder(source, folder), folder, file, tell)
        case Manual():
            raise Unavailable("it has to be saved by hand")
        case Package():
            raise Unavailable("it is missing from the installation; install the program again")


# ---------------------------------------------------------------------------------------------------- plain addresses


def _plain(addresses: tuple[str, ...], folder: Path, file: WeightsFile, tell: Tell) -> Path:
    reasons = []
    for address in addresses:
        try:
            return download(address, folder / f"{file.name}.part", file, tell)
        except Unavailable as error:
            reasons.append(str(error))
    raise Unavailable(reasons[0])


def download(
    url: str, part: Path, file: WeightsFile, tell: Tell, *, pause: Callable[[float], None] = time.sleep
) -> Path:
    """An address's content, whole, at ``part``.

    A part that is already there goes on from its end, if the server still has the same content (``If-Range``) and
    can give ranges; otherwise the transfer starts again.  Dropped connections and busy servers are tried again with
    growing waits.  Raises Unavailable.
    """
    import httpx2

    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    reason = ""
    with httpx2.Client(timeout=timeout, follow_redirects=True, max_redirects=REDIRECTS) as client:
        for attempt in range(ATTEMPTS):
            try:
                wait = _attempt(client, url, part, file, tell)
            except httpx2.TooManyRedirects as error:
                raise Unavailable("its address redirects without end") from error
            except httpx2.TransportError as error:
                if _is_certificate(error):
                    raise Unavailable(f"the certificate of {client_host(url)} is not trusted") from error
                reason, wait = _transport_reason(error, url), None
                # Where nobody is, waiting longer rarely brings anybody.
                if isinstance(error, httpx2.ConnectTimeout) or (isinstance(error, httpx2.ConnectError) and attempt):
                    break
            except httpx2.HTTPError as error:
                raise Unavailable(f"{client_host(url)} gave an answer that cannot be read") from error
            else:
                if wait is None:
                    return part
                reason = f"{client_host(url)} is busy"
            if attempt + 1 < ATTEMPTS:
                pause(min(wait if wait else 0.5 * 2**attempt, LONGEST_WAIT))
    raise Unavailable(reason)


def _attempt(client: "httpx2.Client", url: str, part: Path, file: WeightsFile, tell: Tell) -> float | None:
    """One try.  None: the part is whole; otherwise the seconds to wait before the next one (0: our own choice)."""
    note = part.with_name(part.name + ".json")
    begun, validator = _begun(part, note, url)
    headers = {"Accept-Encoding": "identity"}
    if begun:
        headers |= {"Range": f"bytes={begun}-", "If-Range": validator}
    with client.stream("GET", url, headers=headers) as response:
        if url.startswith("https:") and response.url.scheme != "https":
            raise Unavailable(f"{client_host(url)} redirects to an address that is not encrypted")
        status = response.status_code
        if status in AGAIN:
            return _seconds(response.headers.get("Retry-After"))
        if begun and status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            # What is here is as long as the file or longer, so it is not a part of it.
            part.unlink()
            return 0.0
        if status == HTTPStatus.PARTIAL_CONTENT and begun:
            if not response.headers.get("Content-Range", "").startswith(f"bytes {begun}-"):
                part.unlink()
                return 0.0
        elif status == HTTPStatus.OK:
            begun = 0
        else:
            raise Unavailable(f"{client_host(url)} answers {status} {response.reason_phrase}".rstrip())
        length = response.headers.get("Content-Length", "")
        total = begun + int(length) if length.isdigit() else None
        _refuse_size(total, file)
        if not begun:
            note.write_text(json.dumps({"url": url, "validator": _validator(response.headers)}))
        _receive(response, part, begun, total, file, tell)
    note.unlink(missing_ok=True)
    return None


def _receive(
    response: "httpx2.Response", part: Path, begun: int, total: int | None, file: WeightsFile, tell: Tell
) -> None:
    import httpx2

    done = begun
    with part.open("ab" if begun else "wb") as out:
        for chunk in response.iter_bytes():
            if done == 0 and not looks_right(chunk[:HEAD], file):
                raise Unavailable(f"what came is not {WANTED[file.format]}: {what_it_is(chunk[:HEAD])}")
            done += len(chunk)
            _refuse_size(done, file)
            out.write(chunk)
            tell(file.name, done, total)
    if total is not None and done != total:
        raise httpx2.RemoteProtocolError(f"{done} of {total} bytes came")


def looks_right(head: bytes, file: WeightsFile) -> bool:
    """True if content beginning so may be the file: its container is the right one."""
    found = sniff(head)
    return found == file.format or (file.format == "ncnn-bin" and found is None and b"<html" not in head.lower())


def _refuse_size(size: int | None, file: WeightsFile) -> None:
    expected = {file.bytes, *(other.bytes for other in file.also_sha256)}
    most = LARGEST if None in expected else max(size for size in expected if size is not None)
    if size is not None and size > most:
        raise Unavailable(f"what came is larger ({size:,} bytes) than the file ({most:,} bytes)")


def _begun(part: Path, note: Path, url: str) -> tuple[int, str]:
    """Bytes that are here from an earlier try of the same address, and what they were a part of."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(note.read_text())
        if known["url"] == url and known["validator"]:
            return part.stat().st_size, str(known["validator"])
    return 0, ""


def _validator(headers: "httpx2.Headers") -> str:
    etag = str(headers.get("ETag", ""))
    # A weak tag does not promise the same bytes.
    return etag if etag and not etag.startswith("W/") else str(headers.get("Last-Modified", ""))


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.isdigit() else 0.0


def client_host(url: str) -> str:
    return url.split("/")[2]


def _is_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _transport_reason(error: "httpx2.TransportError", url: str) -> str:
    import httpx2

    host = client_host(url)
    match error:
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            return f"{host} cannot be reached"
        case httpx2.ProxyError():
            return "the proxy refuses"
        case httpx2.TimeoutException():
            return f"{host} stopped answering"
        case httpx2.UnsupportedProtocol():
            return f"{url} is not an address that can be fetched"
        case _:
            return f"{host} cut the transfer"


# ----------------------------------------------------------------------------------------------- the Hugging Face hub


def _hub(source: Hub, folder: Path, file: WeightsFile, tell: Tell) -> Path:
    # Read when the package is imported: without it the hub is asked for one more document, to describe the caller.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import httpx2
    import huggingface_hub
    from huggingface_hub import errors

    # What goes wrong becomes one sentence of ours; its own lines about every try are not shown.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    endpoint = os.environ.get("HF_ENDPOINT")
    address = huggingface_hub.hf_hub_url(source.repo_id, source.filename, revision=source.revision, endpoint=endpoint)
    try:
        # The client tries six times, half a minute in all, where nobody is: so ask once before.
        httpx2.head(address, timeout=CONNECT_SECONDS)
    except httpx2.TransportError as error:
        raise Unavailable(_transport_reason(error, address)) from error
    try:
        path = huggingface_hub.hf_hub_download(
            source.repo_id,
            source.filename,
            revision=source.revision,
            local_dir=folder / "hub",
            endpoint=endpoint,
            # Everything here is public; nobody's key is sent along.
            token=False,
            tqdm_class=_bar(tell, file),
        )
    except errors.RepositoryNotFoundError as error:
        raise Unavailable(f"the hub has no public repository {source.repo_id}") from error
    except errors.LocalEntryNotFoundError as error:
        raise Unavailable("the hub cannot be reached") from error
    except errors.EntryNotFoundError as error:
        raise Unavailable(f"the hub's {source.repo_id} does not hold {source.filename}") from error
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise
        raise Unavailable("the hub cannot be reached or refuses") from error
    return Path(path)


def _bar(tell: Tell, file: WeightsFile) -> Any:
    from tqdm import tqdm

    class Told(tqdm):  # type: ignore[misc, type-arg, unused-ignore]
        """A progress bar that draws nothing and tells."""

        def __init__(self, *args: Any, **keywords: Any) -> None:
            # The hub's own class takes a name that tqdm does not know.
            keywords.pop("name", None)
            self.came = int(keywords.get("initial") or 0)
            self.whole = keywords.get("total")
            super().__init__(*args, **{**keywords, "disable": True})

        def update(self, n: float | None = 1) -> None:
            self.came += int(n or 0)
            tell(file.name, self.came, self.whole)

    return Told


# -------------------------------------------------------------------------------------------------------- Google Drive


def _drive(identifier: str, folder: Path, file: WeightsFile, tell: Tell) -> Path:
    import gdown
    import requests

    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{file.name}.drive"
    parts = list(folder.glob(f"{target.name}*.part"))
    for part in parts if len(parts) > 1 else ():
        # It cannot be told which of them to go on with.
        part.unlink()
    target.unlink(missing_ok=True)

    def progress(done: int, total: int | None) -> None:
        _refuse_size(done, file)
        tell(file.name, done, total)

    try:
        gdown.download(
            id=identifier,
            output=str(target),
            quiet=True,
            use_cookies=False,
            resume=True,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            retries=2,
            progress=progress,
        )
    except gdown.exceptions.FileURLRetrievalError as error:
        raise Unavailable(
            "Google Drive shows a page instead of the file (too many downloads of late, or it is no longer public)"
        ) from error
    except (gdown.exceptions.DownloadError, KeyError) as error:  # KeyError: an answer without a type
        lost = isinstance(error.__cause__, requests.exceptions.ConnectionError)
        raise Unavailable(f"Google Drive {'cannot be reached' if lost else 'cut the transfer'}") from error
    except requests.exceptions.RequestException as error:
        raise Unavailable(_drive_reason(error)) from error
    return target


def find_in_folder(source: DriveFolder, folder: Path) -> str:
    """The identifier of the file that the patterns mean.  Raises Unavailable."""
    import gdown
    import requests

    try:
        listed = gdown.download_folder(
            id=source.id,
            output=str(folder),
            quiet=True,
            use_cookies=False,
            skip_download=True,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
        )
    except gdown.exceptions.DownloadError as error:
        raise Unavailable("Google Drive does not show the folder's contents") from error
    except requests.exceptions.RequestException as error:
        raise Unavailable(_drive_reason(error)) from error
    paths = {str(e.path).replace(os.sep, "/"): str(e.id) for e in listed if not isinstance(e, str)}
    for pattern in source.match:
        found = [key for path, key in paths.items() if _ends_as(path, pattern)]
        if len(found) == 1:
            return found[0]
    raise Unavailable(f"the folder on Google Drive holds no file named like {source.match[0]} (was it renamed?)")


def _ends_as(path: str, pattern: str) -> bool:
    path, pattern = path.casefold(), pattern.casefold()
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(path, f"*/{pattern}")


def _drive_reason(error: OSError) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return f"Google Drive answers {status}" if status else "Google Drive cannot be reached"
