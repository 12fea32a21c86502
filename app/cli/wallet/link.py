"""``chainroom wallet link``."""

import click

from app.cli.base import json_option, tell, tell_json
from app.cli.wallet import open_keystore
from chain.ledger.actions import check_memo
from chain.units import parse_amount
from chain.wallet.payment_link import PaymentLink, format_link


@click.command()
@click.argument("account", required=False)
@click.option("--amount", help="How many coins; the payer decides unless said.")
@click.option("--label", default="", help="Who asks.")
@click.option("--memo", default="", help="What for; goes into the payment.")
@click.option("--qr", is_flag=True, help="Draw the QR code too.")
@json_option
def command(account: str | None, amount: str | None, label: str, memo: str, qr: bool, as_json: bool) -> None:
    """Print a link that asks for a payment to ACCOUNT; to the first one unless said."""
    keystore = open_keystore()
    chosen = keystore.get_accounts()[0] if account is None else keystore.get_account(account)
    check_memo(memo)
    units = None if amount is None else parse_amount(amount)
    link = format_link(PaymentLink(chosen.address, units or None, label, memo))
    if as_json:
        tell_json({"link": link})
        return
    tell(link)
    if qr:
        from app.widgets.qr_code import get_qr_rows

        click.echo("\n".join(get_qr_rows(link)))
