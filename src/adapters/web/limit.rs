//! How often one address may ask: a bucket that fills at a steady rate and may be emptied at once.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// How many requests fit in a bucket, and how many a second it takes in again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) burst: f64,
    pub(super) a_second: f64,
}

/// Pages and their parts. Fifty viewers behind one proxy ask ten times a second.
pub(super) const PAGES: Rate = Rate { burst: 200.0, a_second: 50.0 };
/// Attempts to sign in.
pub(super) const SIGN_INS: Rate = Rate { burst: 20.0, a_second: 0.5 };

/// Addresses known at a time. Where there are more, those are forgotten that have a full bucket.
const KNOWN_MAX: usize = 4_096;

pub(super) struct Buckets {
    rate: Rate,
    known: Mutex<BTreeMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Buckets {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, known: Mutex::default() }
    }

    /// Takes one, if there is one.
    pub(super) fn take(&self, peer: IpAddr, now: Instant) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.retain(|_, bucket| self.filled(*bucket, now) < self.rate.burst);
        }
        let peer = network(peer);
        if known.len() >= KNOWN_MAX && !known.contains_key(&peer) {
            return false;
        }
        let bucket = known.entry(peer).or_insert(Bucket { left: self.rate.burst, at: now });
        let left = self.filled(*bucket, now);
        let is_enough = left >= 1.0;
        *bucket = Bucket { left: if is_enough { left - 1.0 } else { left }, at: now };
        is_enough
    }

    fn filled(&self, bucket: Bucket, now: Instant) -> f64 {
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        (bucket.left + since * self.rate.a_second).min(self.rate.burst)
    }
}

/// Whoever has one IPv6 address has all of its /64.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_is_emptied_and_fills_again() {
        let buckets = Buckets::new(Rate { burst: 3.0, a_second: 0.5 });
        let (now, one, other) = (Instant::now(), [192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let taken = |peer, after| buckets.take(peer, now + Duration::from_secs(after));
        assert_eq!([0, 0, 0, 0].map(|after| taken(one, after)), [true, true, true, false]);
        assert!(taken(other, 0), "another address has a bucket of its own");
        assert_eq!([1, 2, 3].map(|after| taken(one, after)), [false, true, false]);
    }

    #[test]
    fn the_addresses_of_one_network_share_a_bucket() {
        let buckets = Buckets::new(Rate { burst: 1.0, a_second: 0.0 });
        let address = |text: &str| text.parse().expect("an address");
        let now = Instant::now();
        assert!(buckets.take(address("2001:db8::1"), now) && !buckets.take(address("2001:db8::2"), now));
        assert!(buckets.take(address("2001:db8:0:1::1"), now));
    }
}
