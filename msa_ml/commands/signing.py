"""``sign``."""

from __future__ import annotations

from pathlib import Path

import click

from msa_ml.commands.options import common, finish, show
from msa_ml.errors import InputError
from msa_ml.settings import read as read_settings


@click.command(
    "sign",
    epilog="Examples: msa-ml sign --new-key release.key; msa-ml sign bundles/spam --key release.key; "
    "msa-ml verify bundles/spam --key release.key.pub",
)
@click.argument("bundle", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of the private key; default: MSA_SIGNING_KEY.",
)
@click.option(
    "--new-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Make a key: the private one in this file, the public one in FILE.pub.",
)
@common
def sign_command(bundle: Path | None, key: Path | None, new_key: Path | None, *, as_json: bool) -> None:
    """Sign a bundle with an Ed25519 key, or make such a key; the bundle's id stays what it is."""
    from msa_ml.bundle import signing

    if (bundle is None) == (new_key is None):
        raise InputError("name either a bundle to sign or --new-key FILE.", hint="See: msa-ml sign --help")
    if new_key is not None:
        name = signing.new_key(new_key)
        show(f"key {name[:12]}: private in {new_key}, public in {new_key}.pub", as_json=as_json)
        finish({"key": name, "private": str(new_key), "public": f"{new_key}.pub"}, as_json=as_json)
        return
    chosen = key or read_settings().signing_key
    if chosen is None or bundle is None:
        raise InputError("no private key was named.", hint="Give --key FILE, or set MSA_SIGNING_KEY.")
    name = signing.sign(bundle, chosen)
    show(f"{bundle} is signed by {name[:12]}.", as_json=as_json)
    finish({"bundle": str(bundle), "key": name}, as_json=as_json)
