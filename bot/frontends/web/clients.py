"""From where somebody asks: their address, also through proxies that the operator trusts."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from bot.settings import Network

IPV6_BITS = 64  # that one customer is given: who has one address has all of them


def client_of(peer: str | None, forwarded: str, proxies: tuple[Network, ...]) -> str | None:
    """Give the address of who asks; of IPv6 its network. None: it is not known.

    Each proxy adds whom it was asked by at the end of X-Forwarded-For. So it is read from there, as long as
    the one who wrote is trusted; what stands before may be anybody's invention.

    Parameters
    ----------
    peer : who has connected to us
    forwarded : X-Forwarded-For
    proxies : whose word is believed
    """
    client = None
    for hop in [peer or "", *reversed(forwarded.split(","))]:
        address = _read(hop.strip())
        if address is None:
            break
        client = address
        if not is_proxy(hop.strip(), proxies):
            break
    if client is None or client.is_loopback:  # this machine, or a proxy on it that is not named as one
        return None
    if client.version == 6:
        return str(ip_network((client, IPV6_BITS), strict=False).network_address)
    return str(client)


def is_proxy(peer: str, proxies: tuple[Network, ...]) -> bool:
    """Say whether somebody is a proxy that is trusted."""
    address = _read(peer)
    return address is not None and any(address in network for network in proxies)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address; one of IPv4 may be written as one of IPv6."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
