//! Where a node may listen.

use super::Keys;
use std::net::SocketAddr;

/// Why a node does not listen there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExposedError {
    /// Whoever reaches the address could read and write everything.
    #[error(
        "{address} can be reached from other machines, and there is no API key: expected a key, or an address of this \
         machine alone, such as 127.0.0.1:{port}", port = address.port()
    )]
    NoKey {
        /// The address.
        address: SocketAddr,
    },
}

/// Checks that a node may listen at an address: one that other machines reach needs a key. With a key and without TLS, keys and
/// points cross the network in the clear, which a warning says: a proxy in front may encrypt.
///
/// # Errors
/// [`ExposedError::NoKey`].
pub fn check_public(address: SocketAddr, keys: &Keys, has_tls: bool) -> Result<(), ExposedError> {
    if address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    if keys.is_open() {
        return Err(ExposedError::NoKey { address });
    }
    if !has_tls {
        tracing::warn!(%address, "listening publicly without TLS: keys and points can be read on the way");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_needs_a_key() {
        let check = |address: &str, keys: &Keys| check_public(address.parse().unwrap(), keys, false);
        let (open, keyed) = (Keys::default(), Keys::default().with_full("key"));
        for address in ["127.0.0.1:6333", "127.9.9.9:1", "[::1]:6333", "[::ffff:127.0.0.1]:6333"] {
            assert_eq!(check(address, &open), Ok(()), "{address}");
        }
        for address in [
            "0.0.0.0:6333",
            "[::]:6333",
            "192.168.1.5:6333",
            "10.0.0.1:1",
            "[fe80::1]:1",
            "[::ffff:0.0.0.0]:1",
        ] {
            let error = check(address, &open).unwrap_err();
            assert!(error.to_string().contains("no API key"), "{error}");
            assert!(check_public(address.parse().unwrap(), &open, true).is_err(), "TLS is no key");
            assert_eq!(check(address, &keyed), Ok(()), "{address}");
            assert_eq!(check(address, &Keys::default().with_read_only("key")), Ok(()), "{address}");
        }
    }
}
