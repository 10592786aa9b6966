//! Numbers by the hash of what they stand for, in a list that takes one look.
//!
//! What is looked for is told by 40 bits of its hash. That something else is taken for it is less likely than that the
//! machine errs, and whoever wants to look like a word of the lexicon can simply write it.

/// Open addressing: a slot holds a number and, above it, a part of the hash. An empty one holds 0.
#[derive(Debug)]
pub(crate) struct Slots(Vec<u64>);

/// The part of a slot that holds the hash; the rest is the number.
const TAG: u64 = !0xff_ffff;

impl Slots {
    /// Room for so many, at most half full: nearly every search ends at its first slot.
    pub fn for_many(count: usize) -> Self {
        Self(vec![0; (count * 2).next_power_of_two()])
    }

    /// Panics where the number has more than 24 bits.
    pub fn put(&mut self, hash: u64, number: u32) {
        assert!(u64::from(number) <= !TAG, "there are more than sixteen million words or places");
        let free = self.probe(hash).find(|slot| self.0[*slot] == 0).expect("half of the slots are empty");
        self.0[free] = (hash & TAG) | u64::from(number);
    }

    /// The number of a hash; 0 where there is none.
    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "one branch, which is nearly always taken, in place of two")]
    pub fn get(&self, hash: u64) -> u32 {
        for at in self.probe(hash) {
            let slot = self.0[at];
            if (slot == 0) | ((slot ^ hash) & TAG == 0) {
                return (slot & !TAG) as u32;
            }
        }
        unreachable!("half of the slots are empty");
    }

    /// Where a hash may stand, in this order.
    #[inline]
    fn probe(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let mask = self.0.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "it is masked to the length of a list")]
        let first = hash as usize & mask;
        (first..).map(move |step| step & mask)
    }
}

/// Mixes all bits of a value: the two halves of a product with an odd constant, folded.
#[inline]
pub(crate) fn mixed(value: u64) -> u64 {
    let product = u128::from(value) * 0x9e37_79b9_7f4a_7c15;
    #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}
