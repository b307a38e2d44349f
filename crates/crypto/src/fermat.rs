//! Fermat's way to factor a product of primes that are close to each other.

use crypto_bigint::BoxedUint;

/// How many candidates are tried: as many as Let's Encrypt's "good key" policy tries.
const ROUNDS: usize = 100;

/// Whether a modulus (big-endian) falls to Fermat's method within [`ROUNDS`] steps: `n = a² - b²` with `a` just
/// above its root. Numbers wrap at the modulus' size, where `a² - n` has half as many bits.
pub(crate) fn has_close_factors(modulus: &[u8]) -> bool {
    let n = BoxedUint::from_be_slice_vartime(modulus);
    let one = BoxedUint::one_with_precision(n.bits_precision());
    let mut a = n.floor_sqrt_vartime();
    let mut b_squared = a.wrapping_square().wrapping_sub(&n);
    for _ in 0..ROUNDS {
        if is_square(&b_squared) {
            return true;
        }
        // (a + 1)² - n = a² - n + a + (a + 1)
        let next = a.wrapping_add(&one);
        b_squared = b_squared.wrapping_add(&a).wrapping_add(&next);
        a = next;
    }
    false
}

fn is_square(number: &BoxedUint) -> bool {
    // Three of four other numbers are known by their last four bits.
    let last = number.as_words().first().copied().unwrap_or_default() & 15;
    matches!(last, 0 | 1 | 4 | 9) && number.floor_sqrt_vartime().wrapping_square() == *number
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two primes of 1,024 bits, 600 apart.
    const TWINS: &str = "c6874ca6231eceace02367167133560099e8d39d0fba43d263c9bec704ec63ab8a2b3d9b3c4394f02877a2fd062bed40\
        ed44d35b41daecdd8a3d99be93458aa83e633fb9ead05fee953f360f856cbe13f663035d5482578f09f54e41075dc6afa1063323723e6d65fd\
        ff7154578eb4e234d03c7748e7d9a6c7dbc182ddf180482ab4ad16eca9e5b9c27a3caf61399384458cd3aff10aeccb4a3c4d185e7e3d75c29d\
        c2a87de11abbd37f5738c595bd5a3016ef22483b54b05acbd3ac6a12737a9fdd16b2474a9d9a677bac2342b4528c8ed8ab958fcf8643b4689c\
        971bd0f44d104a406b0c7ec1dae4eeb67b107d97acde6c8738d62bae36207fc57cb68cd931";
    /// Two that are 2⁵¹⁶ apart, which 37 steps find.
    const COUSINS: &str = "c6874ca6231eceace02367167133560099e8d39d0fba43d263c9bec704ec63ab8a2b3d9b3c4394f02877a2fd062bed\
        40ed44d35b41daecdd8a3d99be93458ab6556e733d7d33658dbe003be18084804d027c305a8f4ba27ffc1329a7d2326918721d2004e5cdeaf9\
        d7c0e39575af6dd8e5a5862e391e4f4827e5f72377868bc2457d97dae2cf05176cba3e97045ac89ed902d8ec4bcfb779cd7a1855a0bbc70cae\
        3e0853f2d6e78e2051d0d9d51546b8f275b893fa3d27dca3c6f1bb65f2c6ab85ecadc5e06404efdc0345c0ecda02a38c2853ad12ec788bfacf\
        f409ddd38ef6de876d002aa19bce4f0723f9b6119dc32222367f88ad1cd4fd9ba57d010b8f41";

    #[test]
    fn factors_that_are_close_are_found() {
        for modulus in [TWINS, COUSINS] {
            assert!(has_close_factors(&hex::decode(modulus).unwrap()));
        }
        assert!(has_close_factors(&(1_000_003_u64 * 1_000_003).to_be_bytes()));
        assert!(has_close_factors(&(1_000_003_u64 * 1_000_033).to_be_bytes()));
        assert!(!has_close_factors(&(1_000_003_u64 * 3_000_017).to_be_bytes()));
    }

    #[test]
    fn any_number_has_an_answer() {
        for number in [&[][..], &[0], &[1], &[2], &[0xff; 512], &[0xff; 8]] {
            has_close_factors(number);
        }
    }
}
